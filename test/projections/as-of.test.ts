import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { projections } from '../../projections/index.js';
import { type AnyProjection } from '../../src/engine/projecting/projection.js';
import { BruteForce } from '../support/brute-force.js';
import { testDatabase } from '../support/database.js';
import { placeOf, storeOf } from '../support/made-up-store.js';
import { type Histories, ofCatalogs, ofOrders, ofShops, ofStock, ofUsers } from '../support/log-histories.js';
import { ProjectionUnderTest } from '../support/project.js';
import { forgetAsOfBuilds, asOfRows, asOfBuildsOn } from '../support/as-of-builds.js';

const { pool } = await testDatabase(t);
const MINUTE = 60_000;

/** Asked for in any order, so that some are found where others were made. */
const places = fc.array(fc.nat(80), { minLength: 1, maxLength: 5 });

type Rows = Record<string, unknown[]>;

async function agree(
  name: string,
  histories: Histories,
  check: (rows: Rows, expected: BruteForce) => void = () => undefined,
): Promise<void> {
  const projection = projections.find((one) => one.name === name) as AnyProjection;
  const property = fc.asyncProperty(histories, places, async (made, numbers) => {
    const { events } = await made();
    const asOf = asOfBuildsOn(pool, storeOf(events));
    await forgetAsOfBuilds(pool);
    for (const number of numbers) {
      const { build } = await asOf.at(name, placeOf(events, Math.min(number, events.length)), MINUTE);
      const rows = await asOfRows(pool, build);
      const prefix = events.slice(0, number);
      await pool.query('drop schema if exists prefix cascade');
      const under = await ProjectionUnderTest.create(pool, projection, 'prefix');
      await under.apply(prefix);
      assert.deepEqual(rows, await under.rows(), `${name} after ${number} events`);
      const expected = new BruteForce();
      prefix.forEach((event) => expected.apply(event));
      check(rows, expected);
    }
    await asOf.close();
  });
  await fc.assert(property, { numRuns: 15 });
}

void t.test('the tree as of any position is the projection of the log up to it, row for row', async () => {
  await agree('category-tree', ofShops, (rows, expected) => {
    for (const { cat_id, total_products } of rows['categories'] as { cat_id: number; total_products: number }[])
      assert.equal(total_products, expected.totalProducts(cat_id));
  });
});

void t.test('order counts as of any position are the projection of the log up to it, row for row', async () => {
  await agree('order-counts', ofShops, (rows, expected) => {
    type Row = { cat_id: number; placed: number; paid: number; cancelled: number };
    for (const { cat_id, placed, paid, cancelled } of rows['categories'] as Row[])
      assert.deepEqual({ placed, paid, cancelled }, expected.orderCounts(cat_id));
  });
});

void t.test('orders as of any position are the projection of the log up to it, row for row', async () => {
  await agree('user-orders', ofOrders);
});

void t.test('products as of any position are the projection of the log up to it, row for row', async () => {
  await agree('products', ofCatalogs);
});

void t.test('users as of any position are the projection of the log up to it, row for row', async () => {
  await agree('users', ofUsers);
});

void t.test('stock as of any position is the projection of the log up to it, row for row', async () => {
  await agree('stock', ofStock);
});
