/**
 * `npm run bench:filters -- [--keep FOLDER] [orders…]`: made-up logs, by default of 10 thousand and a million orders, projected by the
 * bulk path. Prints as JSON, for each filter and each sort, the median milliseconds of the first page of each log, by turns, and how
 * many times as long the last log takes as the first. With `--keep`, the logs stay in FOLDER and the next run reads them again.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type pg from 'pg';
import { products } from '../projections/products/projection.js';
import { ORDER_SORTS, type OrderListOptions } from '../projections/user-orders/list-statement.js';
import { userOrders } from '../projections/user-orders/projection.js';
import { UserOrders } from '../projections/user-orders/read-model.js';
import { migrations } from '../migrations/index.js';
import type { Embedded } from '../src/embedded-postgres/embedded.js';
import type { Position } from '../src/engine/core/position.js';
import type { Vault } from '../src/engine/core/vault.js';
import { PostgresEventStore } from '../src/engine/log/postgres/store.js';
import { migrate } from '../src/engine/postgres/migrate.js';
import { createPool } from '../src/engine/postgres/pool.js';
import { ReadModel } from '../src/engine/projecting/read-model.js';
import { CheckpointWatch } from '../src/engine/projecting/watch.js';
import { remove, startServer, temporaryFolder } from './ending.js';
import { appendSynthetic } from './synthetic-log.js';

/** Pages of each filter in each log, after some that warm up. */
const TIMES = 60;
const WARM = 10;
/** An order and what becomes of it. */
const EVENTS_OF_AN_ORDER = 1.9;
/** Of the log that are of the catalog and users. */
const OTHERS = 20_000;

interface Shop {
  readonly lists: UserOrders;
  readonly filters: Readonly<Record<string, Partial<OrderListOptions>>>;
  stop(): Promise<void>;
}

const { values, positionals } = parseArgs({ options: { keep: { type: 'string' } }, allowPositionals: true });
const sizes = positionals.length > 0 ? positionals.map(Number) : [10_000, 1_000_000];
const root = values.keep ?? temporaryFolder('orderlog-filters-');
const shops: Shop[] = [];
try {
  for (const orders of sizes) shops.push(await opened(join(root, String(orders)), orders));
  process.stdout.write(`${JSON.stringify(await figures(shops), null, 2)}\n`);
} finally {
  for (const shop of shops) await shop.stop();
  if (values.keep === undefined) remove(root);
}

/** A log of so many orders, made where it is not there, and its lists. */
async function opened(folder: string, orders: number): Promise<Shop> {
  mkdirSync(folder, { recursive: true });
  const server = await startServer(folder);
  const pool = createPool(server.config, { max: 4, applicationName: 'bench' });
  const watch = new CheckpointWatch(pool);
  const stop = async (): Promise<void> => {
    await watch.close();
    await pool.end();
    await server.stop();
  };
  try {
    const made = join(folder, 'made');
    if (!existsSync(made)) await make(folder, server, pool, orders);
    writeFileSync(made, '');
    // No order has anything sealed.
    const vault = { prefetch: () => Promise.resolve() } as unknown as Vault;
    const beside = new ReadModel(pool, userOrders, watch, null, [products]);
    const lists = new UserOrders(new ReadModel(pool, userOrders, watch), vault, beside);
    return { lists, filters: await filtersOf(lists, Math.floor(orders / 2)), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function make(folder: string, server: Embedded, pool: pg.Pool, orders: number): Promise<void> {
  await migrate(server.config, migrations);
  const store = new PostgresEventStore(pool, server.config);
  await appendSynthetic(store, Math.round(orders * EVENTS_OF_AN_ORDER) + OTHERS);
  await store.close();
  const env = { ...process.env, ORDERLOG_DATA_DIR: folder, SEED: 'none' };
  const cli = join(import.meta.dirname, '../src/cli.js');
  const { status, stderr } = spawnSync(process.execPath, [cli, 'rebuild', '--json'], { env, encoding: 'utf8' });
  if (status !== 0) throw new Error(`orderlog rebuild ended with ${status}: ${stderr}`);
  // As the server's own housekeeping leaves a database that has been in use.
  await pool.query('vacuum analyze');
}

async function filtersOf(lists: UserOrders, number: number): Promise<Shop['filters']> {
  const { orders } = await lists.list({ number, limit: 1 });
  const { next } = await lists.list({ sort: '-updated_at', limit: 50 });
  const one = orders[0];
  if (!one) throw new Error(`there is no order ${number}`);
  return {
    ...Object.fromEntries(ORDER_SORTS.map((sort) => [`sort=${sort}`, { sort }])),
    'status=placed,cancelled': { status: ['placed', 'cancelled'] },
    user_id: { userId: one.user_id },
    product_id: { productId: one.items[0]?.product_id },
    'cat_id=1': { catId: 1 },
    number: { number },
    external_reference: { referenceHash: 'x'.repeat(43) },
    placed_from: { placedFrom: one.placed_at, sort: 'placed_at' },
    placed_to: { placedTo: one.placed_at },
    updated_since: { changedAfter: next?.[0] as Position, sort: 'updated_at' },
    total_min: { totalMin: one.total, sort: 'total' },
    total_max: { totalMax: one.total, sort: '-total' },
    'status=paid, placed_to': { status: ['paid'], placedTo: one.placed_at },
    'user_id, status=paid': { userId: one.user_id, status: ['paid'] },
  };
}

/** The logs take turns, so that whatever else the machine does is no difference between them. */
async function figures(all: readonly Shop[]): Promise<Record<string, object>> {
  const found: Record<string, object> = {};
  for (const name of Object.keys(all[0]?.filters ?? {})) {
    const times = all.map((): number[] => []);
    for (let n = -WARM; n < TIMES; n++) {
      for (const [i, { lists, filters }] of all.entries()) {
        const begun = performance.now();
        await lists.list({ ...filters[name], limit: 20 });
        if (n >= 0) times[i]?.push(performance.now() - begun);
      }
    }
    const medians = times.map((of) => of.sort((a, b) => a - b)[TIMES / 2] ?? 0);
    const median = Object.fromEntries(medians.map((ms, i) => [String(sizes[i]), Math.round(ms * 100) / 100]));
    const times_as_long = Math.round(((medians.at(-1) ?? 0) / (medians[0] ?? 1)) * 100) / 100;
    found[name] = { ...median, times_as_long };
  }
  return found;
}
