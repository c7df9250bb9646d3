import assert from 'node:assert/strict';
import fc from 'fast-check';
import type pg from 'pg';
import t from 'tap';
import { projections } from '../../projections/index.js';
import type { RecordedEvent } from '../../src/engine/core/message.js';
import { copyLine } from '../../src/engine/builds/bulk.js';
import { type AnyProjection } from '../../src/engine/projecting/projection.js';
import { Quarantine } from '../../src/engine/quarantine/quarantine.js';
import { BruteForce } from '../support/brute-force.js';
import { loaded } from '../support/bulk-load.js';
import { testDatabase } from '../support/database.js';
import { type Histories, ofCatalogs, ofOrders, ofShops, ofStock, ofUsers } from '../support/log-histories.js';
import { MemoryVault } from '../support/memory-vault.js';
import { PlainCatalog } from '../support/plain-catalog.js';
import { alice, OrdersInTheLog } from '../support/plain-orders.js';
import { ProjectionUnderTest, TestLog } from '../support/project.js';
import { recordedOverTime, withOlderShapes } from '../support/upcast.js';

const { pool } = await testDatabase(t);

async function eventByEvent(
  db: pg.Pool,
  projection: AnyProjection,
  events: readonly RecordedEvent[],
): Promise<Record<string, unknown[]>> {
  await db.query('drop schema if exists one_by_one cascade');
  const under = await ProjectionUnderTest.create(db, projection, 'one_by_one');
  // Some come twice, as after a lost connection.
  for (let start = 0; start < events.length; start += 7)
    await under.apply(events.slice(Math.max(start - 2, 0), start + 7));
  return under.rows();
}

const ends = fc.array(fc.nat(80), { maxLength: 3 }).map((all) => all.toSorted((a, b) => a - b));

function agree(name: string, histories: Histories, check = nothing): Promise<void> {
  const projection = withOlderShapes(projections.find((one) => one.name === name) as AnyProjection);
  const property = fc.asyncProperty(histories, ends, olderShapes, async (made, splits, isOld) => {
    const { events } = await made();
    const recorded = recordedOverTime(events, (index) => isOld[index % isOld.length] ?? false);
    const bulk = await loaded(pool, projection, recorded, splits);
    assert.deepEqual(bulk, await eventByEvent(pool, projection, recorded));
    check(bulk, events);
  });
  return fc.assert(property, { numRuns: 40 });
}

/** Which events were recorded in an older shape; over and over. */
const olderShapes = fc.array(fc.boolean(), { minLength: 1, maxLength: 20 });

const nothing = (_rows: Record<string, unknown[]>, _events: readonly RecordedEvent[]): void => undefined;

void t.test('the tree: bulk, event by event and the definition agree, row for row', async () => {
  await agree('category-tree', ofShops, (rows, events) => {
    const expected = bruteForce(events);
    for (const { cat_id, total_products } of rows['categories'] as { cat_id: number; total_products: number }[])
      assert.equal(total_products, expected.totalProducts(cat_id));
  });
});

void t.test('order counts: bulk, event by event and the definition agree, row for row', async () => {
  await agree('order-counts', ofShops, (rows, events) => {
    const expected = bruteForce(events);
    type Row = { cat_id: number; placed: number; paid: number; cancelled: number };
    for (const { cat_id, placed, paid, cancelled } of rows['categories'] as Row[])
      assert.deepEqual({ placed, paid, cancelled }, expected.orderCounts(cat_id));
  });
});

void t.test('products: bulk and event by event agree, row for row', async () => {
  await agree('products', ofCatalogs);
  await agree('category-tree', ofCatalogs);
});

void t.test('orders: bulk and event by event agree, row for row', async () => {
  await agree('user-orders', ofOrders);
});

void t.test('users: bulk and event by event agree, row for row', async () => {
  await agree('users', ofUsers);
});

void t.test('stock: bulk and event by event agree, row for row', async () => {
  await agree('stock', ofStock);
});

void t.test('what goes on though it has not begun waits, and nothing of it is in the rows', async (t) => {
  const log = new TestLog();
  const orders = new OrdersInTheLog(log, new MemoryVault());
  const id = orders.place(alice, '2026-01-01T00:00:00.000Z');
  await orders.pay(id, '2026-01-02T00:00:00.000Z', null);
  const other = orders.place(alice, '2026-01-01T00:00:00.000Z');
  for (const name of ['user-orders', 'order-counts']) {
    const projection = projections.find((one) => one.name === name) as AnyProjection;
    const quarantine = new Quarantine(projection.keyedBy);
    const rows = await loaded(pool, projection, log.events.slice(1), [], quarantine);
    t.ok(quarantine.waitsAt({ stream: `order-${id}`, revision: 1 }), name);
    t.equal(quarantine.size, 1, name);
    const all = JSON.stringify(rows);
    t.notMatch(all, id, name);
    t.match(all, other, name);
  }
});

void t.test('without a key to wait, what goes on though it has not begun fails a load and is named', async (t) => {
  const catalog = new PlainCatalog(new TestLog());
  for (const kind of ['add-category', 'add-product', 'retire'] as const)
    catalog.carryOut({ kind, one: 0, other: 0, many: [0] });
  const log = catalog.log.events.filter(({ type }) => type !== 'ProductAdded');
  for (const name of ['category-tree', 'products']) {
    const projection = projections.find((one) => one.name === name) as AnyProjection;
    await t.rejects(loaded(pool, projection, log, []), { name: 'OrphanedEvent', message: /product-.*@1/ });
  }
});

void t.test('a number that does not hold when it is counted again fails the gate', async (t) => {
  const projection = projections.find((one) => one.name === 'user-orders') as AnyProjection;
  const log = new TestLog();
  const orders = new OrdersInTheLog(log, new MemoryVault());
  orders.place(alice, '2026-01-01T00:00:00.000Z');
  const { bulk } = projection;
  if (!bulk) return t.fail();
  const wrongs = [
    ['total = total + 1', /orders .*, total is 1011, counted again 1010/],
    [`items = '[]'`, /orders .*, total is 1010, counted again 0/],
    [`status = 'paid'`, /orders .*, status is paid, counted again placed/],
    [`history = '[]'`, /orders .*, status is placed, counted again null/],
    ['revision = -1', /orders .*, revision is -1, counted again 0/],
  ] as const;
  for (const [change, message] of wrongs) {
    const wrong = { ...bulk, finish: [...bulk.finish, `update {schema}.orders set ${change}`] };
    await t.rejects(loaded(pool, { ...projection, bulk: wrong }, log.events, []), { name: 'GateFailed', message });
  }
});

void t.test('what COPY gives its own meaning to arrives as it is', async (t) => {
  t.equal(
    copyLine(['a\\b\tc\nd\re', null, true, 7, [1, 2], '\\N', '']),
    'a\\\\b\\tc\\nd\\re\t\\N\ttrue\t7\t{1,2}\t\\\\N\t\n',
  );
});

function bruteForce(events: readonly RecordedEvent[]): BruteForce {
  const all = new BruteForce();
  events.forEach((event) => all.apply(event));
  return all;
}
