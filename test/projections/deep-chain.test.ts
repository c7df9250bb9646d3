import type { LoadTarget } from '../../src/engine/builds/load-target.js';
import t from 'tap';
import { categoryTree } from '../../projections/category-tree/projection.js';
import { orderCounts } from '../../projections/order-counts/projection.js';
import { products } from '../../projections/products/projection.js';
import { categoryEvents } from '../../src/category/events.js';
import { type EventStore, matches, type ReadAllOptions, START } from '../../src/engine/core/event-store.js';
import type { RecordedEvent } from '../../src/engine/core/message.js';
import { type Bulk, type CopiedRows, type LoadTables } from '../../src/engine/builds/bulk.js';
import { finishLoad, makeLoadTables } from '../../src/engine/builds/finish.js';
import { closureOf, totalsOf } from '../../projections/forest/bulk-forest.js';
import { loadLog } from '../../src/engine/builds/load.js';
import type { AnyProjection } from '../../src/engine/projecting/projection.js';
import { Quarantine } from '../../src/engine/quarantine/quarantine.js';
import { orderEvents } from '../../src/order/events.js';
import { productEvents } from '../../src/product/events.js';
import { testDatabase } from '../support/database.js';
import { ProjectionUnderTest, TestLog } from '../support/project.js';
import { unnamed } from '../support/unnamed.js';

const DEPTH = 3_000;
const at = '2026-01-01T00:00:00.000Z';

/** Made by the end of a load from a chain, of which each of ten products stands in a category near the end. */
async function rowsMadeBy(step: (tables: LoadTables) => Promise<void>, ends: readonly object[]): Promise<number> {
  const chain = Array.from({ length: DEPTH }, (_, i) => ({ id: i + 1, parent: i === 0 ? null : i }));
  let rows = 0;
  const read = async function* (text: string): AsyncGenerator<readonly object[]> {
    yield await Promise.resolve(text.includes('{staging}.forest') ? chain : ends);
  } as LoadTables['read'];
  const copy = async (copied: CopiedRows): Promise<void> => {
    rows += [...copied.rows].length;
    await Promise.resolve();
  };
  await step({ read, copy });
  return rows;
}

void t.test(
  'the end of a load makes as many rows as a chain is long for each product in it, not for each category',
  async (t) => {
    const ids = Array.from({ length: 10 }, (_, i) => ({ id: DEPTH - i }));
    const closure = closureOf('ends');
    if (typeof closure === 'string') throw new Error('a step');
    t.equal(await rowsMadeBy(closure, ids), 10 * DEPTH - 45);
    const totals = totalsOf(['product'], 'ends');
    if (typeof totals === 'string') throw new Error('a step');
    const alike = ids.map(({ id }) => ({ places: `${id},${DEPTH}`, kind: 'product', things: 1 }));
    t.equal(await rowsMadeBy(totals, alike), DEPTH);
  },
);

/** A chain, products near its end and its beginning, orders of them, and a move of its lower half to the top and back. */
function chainLog(): TestLog {
  const log = new TestLog();
  for (let cat_id = 1; cat_id <= DEPTH; cat_id++) {
    const parent_cat_id = cat_id === 1 ? null : cat_id - 1;
    const data = { cat_id, code: null, name: `c${cat_id}`, parent_cat_id, added_at: at };
    log.add('categoryTree-main', categoryEvents.CategoryAdded, data);
  }
  for (const [i, cat_ids] of [[DEPTH], [DEPTH, 2], [DEPTH - 1, DEPTH / 2], [1]].entries()) {
    const product_id = i + 1;
    const data = { product_id, sku: `s${i}`, name: 'p', price: 1, currency: 'EUR', cat_ids, added_at: at };
    log.add(`product-${product_id}`, productEvents.ProductAdded, data);
  }
  for (const [i, ids] of [[1], [2, 3], [1, 4], [4]].entries()) {
    const order_id = `018f0000-0000-7000-8000-00000000000${i}`;
    const line = { sku: 's', name: 'p', quantity: 1, unit_price: 1 };
    const items = ids.map((product_id, n) => ({ line: n + 1, product_id, ...line }));
    const data = { order_id, user_id: order_id, ...unnamed, currency: 'EUR', items, total: ids.length, placed_at: at };
    log.add(`order-${order_id}`, orderEvents.OrderPlaced, data);
  }
  for (const parent_cat_id of [null, 1]) {
    const data = { cat_id: DEPTH / 2 + 1, parent_cat_id, moved_at: at };
    log.add('categoryTree-main', categoryEvents.CategoryMoved, data);
  }
  return log;
}

function storeOf(events: readonly RecordedEvent[]): EventStore {
  async function* readAll({ from = START, filter }: ReadAllOptions = {}): AsyncGenerator<RecordedEvent> {
    yield* await Promise.resolve(events.filter((event) => event.position > from && matches(event, filter)));
  }
  return { readAll } as unknown as EventStore;
}

const { pool } = await testDatabase(t);
const { events } = chainLog();

for (const projection of [categoryTree, orderCounts, products] as unknown as (AnyProjection & { bulk: Bulk })[]) {
  void t.test(
    `${projection.name}: a chain of ${DEPTH} categories is the same, event by event and by the bulk path`,
    async (t) => {
      const live = await ProjectionUnderTest.create(pool, projection);
      for (let start = 0; start < events.length; start += 1_000) await live.apply(events.slice(start, start + 1_000));
      const bulk = await ProjectionUnderTest.create(pool, { ...projection, indexes: '' }, `bulk_${live.schema}`);
      const names = { schema: bulk.schema, staging: `staging_${live.schema}` };
      const target: LoadTarget = { projection, ...names, from: START, quarantine: new Quarantine(projection.keyedBy) };
      const client = await pool.connect();
      await makeLoadTables(client, target);
      client.release();
      const store = storeOf(events);
      await loadLog({ pool, store, targets: [target], signal: new AbortController().signal });
      await finishLoad({ pool, store }, target);
      t.same(await bulk.rows(), await live.rows());
    },
  );
}
