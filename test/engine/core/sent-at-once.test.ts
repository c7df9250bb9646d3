import t from 'tap';
import { CachedTree } from '../../../src/category/cached-tree.js';
import { ClaimProtocol } from '../../../src/engine/claims/acquire.js';
import { skuClaims } from '../../../src/product/claims.js';
import { claimOwners } from '../../../src/engine/claims/claims.js';
import { CommandHandler } from '../../../src/engine/core/command-handler.js';
import { START } from '../../../src/engine/core/event-store.js';
import { MemoryEventStore } from '../../../src/engine/log/memory.js';
import type { OrderCommand } from '../../../src/order/commands.js';
import { orderStream } from '../../../src/order/stream.js';
import { addProduct, type AddProductDeps } from '../../../src/product/add-product.js';
import { productStream } from '../../../src/product/stream.js';
import { testContext } from '../../support/context.js';
import { MemoryVault } from '../../support/memory-vault.js';

const at = '2026-01-02T00:00:00.000Z';
const orderId = '00000000-0000-8000-8000-000000000001';

function handlerOnNewLog(): CommandHandler {
  return new CommandHandler(new MemoryEventStore(), new MemoryVault());
}

async function events({ store }: CommandHandler): Promise<string[]> {
  const all: string[] = [];
  for await (const { stream, type } of store.readAll({ from: START })) all.push(`${stream} ${type}`);
  return all;
}

function placing(quantity: number, placed_at = at): OrderCommand {
  const product = { sku: 'S', name: 'Product', price: 1, currency: 'USD', status: 'active', tracked: false } as const;
  return {
    type: 'PlaceOrder',
    order_id: orderId,
    user_id: orderId,
    number: 1,
    external: null,
    reserved: [],
    items: [{ product_id: 1, quantity }],
    placed_at,
    buyer: { status: 'active', hasIdProof: true },
    products: new Map([[1, product]]),
  };
}

function adding(
  deps: AddProductDeps,
  over: { name?: string; fingerprint?: string } = {},
): ReturnType<typeof addProduct> {
  const { name = 'Lamp', fingerprint = 'same' } = over;
  const request = { sku: 'S', name, price: 1, currency: 'USD', cat_ids: [1], unknownCategories: [], at };
  return addProduct(deps, { type: 'AddProduct', ...request }, testContext({ key: 'add', fingerprint }));
}

function productDeps(handler = handlerOnNewLog()): AddProductDeps {
  let last = 0;
  const owners = claimOwners(handler, productStream, (product, sku) => product?.sku === sku);
  return {
    handler,
    skuClaims: new ClaimProtocol(skuClaims, handler, owners),
    ids: { next: () => Promise.resolve(++last), moveBeyond: () => Promise.resolve() },
  };
}

t.test('two orders under one key at once are both answered with the recorded one', async (t) => {
  const handler = handlerOnNewLog();
  const outcomes = await Promise.all(
    ['2026-01-02T00:00:00.000Z', '2026-01-02T00:00:00.001Z'].map((time) =>
      handler.execute(orderStream, orderId, placing(1, time), testContext({ key: 'at once' }), { isNew: true }),
    ),
  );
  const recorded = await handler.load(orderStream, orderId);
  for (const { state, revision, position } of outcomes) {
    t.same({ state, revision, position }, { state: recorded.state, revision: 0, position: recorded.position });
  }
  t.same(outcomes.map(({ replayed, appended }) => [replayed, appended]).sort(), [[false, 1], [true, 0]]); // prettier-ignore
});

t.test('of two other requests under one key at once one is carried out, the other is told', async (t) => {
  const handler = handlerOnNewLog();
  const answers = await Promise.allSettled(
    [1, 2].map((quantity) => {
      const context = testContext({ key: 'other', fingerprint: `quantity ${quantity}` });
      return handler.execute(orderStream, orderId, placing(quantity), context, { isNew: true });
    }),
  );
  const [first, second] = answers;
  t.equal(first?.status === 'fulfilled' && first.value.state?.items[0]?.quantity, 1);
  t.match(second, { status: 'rejected', reason: { code: 'idempotency-mismatch' } });
});

t.test('a product added twice under one key at once is one product, by whatever id', async (t) => {
  const deps = productDeps();
  const outcomes = await Promise.all([adding(deps), adding(deps), adding(deps)]);
  t.equal(new Set(outcomes.map(({ state }) => state?.product_id)).size, 1, 'one id');
  t.same((await events(deps.handler)).map((event) => event.split(' ')[1]).sort(), ['ProductAdded', 'SkuClaimed']);
});

t.test('two other products under one key and SKU at once: one is added, the other is told', async (t) => {
  const deps = productDeps();
  const answers = await Promise.allSettled([adding(deps), adding(deps, { name: 'Chair', fingerprint: 'another' })]);
  const added = answers.filter(({ status }) => status === 'fulfilled');
  const refused = answers.filter((answer) => answer.status === 'rejected');
  t.equal(added.length, 1);
  t.match(refused[0]?.reason, { code: 'idempotency-mismatch' });
  t.equal((await events(deps.handler)).length, 2);
});

t.test('a category added twice under one key at once is one category', async (t) => {
  const handler = handlerOnNewLog();
  const tree = new CachedTree(handler);
  const outcomes = await Promise.all(
    [1, 2].map((cat_id) => {
      const category = { cat_id, code: null, name: 'Lamps', parent_cat_id: null, at };
      return tree.execute({ type: 'AddCategory', ...category }, testContext({ key: 'category' }));
    }),
  );
  for (const { state } of outcomes) t.same([...state.categories.values()].map(({ cat_id }) => cat_id), [1]); // prettier-ignore
});
