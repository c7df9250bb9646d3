/**
 * `npm run bench:moves -- [products] [orders] [depth]`: a category with so many products below it, and orders of three lines that
 * hold them, is moved by one event. Prints as JSON how many seconds each read model takes, and the slowest read meanwhile. With a
 * depth, the category stands at the end of a chain of so many. The log is written by SQL, rebuilt before, and verified afterwards.
 */
import { cpus } from 'node:os';
import type pg from 'pg';
import { projections } from '../projections/index.js';
import { categoryEvents } from '../src/category/events.js';
import { PostgresEventStore } from '../src/engine/log/postgres/store.js';
import { migrations } from '../migrations/index.js';
import { migrate } from '../src/engine/postgres/migrate.js';
import { createPool } from '../src/engine/postgres/pool.js';
import { CheckpointWatch } from '../src/engine/projecting/watch.js';
import { startProjectors } from '../src/engine/projecting/projector.js';
import { appendBulk, uuid } from './bulk-log.js';
import { remove, startServer, temporaryFolder } from './ending.js';
import { orderlog } from './processes.js';
import { event } from './synthetic-log.js';

const quiet = { info: () => undefined, warn: console.error, error: console.error };

const products = Number(process.argv[2] ?? 20_000);
const orders = Number(process.argv[3] ?? 150_000);
const depth = Number(process.argv[4] ?? 1);

/** The chain begins at FIRST, its end is moved from below it to below OTHER, and its products stand in leaves below that end. */
const [FIRST, OTHER, CHAIN, LEAVES] = [1, 2, 1_000_000, 1_000];
const MOVED = CHAIN + depth;

const folder = temporaryFolder('orderlog-bench-');
const server = await startServer(folder);
const pool = createPool(server.config, { max: 10, applicationName: 'bench' });
try {
  await migrate(server.config, migrations);
  const store = new PostgresEventStore(pool, server.config);
  await writeLog(pool);
  const settings = { ORDERLOG_DATA_DIR: folder, SEED: 'none' };
  const rebuild = await seconds(() => orderlog(settings, 'rebuild'));
  console.error(`rebuilt in ${rebuild} s`);
  const watch = new CheckpointWatch(pool);
  const projectors = startProjectors({ pool, store, watch, log: quiet, projections });
  const moves = [];
  for (const parent_cat_id of [OTHER, depth > 1 ? MOVED - 1 : FIRST]) moves.push(await move(store, parent_cat_id));
  await projectors.stop();
  await watch.close();
  const peak_mb = Math.round(process.resourceUsage().maxRSS / 1_024);
  const verify = await seconds(() => orderlog(settings, 'verify'));
  const machine = { cpu: cpus()[0]?.model, cores: cpus().length, node: process.versions.node };
  const figures = { ...machine, products, orders, depth, rebuild, moves, peak_mb, verify };
  process.stdout.write(`${JSON.stringify(figures, null, 2)}\n`);
  await store.close();
} finally {
  await pool.end();
  await server.stop();
  remove(folder);
}

async function seconds(work: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await work();
  return Math.round((performance.now() - begun) / 10) / 100;
}

/** Moves the category, and looks every 50 ms which models have it. */
async function move(store: PostgresEventStore, parent_cat_id: number): Promise<Record<string, number>> {
  const begun = performance.now();
  const moved_at = new Date().toISOString();
  const moved = event(categoryEvents.CategoryMoved, { cat_id: MOVED, parent_cat_id, moved_at });
  await store.append('categoryTree-main', [moved], 'any');
  const head = await store.head();
  const done: Record<string, number> = {};
  let slowest = 0;
  while (Object.keys(done).length < projections.length) {
    const asked = performance.now();
    const { rows } = await pool.query<{ name: string }>(
      `select c.model as name from orderlog.checkpoints c
       join orderlog.builds b on b.model = c.model and b.number = c.build and b.state = 'active' where c.position >= $1`,
      [head],
    );
    slowest = Math.max(slowest, performance.now() - asked);
    for (const { name } of rows) done[name] ??= Math.round((asked - begun) / 10) / 100;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return { ...done, slowest_read_ms: Math.round(slowest) };
}

/** As commands would have recorded it, set by set. */
async function writeLog(db: pg.Pool): Promise<void> {
  const at = '2026-01-01T00:00:00.000Z';
  const category = (id: string, parent: string): string =>
    `json_build_object('cat_id', ${id}, 'code', null, 'name', 'Category ' || ${id}, 'parent_cat_id', ${parent}, 'added_at', '${at}')`;
  const add = (count: number, before: number, data: string): Promise<void> =>
    appendBulk(db, {
      count,
      stream: `'categoryTree-main'`,
      revision: `${before} + n - 1`,
      type: `'CategoryAdded'`,
      data,
    });
  await add([FIRST, OTHER].length, 0, category('n', 'null'));
  const above = `case when n = 1 then ${FIRST} else ${CHAIN} + n - 1 end`;
  await add(depth, 2, category(`${CHAIN} + n`, above));
  await add(LEAVES, 2 + depth, category(`2 + n`, String(MOVED)));
  // One in ten stands in two leaves, and one in twenty outside as well.
  const leaf = (n: string): string => `3 + (${n}) % ${LEAVES}`;
  const catIds = `case when n % 20 = 0 then array[${leaf('n')}, ${OTHER}]
    when n % 10 = 0 then array[${leaf('n')}, ${leaf('n * 7 + 1')}] else array[${leaf('n')}] end`;
  await appendBulk(db, {
    count: products,
    stream: `'product-' || n`,
    type: `'ProductAdded'`,
    data: `json_build_object('product_id', n, 'sku', 'SKU-' || n, 'name', 'Product ' || n, 'price', 100, 'currency', 'EUR',
       'cat_ids', to_json(${catIds}), 'added_at', '${at}')`,
  });
  const id = uuid(`'order ' || n`);
  const line = (i: number): string =>
    `json_build_object('line', ${i}, 'product_id', 1 + (n::bigint * 7919 * ${i} + ${i}) % ${products}, 'sku', 'SKU', 'name', 'Product',
       'quantity', 1, 'unit_price', 100)`;
  await appendBulk(db, {
    count: orders,
    stream: `'order-' || ${id}`,
    type: `'OrderPlaced'`,
    data: `json_build_object('order_id', ${id}, 'user_id', ${uuid(`'user ' || n % 1000`)}, 'currency', 'EUR',
       'items', json_build_array(${[1, 2, 3].map(line).join(', ')}), 'total', 300, 'placed_at', '${at}')`,
  });
  await db.query('vacuum analyze orderlog.events');
}
