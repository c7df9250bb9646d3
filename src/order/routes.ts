import { z } from 'zod';
import { type CommandHandler, type Engine, errors, type Freshness, type Outcome, Refusal } from '../engine/index.js';
import { commandAnswer, type ReplyHead } from '../http/answers.js';
import type { App } from '../http/app-type.js';
import { commandContext, type HashKey } from '../http/command-context.js';
import { ifMatchOf, revisionGuard } from '../http/etag.js';
import { freshnessOf } from '../http/freshness.js';
import type { PositionTokens } from '../http/position-token.js';
import { dataOf, externalReference, id, quantity, remark, uuid } from '../http/schemas.js';
import { MAX_LINES } from '../values.js';
import { answerOrder, orderAnswer, type OrderAnswer } from './answer.js';
import type { BuyerFacts, OrderCommand, ProductFacts } from './commands.js';
import type { OrderState } from './decider.js';
import { placeOrder, type Placing } from './place-order.js';
import { closeStock, type OrderStock } from './stock.js';
import { orderStream } from './stream.js';

export interface OrderRouteDeps {
  readonly handler: CommandHandler;
  readonly stock: OrderStock;
  readonly hashKey: HashKey;
  readonly tokens: PositionTokens;
  /** Of orders, for people. */
  readonly numbers: ReturnType<Engine['sequence']>;
  /** Names that follow from what another system calls an order. */
  readonly references: {
    /** The id of the order that the user has under the reference. */
    readonly orderIdFor: (userId: string, reference: string, attempt: number) => string;
    readonly hashOf: (reference: string) => string;
  };
  /** The user and the products as they are at this moment. */
  readonly facts: (
    userId: string,
    productIds: readonly number[],
    freshness: Freshness,
  ) => Promise<{ readonly buyer: BuyerFacts | null; readonly products: ReadonlyMap<number, ProductFacts> }>;
}

const tags = ['orders'];
const params = z.strictObject({ order_id: uuid });
const line = z.strictObject({ product_id: id, quantity });
const newOrder = z.strictObject({
  user_id: uuid,
  items: z.array(line).min(1).max(MAX_LINES),
  external_reference: externalReference.optional(),
});

export function orderRoutes(
  app: App,
  { handler, hashKey, tokens, facts, numbers, references, stock }: OrderRouteDeps,
): void {
  app.post(
    '/v1/orders',
    {
      config: {
        kind: 'command',
        tagged: true,
        problems: [
          'unknown-user',
          'user-erased',
          'id-proof-pending',
          'unknown-product',
          'product-retired',
          'currency-mismatch',
          'total-too-large',
          'order-too-large',
          'external-reference-taken',
          'out-of-stock',
        ],
      },
      schema: {
        operationId: 'placeOrder',
        summary: 'Place an order',
        tags,
        body: newOrder,
        response: { 201: dataOf(orderAnswer) },
      },
    },
    async (request, reply) => {
      const { user_id, items, external_reference: reference } = request.body;
      const context = commandContext(request, hashKey, 'PlaceOrder', request.body);
      const external = reference === undefined ? null : { reference, hash: references.hashOf(reference) };
      const placing: Placing = {
        idOf: (attempt) =>
          external
            ? references.orderIdFor(user_id, external.reference, attempt)
            : context.newId(attempt === 0 ? 'order' : `order ${attempt}`),
        isShared: external !== null || context.keyed,
        command: async (order_id) => {
          const productIds = items.map((item) => item.product_id);
          const { buyer, products } = await facts(user_id, productIds, freshnessOf(request.headers, tokens));
          const number = await numbers.next();
          const named = { order_id, user_id, number, external } as const;
          return { type: 'PlaceOrder', ...named, items, placed_at: context.now, buyer, products, reserved: [] };
        },
      };
      const outcome = await placeOrder({ handler, stock }, placing, context).catch((error: unknown) => {
        throw error instanceof errors.EventTooLarge ? tooLarge(error) : error;
      });
      return answer(reply, outcome, `/v1/orders/${outcome.state?.order_id}`);
    },
  );

  app.post(
    '/v1/orders/:order_id/cancel',
    {
      config: { kind: 'command', tagged: true, problems: ['order-not-found', 'order-paid', 'user-erased'] },
      schema: {
        operationId: 'cancelOrder',
        summary: 'Cancel an order',
        tags,
        params,
        body: z.strictObject({ reason: remark.optional() }).nullish(),
        response: { 200: dataOf(orderAnswer) },
      },
    },
    async (request, reply) => {
      const { order_id } = request.params;
      const context = commandContext(request, hashKey, 'CancelOrder', { order_id, ...request.body });
      const command: OrderCommand = { type: 'CancelOrder', reason: request.body?.reason ?? null, at: context.now };
      const guard = revisionGuard(ifMatchOf(request.headers));
      const outcome = await handler.execute(orderStream, order_id, command, context, { guard });
      return answer(reply, await closeStock(stock, outcome, context));
    },
  );

  app.post(
    '/v1/orders/:order_id/mark-paid',
    {
      config: {
        kind: 'command',
        command: 'MarkPaid',
        tagged: true,
        problems: ['order-not-found', 'order-paid', 'order-cancelled', 'user-erased'],
      },
      schema: {
        operationId: 'markOrderPaid',
        summary: 'Mark an order as paid',
        tags,
        params,
        body: z.strictObject({ reference: remark.optional() }).nullish(),
        response: { 200: dataOf(orderAnswer) },
      },
    },
    async (request, reply) => {
      const { order_id } = request.params;
      const context = commandContext(request, hashKey, 'MarkPaid', { order_id, ...request.body });
      const command: OrderCommand = { type: 'MarkPaid', reference: request.body?.reference ?? null, at: context.now };
      const guard = revisionGuard(ifMatchOf(request.headers));
      const outcome = await handler.execute(orderStream, order_id, command, context, { guard });
      return answer(reply, await closeStock(stock, outcome, context));
    },
  );

  function answer(reply: ReplyHead, outcome: Outcome<OrderState>, location?: string): { data: OrderAnswer } {
    const { state, revision } = outcome;
    if (!state) throw new Refusal('order-not-found', 'There is no such order.');
    const data = answerOrder(state, revision);
    return commandAnswer(reply, tokens, { data, location, ...outcome });
  }
}

function tooLarge(error: { readonly bytes: number }): Refusal {
  return new Refusal('order-too-large', `The order would take ${error.bytes} bytes in the log; 512 KiB are possible.`);
}
