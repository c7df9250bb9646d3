import assert from 'node:assert/strict';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import { byCategory } from '../../projections/products/by-category.js';
import { products } from '../../projections/products/projection.js';
import { stock as projection } from '../../projections/stock/projection.js';
import { Stock } from '../../projections/stock/read-model.js';
import { userOrders } from '../../projections/user-orders/projection.js';
import type { AnyProjection } from '../../src/engine/projecting/projection.js';
import { stockEvents } from '../../src/stock/events.js';
import { orderId, PlainStock, stockSteps } from '../support/plain-stock.js';
import { codeOfAsync, pagesOf } from '../support/reading.js';
import { type ServedModel, servedModel } from '../support/served-model.js';
import { Shop } from '../support/shop.js';

async function served(t: Test): Promise<ServedModel<unknown> & { readonly stock: Stock }> {
  const on = await servedModel(t, projection as AnyProjection, products as AnyProjection, userOrders as AnyProjection);
  const models = { alone: on.model, besideProducts: on.model, besideOrders: on.model };
  return Object.assign(on, { stock: new Stock(models, byCategory) });
}

t.test('the levels follow the events of the stock stream', async (t) => {
  const on = await served(t);
  const plain = new PlainStock(on.log);
  const now = async (): Promise<unknown> => {
    await on.catchUp();
    return (await on.stock.of(7)).stock;
  };
  t.equal(await now(), null, 'a product that nobody has counted is not tracked');
  plain.count(7, 10);
  t.same(await now(), { product_id: 7, on_hand: 10, reserved: 0, available: 10, revision: 0 });
  plain.receive(7, 5);
  on.log.add('stock-7', stockEvents.StockAdjusted, { quantity: -2, reason: 'broken' });
  t.same(await now(), { product_id: 7, on_hand: 13, reserved: 0, available: 13, revision: 2 });
  plain.reserve(7, 1, 4);
  plain.reserve(7, 2, 3);
  t.same(await now(), { product_id: 7, on_hand: 13, reserved: 7, available: 6, revision: 4 });
  plain.count(7, 5);
  t.match(await now(), { on_hand: 5, reserved: 7, available: -2 }, 'the shelf is right, and fewer than promised');
  plain.issue(7, 1);
  plain.release(7, 2);
  t.same(await now(), { product_id: 7, on_hand: 1, reserved: 0, available: 1, revision: 7 });
  plain.end(7);
  t.equal(await now(), null);
  plain.count(7, 2);
  t.same(await now(), { product_id: 7, on_hand: 2, reserved: 0, available: 2, revision: 9 });
});

t.test('a page that ends the tracking of a product and begins it again keeps nothing of before', async (t) => {
  const on = await served(t);
  const plain = new PlainStock(on.log);
  plain.count(7, 10);
  plain.reserve(7, 1, 4);
  await on.catchUp();
  plain.release(7, 1);
  plain.end(7);
  plain.count(7, 3);
  plain.reserve(7, 2, 1);
  await on.catchUp();
  t.same((await on.stock.of(7)).stock, { product_id: 7, on_hand: 3, reserved: 1, available: 2, revision: 5 });
});

t.test('an event of stock that is not tracked can not be applied', async (t) => {
  for (const tracked of [true, false]) {
    const on = await served(t);
    if (tracked) {
      on.log.add('stock-7', stockEvents.StockCounted, { on_hand: 1, reason: null });
      await on.catchUp();
      on.log.add('stock-7', stockEvents.StockTrackingEnded, { reason: null });
    }
    on.log.add('stock-7', stockEvents.StockReceived, { quantity: 1, reference: null });
    await t.rejects(on.catchUp(), { message: 'the stock of product 7 is not tracked' });
  }
});

t.test('a list is by product, only of what is short, and only of a category with all below it', async (t) => {
  const on = await served(t);
  const shop = new Shop(on.log);
  shop.addCategory(1);
  shop.addCategory(2, 1);
  shop.addCategory(3);
  shop.addCategory(4);
  for (const id of [1, 2, 3, 4, 5]) shop.addProduct(id, id % 2 === 0 ? 2 : 3);
  shop.addProduct(6, 1);
  shop.retire(4);
  const plain = new PlainStock(on.log);
  for (const id of [1, 2, 3, 4, 6]) plain.count(id, 10 * id);
  plain.reserve(6, 1, 55);
  await on.catchUp();
  const ids = async (options: object, limit = 20): Promise<number[]> => {
    const all = await pagesOf((after: number | null) => on.stock.list({ ...options, after, limit }));
    return all.map(({ product_id }) => product_id);
  };
  for (const limit of [1, 2, 20]) {
    t.same(await ids({}, limit), [1, 2, 3, 4, 6]);
    t.same(await ids({ availableBelow: 20 }, limit), [1, 6]);
    t.same(await ids({ catId: 1 }, limit), [2, 4, 6], 'retired ones too, as they are on the shelf');
    t.same(await ids({ catId: 2 }, limit), [2, 4]);
    t.same(await ids({ catId: 1, availableBelow: 21 }, limit), [2, 6]);
  }
  t.same(await ids({ catId: 4 }), [], 'a category without stock');
  t.equal(await codeOfAsync(() => on.stock.list({ catId: 99, limit: 20 })), 'category-not-found');
});

t.test('pending is what is held for an order that has not been placed, and not looked at for ever', async (t) => {
  const on = await served(t);
  const shop = new Shop(on.log);
  const plain = new PlainStock(on.log);
  const pending = async (before = '9999-01-01T00:00:00.000Z', limit = 10): Promise<unknown> => {
    await on.catchUp();
    const found = await on.stock.pending(before, limit);
    return found.map(({ order_id, product_id, quantity }) => [order_id, product_id, quantity]);
  };
  plain.count(7, 100);
  plain.count(8, 100);
  plain.reserve(7, 1, 2);
  plain.reserve(8, 1, 3);
  plain.reserve(7, 2, 4);
  const young = on.log.events.at(-1)?.recordedAt ?? '';
  t.same(await pending(young), [
    [orderId(1), 7, 2],
    [orderId(1), 8, 3],
  ]);
  t.same(await pending(undefined, 1), [[orderId(1), 7, 2]]);
  shop.place(1, 7, 8);
  t.same(await pending(), [[orderId(2), 7, 4]], 'what was young is found when it has become old');
  plain.release(7, 2);
  t.same(await pending(), []);
  plain.reserve(8, 3, 1);
  t.same(await pending(), [[orderId(3), 8, 1]]);
});

t.test('levels are those of a plain model, whatever the history and the pages it comes in', async (t) => {
  const on = await served(t);
  const pageSizes = fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(stockSteps, pageSizes, async (steps, sizes) => {
      await on.restart();
      const plain = new PlainStock(on.log);
      for (const step of steps) plain.carryOut(step);
      await on.catchUp(...sizes);
      assert.deepEqual((await on.stock.list({ limit: 20 })).stock, plain.answers());
    }),
    { numRuns: 40 },
  );
});
