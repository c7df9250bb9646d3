/** The server and its CRUD peer, on one embedded Postgres, each in a database of its own, with the same users and products. */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { sessionTo } from '../src/engine/postgres/session.js';
import { writeCatalog } from './catalog.js';
import { startServer } from './ending.js';
import type { Load, LoadResult } from './load.js';
import { Processors, type ProcessorTime } from './processor-time.js';
import { orderlog, peerOf, run, type Running, serve, type Settings } from './processes.js';

const PRODUCTS = 500;
const USERS = 200;
const SETTLED_MS = 300_000;

/** What a load draws from. */
export interface Pool {
  readonly users: readonly string[];
  readonly products: readonly number[];
  readonly orders: readonly string[];
}

export type Database = 'orderlog' | 'crud';

export interface MeasuredLoad extends LoadResult {
  /** Until the read models have it as well. */
  readonly processor: ProcessorTime;
}

export interface Shop {
  readonly ours: Running;
  readonly peer: Running;
  readonly settings: Settings;
  /** Products that no other row sells: these get stock. */
  readonly hot: number;
  readonly scarce: number;
  readonly pool: Pool;
  /** Sends a load; a request that fails ends the run. */
  load(target: Running, load: Omit<Load, 'url' | 'poolFile'>, pool?: Pool): Promise<MeasuredLoad>;
  query<T extends pg.QueryResultRow>(database: Database, text: string, values?: readonly unknown[]): Promise<T[]>;
  configOf(database: string): pg.PoolConfig;
  /** Waits until the read models are at the head, so that what is left of one round does not burden the next. */
  settled(): Promise<void>;
  stop(): Promise<void>;
}

export async function openShop(folder: string): Promise<Shop> {
  const settings: Settings = { ORDERLOG_DATA_DIR: join(folder, 'data'), SEED: 'none' };
  const embedded = await startServer(join(folder, 'data'));
  const configOf = (database: string): pg.PoolConfig => ({ ...embedded.config, database });
  const query: Shop['query'] = async <T extends pg.QueryResultRow>(
    database: string,
    text: string,
    values: readonly unknown[] = [],
  ) => {
    const client = sessionTo(configOf(database), { kind: 'work', applicationName: 'orderlog-bench' });
    await client.connect();
    try {
      return (await client.query<T>(text, [...values])).rows;
    } finally {
      await client.end();
    }
  };
  await writeCatalog(join(folder, 'shop'), { products: PRODUCTS, users: USERS });
  await orderlog(settings, 'import', join(folder, 'shop'));
  const ours = await serve(settings);
  const [hot, scarce, ...products] = Array.from({ length: PRODUCTS }, (_, i) => i + 1) as [number, number, ...number[]];
  const pool: Pool = { users: await usersOf(ours), products, orders: [] };
  await query('orderlog', 'CREATE DATABASE crud');
  const peer = await peerOf('crud', configOf('crud'));
  await seed(peer, pool.users, [hot, scarce, ...products]);
  const settled = async (): Promise<void> => {
    for (const since = Date.now(); ; await sleep(200)) {
      if (Date.now() - since > SETTLED_MS) throw new Error('the read models have not reached the head');
      const [behind] = await query<{ n: number }>(
        'orderlog',
        `SELECT count(*)::int AS n FROM orderlog.checkpoints c
         JOIN orderlog.builds b ON b.model = c.model AND b.number = c.build AND b.state = 'active'
         WHERE c.position < (SELECT lpad(to_hex(max(position)), 16, '0') FROM orderlog.events)`,
      );
      if (behind?.n === 0) return;
    }
  };
  const processors = new Processors(embedded.location);
  let files = 0;
  return {
    ...{ ours, peer, settings, hot, scarce, pool, query, configOf, settled },
    load: async (target, load, from = pool) => {
      const poolFile = join(folder, `pool-${++files}.json`);
      writeFileSync(poolFile, JSON.stringify(from));
      const spent = processors.begin(target.pid);
      const result = await run({ ...load, url: target.url, poolFile });
      rmSync(poolFile);
      if (result.failed > 0) throw new Error(`${result.failed} requests failed: ${JSON.stringify(load)}`);
      // Nobody has waited for them, but they are part of what was asked for.
      if (target === ours) await settled();
      return { ...result, processor: spent(result.answered) };
    },
    stop: async () => {
      await Promise.all([ours.stop(), peer.stop()]);
      await embedded.stop();
    },
  };
}

async function usersOf(ours: Running): Promise<string[]> {
  const users: string[] = [];
  for (let next: string | null = '/v1/users?limit=100'; next !== null;) {
    const page = (await (await fetch(ours.url + next)).json()) as { data: { user_id: string }[]; next: string | null };
    users.push(...page.data.map((user) => user.user_id));
    next = page.next;
  }
  return users;
}

/** Gives a peer the same users and products. */
export async function seed(peer: Running, users: readonly string[], ids: readonly number[]): Promise<void> {
  const products = ids.map((id) => {
    return { product_id: id, sku: `SKU-${id}`, name: `Product ${id}`, price: 99 + id, currency: 'EUR' };
  });
  await post(`${peer.url}/seed`, { users, products });
}

/** @throws Error where the answer is no success */
export async function post(url: string, body: object): Promise<unknown> {
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}: ${await answer.text()}`);
  return answer.json();
}
