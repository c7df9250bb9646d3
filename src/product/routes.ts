import { z } from 'zod';
import { type CommandContext, type CommandHandler, type Fault, type Outcome, Refusal } from '../engine/index.js';
import { commandAnswer, type ReplyHead } from '../http/answers.js';
import type { App } from '../http/app-type.js';
import { commandContext, type HashKey } from '../http/command-context.js';
import { ifMatchOf, revisionGuard } from '../http/etag.js';
import type { PositionTokens } from '../http/position-token.js';
import { currency, dataOf, id, idText, money, name, noBody, sku } from '../http/schemas.js';
import { MAX_CATEGORIES } from '../values.js';
import { addProduct, type AddProductDeps } from './add-product.js';
import { productAnswer, type ProductAnswer } from './answer.js';
import type { ProductCommand } from './commands.js';
import type { ProductState } from './decider.js';
import { productStream } from './stream.js';

export interface ProductRouteDeps extends AddProductDeps {
  readonly handler: CommandHandler;
  readonly hashKey: HashKey;
  readonly tokens: PositionTokens;
  /** Those of the categories that the tree does not have. */
  readonly unknownCategories: (catIds: readonly number[]) => Promise<ReadonlySet<number>>;
  /** How many can be promised to orders at this moment; null if the stock of the product is not tracked. */
  readonly available: (productId: number) => Promise<number | null>;
}

const tags = ['products'];
const params = z.strictObject({ product_id: idText });
const catIds = z.array(id).min(1).max(MAX_CATEGORIES);
const newProduct = z.strictObject({ product_id: id.optional(), sku, name, price: money, currency, cat_ids: catIds });

export function productRoutes(app: App, deps: ProductRouteDeps): void {
  const { handler, hashKey, tokens } = deps;
  const response = { 200: dataOf(productAnswer) };

  app.post(
    '/v1/products',
    {
      config: { kind: 'command', tagged: true, problems: ['product-exists', 'sku-taken', 'unknown-category'] },
      schema: {
        operationId: 'addProduct',
        summary: 'Add a product',
        tags,
        body: newProduct,
        response: { 201: dataOf(productAnswer) },
      },
    },
    async (request, reply) => {
      const context = commandContext(request, hashKey, 'AddProduct', request.body);
      const { product_id, ...rest } = request.body;
      const unknownCategories = await faults(deps, rest.cat_ids);
      const given = product_id === undefined ? {} : { product_id };
      const product = { type: 'AddProduct', ...rest, ...given, unknownCategories, at: context.now } as const;
      const outcome = await addProduct(deps, product, context);
      return answer(reply, outcome, `/v1/products/${outcome.state?.product_id}`);
    },
  );

  app.patch(
    '/v1/products/:product_id',
    {
      config: { kind: 'command', tagged: true, problems: ['product-not-found', 'unknown-category'] },
      schema: {
        operationId: 'changeProduct',
        summary: "Change a product's name, price or categories",
        tags,
        params,
        body: z.strictObject({ name, price: money, cat_ids: catIds }).partial(),
        response,
      },
    },
    async (request, reply) => {
      const { product_id } = request.params;
      const { name: newName, price, cat_ids } = request.body;
      const context = commandContext(request, hashKey, 'ChangeProduct', { product_id, ...request.body });
      const command: ProductCommand = {
        type: 'ChangeProduct',
        ...(newName !== undefined && { name: newName }),
        ...(price !== undefined && { price }),
        ...(cat_ids !== undefined && { cat_ids }),
        unknownCategories: await faults(deps, cat_ids ?? []),
        at: context.now,
      };
      return answer(reply, await execute(request, product_id, command, context));
    },
  );

  for (const [action, type, summary] of [
    ['retire', 'RetireProduct', 'Retire a product: it is not sold and not counted any more'],
    ['reinstate', 'ReinstateProduct', 'Reinstate a retired product'],
  ] as const) {
    app.post(
      `/v1/products/:product_id/${action}`,
      {
        config: { kind: 'command', tagged: true, problems: ['product-not-found'] },
        schema: { operationId: `${action}Product`, summary, tags, params, body: noBody, response },
      },
      async (request, reply) => {
        const { product_id } = request.params;
        const context = commandContext(request, hashKey, type, { product_id });
        return answer(reply, await execute(request, product_id, { type, at: context.now }, context));
      },
    );
  }

  function execute(
    request: { readonly headers: Parameters<typeof ifMatchOf>[0] },
    productId: number,
    command: ProductCommand,
    context: CommandContext,
  ): Promise<Outcome<ProductState>> {
    const guard = revisionGuard(ifMatchOf(request.headers));
    return handler.execute(productStream, String(productId), command, context, { guard });
  }

  async function answer(
    reply: ReplyHead,
    outcome: Outcome<ProductState>,
    location?: string,
  ): Promise<{ data: ProductAnswer }> {
    const { state, revision } = outcome;
    if (!state) throw new Refusal('product-not-found', 'There is no such product.');
    // A category that was removed at the moment the product entered it is shown nowhere.
    const unknown = await deps.unknownCategories(state.cat_ids);
    const cat_ids = state.cat_ids.filter((catId) => !unknown.has(catId));
    const data = { ...state, cat_ids, available: await deps.available(state.product_id), revision };
    return commandAnswer(reply, tokens, { data, location, ...outcome });
  }
}

async function faults(deps: ProductRouteDeps, catIds: readonly number[]): Promise<Fault[]> {
  if (catIds.length === 0) return [];
  const unknown = await deps.unknownCategories(catIds);
  return catIds.flatMap((catId, i) =>
    unknown.has(catId) ? [{ path: `cat_ids[${i}]`, message: 'unknown category' }] : [],
  );
}
