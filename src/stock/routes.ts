import { z } from 'zod';
import { type CommandContext, type Outcome, Refusal } from '../engine/index.js';
import { commandAnswer, emptyAnswer, type ReplyHead } from '../http/answers.js';
import type { App } from '../http/app-type.js';
import { commandContext, type HashKey } from '../http/command-context.js';
import { ifMatchOf, requireRevision, type TagCondition } from '../http/etag.js';
import type { PositionTokens } from '../http/position-token.js';
import { dataOf, idText, noBody, quantity, remark } from '../http/schemas.js';
import { MAX_ON_HAND, MAX_QUANTITY } from '../values.js';
import { answerStock, stockAnswer, type StockAnswer } from './answer.js';
import type { StockCommand } from './commands.js';
import type { Stock } from './decider.js';
import type { Stocks } from './stocks.js';

export interface StockRouteDeps {
  readonly stocks: Stocks;
  readonly hashKey: HashKey;
  readonly tokens: PositionTokens;
  readonly productExists: (productId: number) => Promise<boolean>;
  /** Ends reservations of requests that stopped. @returns whether anything came free */
  readonly takeOver: (context: CommandContext) => Promise<boolean>;
}

const tags = ['stock'];
const params = z.strictObject({ product_id: idText });
const response = { 200: dataOf(stockAnswer) };
const change = z
  .int()
  .min(-MAX_QUANTITY)
  .max(MAX_QUANTITY)
  .refine((value) => value !== 0, 'must not be 0');

export function stockRoutes(app: App, deps: StockRouteDeps): void {
  const { stocks, hashKey, tokens } = deps;

  app.post(
    '/v1/products/:product_id/stock/count',
    {
      config: { kind: 'command', tagged: true, problems: ['product-not-found'] },
      schema: {
        operationId: 'countStock',
        summary: 'Record what was counted; the first count starts tracking',
        tags,
        params,
        body: z.strictObject({ on_hand: z.int().min(0).max(MAX_ON_HAND), reason: remark.optional() }),
        response,
      },
    },
    async (request, reply) => {
      const { product_id } = request.params;
      const { on_hand, reason = null } = request.body;
      const context = commandContext(request, hashKey, 'CountStock', { product_id, ...request.body });
      const outcome = await execute(request, product_id, { type: 'CountStock', on_hand, reason }, context);
      return answer(reply, product_id, outcome);
    },
  );

  app.post(
    '/v1/products/:product_id/stock/receive',
    {
      config: { kind: 'command', tagged: true, problems: ['product-not-found', 'stock-not-tracked'] },
      schema: {
        operationId: 'receiveStock',
        summary: 'Record a receipt of goods',
        tags,
        params,
        body: z.strictObject({ quantity, reference: remark.optional() }),
        response,
      },
    },
    async (request, reply) => {
      const { product_id } = request.params;
      const { quantity: received, reference = null } = request.body;
      const context = commandContext(request, hashKey, 'ReceiveStock', { product_id, ...request.body });
      const command = { type: 'ReceiveStock', quantity: received, reference } as const;
      return answer(reply, product_id, await execute(request, product_id, command, context));
    },
  );

  app.post(
    '/v1/products/:product_id/stock/adjust',
    {
      config: { kind: 'command', tagged: true, problems: ['product-not-found', 'stock-not-tracked'] },
      schema: {
        operationId: 'adjustStock',
        summary: 'Correct the stock by a difference: breakage, theft, found goods',
        tags,
        params,
        body: z.strictObject({ quantity: change, reason: remark }),
        response,
      },
    },
    async (request, reply) => {
      const { product_id } = request.params;
      const context = commandContext(request, hashKey, 'AdjustStock', { product_id, ...request.body });
      const command = { type: 'AdjustStock', ...request.body } as const;
      return answer(reply, product_id, await execute(request, product_id, command, context));
    },
  );

  app.delete(
    '/v1/products/:product_id/stock',
    {
      config: { kind: 'command', problems: ['product-not-found', 'stock-reserved'] },
      schema: {
        operationId: 'endStockTracking',
        summary: 'End tracking',
        tags,
        params,
        body: noBody,
        response: { 204: z.null() },
      },
    },
    async (request, reply) => {
      const { product_id } = request.params;
      const context = commandContext(request, hashKey, 'EndStockTracking', { product_id });
      const end = (): Promise<Outcome<Stock>> =>
        execute(request, product_id, { type: 'EndStockTracking', reason: null }, context);
      const outcome = await end().catch(async (error: unknown) => {
        const isHeld = error instanceof Refusal && error.code === 'stock-reserved';
        if (isHeld && (await deps.takeOver(context))) return end();
        throw error;
      });
      return emptyAnswer(reply, tokens, outcome);
    },
  );

  async function execute(
    request: { readonly headers: Parameters<typeof ifMatchOf>[0] },
    productId: number,
    command: StockCommand,
    context: CommandContext,
  ): Promise<Outcome<Stock>> {
    const guard = stockGuard(ifMatchOf(request.headers), command);
    if (!(await deps.productExists(productId))) {
      throw new Refusal('product-not-found', 'There is no such product.');
    }
    const options = context.keyed ? { guard, replayed: replayOf(context) } : { guard };
    return stocks.execute(String(productId), command, context, options);
  }

  function answer(reply: ReplyHead, productId: number, outcome: Outcome<Stock>): { data: StockAnswer } {
    const data = answerStock(productId, outcome.state, outcome.revision);
    return commandAnswer(reply, tokens, { data, ...outcome });
  }
}

/**
 * A stock that is not tracked does not exist, so it has no revision. Such a stock can be counted, and its end is none; the other commands
 * are refused anyway.
 */
function stockGuard(condition: TagCondition | null, { type }: StockCommand): (stock: Stock, revision: number) => void {
  return ({ tracked }, revision) => {
    if (tracked) requireRevision(condition, revision);
    else if (condition !== null && (type === 'CountStock' || type === 'EndStockTracking')) {
      const message =
        'The stock of this product is not tracked, so it has no revision. Send the request without If-Match.';
      throw new Refusal('revision-mismatch', message);
    }
  };
}

/** What this very command came to, if it is among the last ones. @throws Refusal idempotency-mismatch */
function replayOf({ commandId, fingerprint }: CommandContext): (stock: Stock) => Outcome<Stock> | null {
  return (stock) => {
    const carried = stock.carried.find(({ command_id }) => command_id === commandId);
    if (!carried) return null;
    if (carried.fingerprint !== fingerprint) {
      throw new Refusal('idempotency-mismatch', 'The idempotency key was used for another request.');
    }
    const { revision, position, tracked, on_hand, reserved } = carried;
    return { state: { ...stock, tracked, on_hand, reserved }, revision, position, appended: 0, replayed: true };
  };
}
