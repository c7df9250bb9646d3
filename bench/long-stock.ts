/**
 * `npm run bench:stock -- [events]`: what a stock stream of a million events costs the first order after a start, beside a stream of
 * one event: with the snapshot of the long one, and once without it. Prints the figures as JSON.
 */
import { randomUUID } from 'node:crypto';
import { cpus } from 'node:os';
import { join } from 'node:path';
import type { NewEvent } from '../src/engine/core/message.js';
import { PostgresEventStore } from '../src/engine/log/postgres/store.js';
import { createPool } from '../src/engine/postgres/pool.js';
import { stockEvents } from '../src/stock/events.js';
import { writeCatalog } from './catalog.js';
import { remove, startServer, temporaryFolder } from './ending.js';
import { orderlog, serve, type Settings, stopServers } from './processes.js';
import { event } from './synthetic-log.js';

const EVENTS = Number(process.argv[2] ?? 1_000_000);
const STARTS = 7;
const AT_ONCE = 2_000;
/** Orders that hold some of the product in the end. */
const OPEN = 200;
const [LONG, SHORT] = [1, 2];

const folder = temporaryFolder('orderlog-bench-');
const settings: Settings = { ORDERLOG_DATA_DIR: join(folder, 'data'), SEED: 'none' };
const embedded = await startServer(join(folder, 'data'));
const pool = createPool(embedded.config, { max: 2, applicationName: 'bench', kind: 'work' });
try {
  await writeCatalog(join(folder, 'shop'), { products: 2, users: 1 });
  await orderlog(settings, 'import', join(folder, 'shop'));
  const store = new PostgresEventStore(pool, embedded.config);
  const counted = event(stockEvents.StockCounted, { on_hand: 2_000_000_000, reason: null });
  await store.append(`stock-${SHORT}`, [counted], 'none');
  await fill(store);
  await store.close();
  await orderlog(settings, 'rebuild');
  const without = await firstOrder(LONG);
  const times: Record<number, number[]> = { [SHORT]: [], [LONG]: [] };
  for (let start = 0; start < STARTS; start++) {
    for (const product of [SHORT, LONG]) times[product]?.push(await firstOrder(product));
  }
  const [short, long] = [median(times[SHORT] ?? []), median(times[LONG] ?? [])];
  const figures = {
    ...{ events: EVENTS, cpu: cpus()[0]?.model, cores: cpus().length, node: process.versions.node },
    first_order_ms: { short: round(short), long: round(long), long_without_snapshot: round(without) },
    difference_ms: round(long - short),
  };
  process.stdout.write(`${JSON.stringify(figures, null, 2)}\n`);
} finally {
  await stopServers();
  await pool.end();
  await embedded.stop();
  remove(folder);
}

/** Each order reserves, and all but the last are cancelled. */
async function fill(store: PostgresEventStore): Promise<void> {
  const counted = event(stockEvents.StockCounted, { on_hand: 2_000_000_000, reason: null });
  let page: NewEvent[] = [counted];
  let revision = -1;
  const flush = async (): Promise<void> => {
    if (page.length === 0) return;
    await store.append(`stock-${LONG}`, page, revision < 0 ? 'none' : revision);
    revision += page.length;
    page = [];
  };
  for (let order = 0; revision + page.length < EVENTS - 1; order++) {
    const [order_id, quantity] = [randomUUID(), 1 + (order % 9)];
    page.push(event(stockEvents.StockReserved, { order_id, quantity }));
    if (revision + page.length < EVENTS - OPEN) {
      page.push(event(stockEvents.StockReleased, { order_id, quantity, cause: 'cancelled' }));
    }
    if (page.length >= AT_ONCE) await flush();
  }
  await flush();
}

/** Milliseconds that the first order takes after a start. */
async function firstOrder(product_id: number): Promise<number> {
  const server = await serve(settings);
  const users = (await (await fetch(`${server.url}/v1/users`)).json()) as { data: { user_id: string }[] };
  const body = JSON.stringify({ user_id: users.data[0]?.user_id, items: [{ product_id, quantity: 1 }] });
  const begun = performance.now();
  const answer = await fetch(`${server.url}/v1/orders`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  });
  const ms = performance.now() - begun;
  if (answer.status !== 201) throw new Error(`${answer.status}: ${await answer.text()}`);
  await server.stop();
  return ms;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

function round(ms: number): number {
  return Math.round(ms * 10) / 10;
}
