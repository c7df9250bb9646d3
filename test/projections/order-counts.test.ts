import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { orderCounts } from '../../projections/order-counts/projection.js';
import { OrderCounts, type OrderCountsAnswer } from '../../projections/order-counts/read-model.js';
import type { RecordedEvent } from '../../src/engine/core/message.js';
import { BruteForce } from '../support/brute-force.js';
import { ProjectionUnderTest } from '../support/project.js';
import { servedModel } from '../support/served-model.js';
import { Shop, shopHistories } from '../support/shop.js';

const served = await servedModel(t, orderCounts);
const model = new OrderCounts(served.model);

/** Over the shop's log alone. */
async function serve(shop: Shop): Promise<void> {
  await served.restart(shop.log);
  await served.catchUp();
}

async function counts(catId: number): Promise<OrderCountsAnswer | null> {
  return (await model.of(catId)).counts;
}

const APPLIANCES = 1;
const HOME = 2;
const OFFICE = 3;
/** Stands in Home and in Office. */
const PRINTER = 1;
const KETTLE = 2;
const SHREDDER = 3;

function appliances(): Shop {
  const shop = new Shop();
  shop.addCategory(APPLIANCES);
  shop.addCategory(HOME, APPLIANCES);
  shop.addCategory(OFFICE, APPLIANCES);
  shop.addProduct(PRINTER, HOME, OFFICE);
  shop.addProduct(KETTLE, HOME);
  shop.addProduct(SHREDDER, OFFICE);
  return shop;
}

const NONE = { placed: 0, paid: 0, cancelled: 0 };
const placed = (placed: number): OrderCountsAnswer => ({ ...NONE, placed });

void t.test('an order with two lines in one category counts once there', async (t) => {
  const shop = appliances();
  shop.place(1, KETTLE, KETTLE, PRINTER);
  await serve(shop);
  t.same(await counts(HOME), placed(1));
});

void t.test('an order with lines in two branches counts once in each and once above', async (t) => {
  const shop = appliances();
  shop.place(1, KETTLE, SHREDDER);
  await serve(shop);
  for (const catId of [APPLIANCES, HOME, OFFICE]) t.same(await counts(catId), placed(1));
});

void t.test('an order counts under the status it has now', async (t) => {
  const shop = appliances();
  for (const order of [1, 2, 3, 4]) shop.place(order, KETTLE);
  shop.pay(1);
  await serve(shop);
  t.same(await counts(HOME), { placed: 3, paid: 1, cancelled: 0 });
  shop.pay(2);
  shop.cancel(3);
  await served.catchUp();
  for (const catId of [APPLIANCES, HOME]) t.same(await counts(catId), { placed: 1, paid: 2, cancelled: 1 });
  t.same(await counts(OFFICE), NONE);
});

void t.test('a moved category takes its orders along', async (t) => {
  const shop = appliances();
  shop.place(1, PRINTER);
  shop.place(2, SHREDDER);
  await serve(shop);
  t.same([await counts(APPLIANCES), await counts(HOME), await counts(OFFICE)], [placed(2), placed(1), placed(2)]);
  shop.moveCategory(OFFICE, HOME);
  await served.catchUp();
  t.same([await counts(APPLIANCES), await counts(HOME), await counts(OFFICE)], [placed(2), placed(2), placed(2)]);
  shop.moveCategory(OFFICE, null);
  await served.catchUp();
  t.same([await counts(APPLIANCES), await counts(HOME), await counts(OFFICE)], [placed(1), placed(1), placed(2)]);
});

void t.test(
  'a recategorised product takes its orders along, but for those that another product holds there',
  async (t) => {
    const shop = appliances();
    shop.place(1, PRINTER);
    shop.place(2, PRINTER, KETTLE);
    shop.place(3, PRINTER, SHREDDER);
    shop.pay(3);
    await serve(shop);
    t.same(await counts(HOME), { placed: 2, paid: 1, cancelled: 0 });
    t.same(await counts(OFFICE), { placed: 2, paid: 1, cancelled: 0 });
    shop.categorise(PRINTER, OFFICE);
    await served.catchUp();
    t.same(await counts(HOME), placed(1), 'the one with the kettle');
    t.same(await counts(OFFICE), { placed: 2, paid: 1, cancelled: 0 });
    shop.categorise(PRINTER, HOME);
    await served.catchUp();
    t.same(await counts(HOME), { placed: 2, paid: 1, cancelled: 0 });
    t.same(await counts(OFFICE), { ...NONE, paid: 1 }, 'the one with the shredder');
    t.same(await counts(APPLIANCES), { placed: 2, paid: 1, cancelled: 0 });
  },
);

void t.test('products that change places in one page leave the order that holds both where it is', async (t) => {
  const shop = appliances();
  shop.place(1, KETTLE, SHREDDER);
  await serve(shop);
  shop.categorise(KETTLE, OFFICE);
  shop.categorise(SHREDDER, HOME);
  await served.catchUp();
  t.same([await counts(HOME), await counts(OFFICE)], [placed(1), placed(1)]);
});

void t.test('an order placed, paid and moved in one page counts where and as it is in the end', async (t) => {
  const shop = appliances();
  await serve(shop);
  shop.place(1, KETTLE);
  shop.categorise(KETTLE, OFFICE);
  shop.pay(1);
  await served.catchUp();
  t.same([await counts(HOME), await counts(OFFICE)], [NONE, { ...NONE, paid: 1 }]);
});

void t.test('orders of a retired product still count', async (t) => {
  const shop = appliances();
  shop.place(1, PRINTER);
  shop.retire(PRINTER);
  await serve(shop);
  for (const catId of [APPLIANCES, HOME, OFFICE]) t.same(await counts(catId), placed(1));
});

void t.test('an empty category has counts of 0, an unknown or removed one none', async (t) => {
  const shop = appliances();
  shop.addCategory(4, HOME);
  await serve(shop);
  t.same(await counts(4), NONE);
  t.equal(await counts(5), null);
  shop.removeCategory(4);
  await served.catchUp();
  t.equal(await counts(4), null);
});

void t.test('an order of a product that entered a category while it was removed counts there nowhere', async (t) => {
  const shop = appliances();
  shop.place(1, SHREDDER);
  shop.place(2, PRINTER);
  await serve(shop);
  shop.removeCategory(OFFICE);
  await served.catchUp();
  t.same([await counts(APPLIANCES), await counts(HOME)], [placed(1), placed(1)]);
});

void t.test('an order waits for a product that is not known yet', async (t) => {
  const shop = appliances();
  shop.place(1, 4);
  await serve(shop);
  t.same(await counts(HOME), NONE);
  shop.addProduct(4, HOME);
  await served.catchUp();
  t.same([await counts(APPLIANCES), await counts(HOME)], [placed(1), placed(1)]);
});

void t.test('an event about an order that was never placed stops the page, and nothing of it stays', async (t) => {
  const shop = appliances();
  await serve(shop);
  shop.place(1, KETTLE);
  shop.pay(2);
  await t.rejects(served.catchUp(), /there is no order/);
  t.same(await counts(HOME), NONE);
});

void t.test('events applied twice count once', async (t) => {
  const shop = appliances();
  shop.place(1, KETTLE);
  shop.pay(1);
  await serve(shop);
  const once = await served.projected.rows();
  await served.projected.apply(shop.log.events);
  t.same(await served.projected.rows(), once);
});

void t.test(
  'whatever happened, every count is what its definition says, and rows are the same for any pages',
  async () => {
    await serve(new Shop());
    const other = await ProjectionUnderTest.create(served.projected.pool, orderCounts, 'other');
    const property = fc.asyncProperty(
      shopHistories,
      fc.array(fc.integer({ min: 1, max: 25 }), { minLength: 1, maxLength: 5 }),
      async (shop, pageSizes) => {
        await served.restart(shop.log);
        await other.empty();
        const expected = new BruteForce();
        let rest: readonly RecordedEvent[] = shop.log.events;
        for (let turn = 0; rest.length > 0; turn++) {
          const page = rest.slice(0, pageSizes[turn % pageSizes.length]);
          rest = rest.slice(page.length);
          await other.apply(page);
          if (page.length % 3 === 0) other.restart();
          page.forEach((event) => expected.apply(event));
          await compare(other, expected);
        }
        await served.catchUp();
        assert.deepEqual(await other.rows(), await served.projected.rows());
      },
    );
    await fc.assert(property, { numRuns: 80 });
  },
);

/** Throws, so that the history can be made smaller. */
async function compare(projected: ProjectionUnderTest<unknown>, expected: BruteForce): Promise<void> {
  const { categories, totals } = await projected.rows();
  const rows = (categories ?? []) as ({ cat_id: number } & OrderCountsAnswer)[];
  const actual = rows.map(({ cat_id, placed, paid, cancelled }) => ({ cat_id, placed, paid, cancelled }));
  const wanted = [...expected.parents.keys()].map((id) => ({ cat_id: id, ...expected.orderCounts(id) }));
  const byId = (one: { cat_id: number }, two: { cat_id: number }): number => one.cat_id - two.cat_id;
  assert.deepEqual(actual.sort(byId), wanted.sort(byId));
  const all = (totals ?? []) as { status: string; orders: number }[];
  for (const status of ['placed', 'paid', 'cancelled']) {
    const orders = [...expected.orders.values()].filter((order) => order.status === status).length;
    assert.equal(all.find((total) => total.status === status)?.orders ?? 0, orders, status);
  }
}
