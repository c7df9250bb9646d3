/**
 * `npm run bench:filters -- [orders…]`: made-up logs, by default of 10 thousand and a million orders, projected by the bulk path. Prints
 * as JSON the median milliseconds of the first page for each filter that has an index, and for each sort.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { products } from '../projections/products/projection.js';
import { ORDER_SORTS, type OrderListOptions } from '../projections/user-orders/list-statement.js';
import { userOrders } from '../projections/user-orders/projection.js';
import { UserOrders } from '../projections/user-orders/read-model.js';
import { migrations } from '../migrations/index.js';
import { startEmbedded } from '../src/embedded-postgres/embedded.js';
import type { Vault } from '../src/engine/core/vault.js';
import { PostgresEventStore } from '../src/engine/log/postgres/store.js';
import { migrate } from '../src/engine/postgres/migrate.js';
import { createPool } from '../src/engine/postgres/pool.js';
import { ReadModel } from '../src/engine/projecting/read-model.js';
import { CheckpointWatch } from '../src/engine/projecting/watch.js';
import { appendSynthetic } from './synthetic-log.js';

const TIMES = 30;
/** An order and what becomes of it. */
const EVENTS_OF_AN_ORDER = 1.9;
/** Of the log that are of the catalog and users. */
const OTHERS = 20_000;

const sizes = process.argv.slice(2).map(Number);
const figures: Record<string, Record<string, number>> = {};
for (const orders of sizes.length > 0 ? sizes : [10_000, 1_000_000]) figures[orders] = await measured(orders);
process.stdout.write(`${JSON.stringify(figures, null, 2)}\n`);

async function measured(orders: number): Promise<Record<string, number>> {
  const folder = mkdtempSync(join(tmpdir(), 'orderlog-filters-'));
  const server = await startEmbedded(folder);
  const pool = createPool(server.config, { max: 4, applicationName: 'bench' });
  const watch = new CheckpointWatch(pool);
  try {
    await migrate(server.config, migrations);
    const store = new PostgresEventStore(pool, server.config);
    await appendSynthetic(store, Math.round(orders * EVENTS_OF_AN_ORDER) + OTHERS);
    const env = { ...process.env, ORDERLOG_DATA_DIR: folder, SEED: 'none' };
    const cli = join(import.meta.dirname, '../src/cli.js');
    const { status, stderr } = spawnSync(process.execPath, [cli, 'rebuild', '--json'], { env, encoding: 'utf8' });
    if (status !== 0) throw new Error(`orderlog rebuild ended with ${status}: ${stderr}`);
    // No order has anything sealed.
    const vault = { prefetch: () => Promise.resolve() } as unknown as Vault;
    const beside = new ReadModel(pool, userOrders, watch, null, [products]);
    const lists = new UserOrders(new ReadModel(pool, userOrders, watch), vault, beside);
    const found = await timed(lists, Math.floor(orders / 2));
    await store.close();
    return found;
  } finally {
    await watch.close();
    await pool.end();
    await server.stop();
    rmSync(server.location, { recursive: true, force: true });
    rmSync(folder, { recursive: true, force: true });
  }
}

async function timed(lists: UserOrders, number: number): Promise<Record<string, number>> {
  const { orders } = await lists.list({ number, limit: 1 });
  const { position } = await lists.list({ limit: 1 });
  const one = orders[0];
  if (!one) throw new Error(`there is no order ${number}`);
  const filters: Record<string, Partial<OrderListOptions>> = {
    ...Object.fromEntries(ORDER_SORTS.map((sort) => [`sort=${sort}`, { sort }])),
    'status=placed,cancelled': { status: ['placed', 'cancelled'] },
    user_id: { userId: one.user_id },
    product_id: { productId: one.items[0]?.product_id },
    'cat_id=1': { catId: 1 },
    number: { number },
    placed_from: { placedFrom: one.placed_at, sort: 'placed_at' },
    placed_to: { placedTo: one.placed_at },
    updated_since: { changedAfter: position, sort: 'updated_at' },
    total_min: { totalMin: one.total, sort: 'total' },
  };
  const median: Record<string, number> = {};
  for (const [name, filter] of Object.entries(filters)) {
    const times: number[] = [];
    for (let n = 0; n < TIMES; n++) {
      const begun = performance.now();
      await lists.list({ ...filter, limit: 20 });
      times.push(performance.now() - begun);
    }
    times.sort((a, b) => a - b);
    median[name] = Math.round((times[TIMES / 2] ?? 0) * 100) / 100;
  }
  return median;
}
