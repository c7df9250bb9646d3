/** How many orders a root category has in each status, at growing sizes. */
import { orderCounts } from '../../projections/order-counts/projection.js';
import { OrderCounts } from '../../projections/order-counts/read-model.js';
import { ReadModel } from '../../src/engine/projecting/read-model.js';
import { CheckpointWatch } from '../../src/engine/projecting/watch.js';
import { eventsFor, type MadeUpLog, withLog } from '../logs.js';
import { orderlog } from '../processes.js';
import { interleaved, type Bench, type Figure, type Row } from '../row.js';
import { median } from '../statistics.js';

const ROOT = 1;
const TIMES = 15;

/** The same data as rows: each line with each category above its product, found once, and the indexes that the query can use. */
const TABLES = `
  CREATE SCHEMA plain;
  CREATE TABLE plain.categories AS SELECT (data->>'cat_id')::int AS cat_id, (data->>'parent_cat_id')::int AS parent
    FROM orderlog.events WHERE type = 'CategoryAdded';
  CREATE TABLE plain.above AS WITH RECURSIVE up AS (
      SELECT cat_id, cat_id AS above FROM plain.categories
      UNION ALL SELECT up.cat_id, c.parent FROM up JOIN plain.categories c ON c.cat_id = up.above WHERE c.parent IS NOT NULL)
    SELECT above, cat_id FROM up;
  CREATE UNIQUE INDEX ON plain.above (above, cat_id);
  CREATE TABLE plain.product_categories AS SELECT DISTINCT cat.value::text::int AS cat_id, (data->>'product_id')::int AS product_id
    FROM orderlog.events, json_array_elements(data->'cat_ids') cat WHERE type = 'ProductAdded';
  CREATE UNIQUE INDEX ON plain.product_categories (cat_id, product_id);
  CREATE TABLE plain.orders AS SELECT (p.data->>'order_id')::uuid AS order_id,
      CASE c.type WHEN 'OrderPaid' THEN 'paid' WHEN 'OrderCancelled' THEN 'cancelled' ELSE 'placed' END AS status
    FROM orderlog.events p LEFT JOIN orderlog.events c ON c.stream = p.stream AND c.revision = 1 WHERE p.type = 'OrderPlaced';
  ALTER TABLE plain.orders ADD PRIMARY KEY (order_id);
  CREATE INDEX ON plain.orders (order_id) INCLUDE (status);
  CREATE TABLE plain.order_lines AS SELECT (data->>'order_id')::uuid AS order_id, (item->>'product_id')::int AS product_id
    FROM orderlog.events, json_array_elements(data->'items') item WHERE type = 'OrderPlaced';
  CREATE INDEX ON plain.order_lines (product_id, order_id);
`;

const COUNT = `SELECT count(DISTINCT o.order_id) FILTER (WHERE o.status = 'placed')::int AS placed,
    count(DISTINCT o.order_id) FILTER (WHERE o.status = 'paid')::int AS paid,
    count(DISTINCT o.order_id) FILTER (WHERE o.status = 'cancelled')::int AS cancelled
  FROM plain.above a JOIN plain.product_categories pc USING (cat_id) JOIN plain.order_lines l USING (product_id)
  JOIN plain.orders o USING (order_id) WHERE a.above = $1`;

export const counting: Row = {
  name: 'counting',
  what: 'status counts of a root category at 10 and 100 thousand orders, with --full at a million',
  peer: 'count(distinct) over joins, the tree flattened, with covering indexes',
  run: async (bench) => {
    const sizes = bench.quick ? [1_000] : bench.full ? [10_000, 100_000, 1_000_000] : [10_000, 100_000];
    const figures: Figure[] = [];
    for (const orders of sizes) {
      figures.push(await withLog(bench.folder, eventsFor(orders), (log) => measured(bench, log, orders)));
    }
    const [first, ...others] = figures;
    const last = others.at(-1);
    return first && last ? [...figures, growth(first, last, bench.full)] : figures;
  },
};

/** The mark is for a million orders against 10 thousand. */
function growth(first: Figure, last: Figure, isMillion: boolean): Figure {
  const ours = last.ours.map((ms, round) => ms / (first.ours[round] ?? ms));
  const what = 'status counts: cost at the largest size, in costs at the smallest';
  return { what, unit: 'times', ours, peer: null, mark: isMillion ? { atMost: 1.2 } : null };
}

async function measured(bench: Bench, { pool, settings }: MadeUpLog, orders: number): Promise<Figure> {
  await orderlog(settings, 'rebuild');
  await pool.query(TABLES);
  for (const table of ['above', 'product_categories', 'orders', 'order_lines']) {
    await pool.query(`VACUUM ANALYZE plain.${table}`);
  }
  const watch = new CheckpointWatch(pool);
  try {
    const counts = new OrderCounts(new ReadModel(pool, orderCounts, watch));
    const ours = async (): Promise<unknown> => (await counts.of(ROOT)).counts;
    const peer = async (): Promise<unknown> =>
      (await pool.query({ name: 'count', text: COUNT, values: [ROOT] })).rows[0] as unknown;
    const [counted, expected] = [await ours(), await peer()].map((one) => JSON.stringify(one));
    if (counted !== expected) throw new Error(`the counts differ: ${counted}, and ${expected} by the query`);
    const found = await interleaved(
      bench.rounds,
      () => milliseconds(ours, TIMES * 10),
      () => milliseconds(peer, orders > 50_000 ? 3 : TIMES),
    );
    const what = `status counts of a root category, ${orders.toLocaleString('en-US')} orders`;
    return { what, unit: 'ms', ...found, mark: { ratioAtMost: 0.1 }, size: orders };
  } finally {
    await watch.close();
  }
}

/** The median of so many, one after another. */
async function milliseconds(work: () => Promise<unknown>, times: number): Promise<number> {
  const found: number[] = [];
  for (let n = 0; n < times; n++) {
    const begun = performance.now();
    await work();
    found.push(performance.now() - begun);
  }
  return median(found);
}
