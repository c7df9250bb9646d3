/**
 * `npm run bench`: everything in one go on this machine. Server, peer, database and load share it; the load generator is
 * a process of its own. Medians of several alternating rounds; a single failed request fails the run.
 *
 *   npm run bench -- --quick     one short round of each
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import type pg from 'pg';
import { startEmbedded } from '../src/embedded-postgres/embedded.js';
import { sessionTo } from '../src/engine/postgres/session.js';
import { writeCatalogue } from './catalogue.js';
import type { Load, LoadResult } from './load.js';
import { crud, orderlog, run, type Running, serve, type Settings, stopServers } from './processes.js';

const quick = process.argv.includes('--quick');
const ROUNDS = quick ? 1 : 3;
const SECONDS = quick ? 3 : 6;
const PRODUCTS = 500;
const USERS = 200;
const root = join(import.meta.dirname, '../..');

interface Figure {
  readonly what: string;
  readonly orderlog: number;
  /** Null where there is no peer. */
  readonly peer: number | null;
  readonly unit: string;
  readonly detail: string;
}

interface Measured {
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
}

const figures: Figure[] = [];
const folder = mkdtempSync(join(tmpdir(), 'orderlog-bench-'));
const settings: Settings = { ORDERLOG_DATA_DIR: join(folder, 'data'), SEED: 'none' };
const poolFile = join(folder, 'pool.json');
const pool = {
  users: [] as string[],
  products: Array.from({ length: PRODUCTS }, (_, i) => i + 1),
  orders: [] as string[],
};

const embedded = await startEmbedded(join(folder, 'data'));
try {
  await writeCatalogue(join(folder, 'shop'), { products: PRODUCTS, users: USERS });
  await orderlog(settings, 'import', join(folder, 'shop'));
  const ours = await serve(settings);
  const peer = await startPeer(ours);
  await placing(ours, peer);
  await paying(ours, peer);
  await reading(ours);
  await Promise.all([ours.stop(), peer.stop()]);
  await catchingUp();
  await importing();
  report(await machine());
} finally {
  await stopServers();
  await embedded.stop();
  rmSync(embedded.location, { recursive: true, force: true });
  rmSync(folder, { recursive: true, force: true });
}

/** The peer on the same server, in a database of its own, with the same users and products. */
async function startPeer(ours: Running): Promise<Running> {
  for (let next: string | null = '/v1/users?limit=100'; next !== null;) {
    const page = (await (await fetch(ours.url + next)).json()) as { data: { user_id: string }[]; next: string | null };
    pool.users.push(...page.data.map((user) => user.user_id));
    next = page.next;
  }
  writeFileSync(poolFile, JSON.stringify(pool));
  await admin('postgres', (client) => client.query('CREATE DATABASE crud'));
  const peer = await crud({ ...embedded.config, database: 'crud' });
  const products = pool.products.map((product_id) => {
    return {
      product_id,
      sku: `SKU-${product_id}`,
      name: `Product ${product_id}`,
      price: 99 + product_id,
      currency: 'EUR',
    };
  });
  await fetch(`${peer.url}/seed`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ users: pool.users, products }),
  });
  return peer;
}

async function placing(ours: Running, peer: Running): Promise<void> {
  const load = { kind: 'place', poolFile } as const;
  for (const target of [ours, peer])
    await checked({ ...load, url: target.url, connections: 64, seconds: quick ? 2 : 5 });
  for (const connections of [16, 64]) {
    for (const keyed of [false, true]) {
      const what = `place an order of 3 lines, ${connections} connections${keyed ? ', Idempotency-Key' : ''}`;
      await against(
        what,
        (target) => checked({ ...load, keyed, url: target.url, connections, seconds: SECONDS }),
        ours,
        peer,
      );
    }
  }
}

/** Orders placed for the purpose on either side, each paid once. */
async function paying(ours: Running, peer: Running): Promise<void> {
  const rounds: Record<'ours' | 'peer', Measured[]> = { ours: [], peer: [] };
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, target] of [
      ['ours', ours],
      ['peer', peer],
    ] as const) {
      const placing = { kind: 'place', keepOrders: true, poolFile, connections: 64, seconds: SECONDS * 3 } as const;
      const placed = await checked({ ...placing, url: target.url });
      const file = join(folder, `orders-${name}-${round}.json`);
      writeFileSync(file, JSON.stringify({ ...pool, orders: placed.orders }));
      // Stops before the orders are used up, also where paying is faster than placing.
      const load: Load = { kind: 'mark-paid', poolFile: file, url: target.url, connections: 16, seconds: SECONDS / 2 };
      rounds[name].push(await checked(load));
    }
  }
  add('mark an order as paid, 16 connections', median(rounds.ours), median(rounds.peer));
}

async function reading(ours: Running): Promise<void> {
  for (const [what, path] of [
    ['status counts of a top category, 16 connections', '/v1/categories/1/order-counts'],
    ['full tree, 780 categories, 16 connections', '/v1/categories'],
  ] as const) {
    const rounds: Measured[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      rounds.push(await checked({ kind: 'get', path, poolFile, url: ours.url, connections: 16, seconds: SECONDS / 2 }));
    }
    add(what, median(rounds), null);
  }
}

/** All read models dropped; from the start of the log, event by event, all of them together. */
async function catchingUp(): Promise<void> {
  const events = await admin('orderlog', async (client) => {
    const { rows: schemas } = await client.query<{ name: string }>(
      `SELECT nspname AS name FROM pg_namespace WHERE nspname LIKE 'rm\\_%'`,
    );
    for (const { name } of schemas) await client.query(`DROP SCHEMA ${name} CASCADE`);
    await client.query('DELETE FROM orderlog.checkpoints');
    await client.query('DELETE FROM orderlog.builds');
    const { rows } = await client.query<{ n: string }>('SELECT count(*) AS n FROM orderlog.events');
    return Number(rows[0]?.n);
  });
  const begun = performance.now();
  const projectors = await serve(settings, '--projectors-only');
  const seconds = (performance.now() - begun) / 1_000;
  await projectors.stop();
  figures.push({
    what: 'projectors catching up, all read models together',
    orderlog: Math.round(events / seconds),
    peer: null,
    unit: 'events/s',
    detail: `${events} events in ${seconds.toFixed(1)} s, start of the process included`,
  });
}

async function importing(): Promise<void> {
  const retail = join(root, '../shared/data/retail');
  if (!existsSync(retail)) return;
  const data = join(folder, 'retail');
  const result = await orderlog<{ appended: number; seconds: number }>(
    { ORDERLOG_DATA_DIR: data, SEED: 'none' },
    'import',
    retail,
  );
  figures.push({
    what: 'import of the retail set',
    orderlog: result.seconds,
    peer: null,
    unit: 's',
    detail: `${result.appended} events`,
  });
  const { location } = await startEmbedded(data).then(async (server) => {
    await server.stop();
    return server;
  });
  rmSync(location, { recursive: true, force: true });
}

/** Alternating rounds, so that whatever else the machine does hits both. */
async function against(
  what: string,
  measure: (target: Running) => Promise<LoadResult>,
  ours: Running,
  peer: Running,
): Promise<void> {
  const rounds: Record<'ours' | 'peer', Measured[]> = { ours: [], peer: [] };
  for (let round = 0; round < ROUNDS; round++) {
    rounds.ours.push(await measure(ours));
    rounds.peer.push(await measure(peer));
  }
  add(what, median(rounds.ours), median(rounds.peer));
}

function add(what: string, ours: Measured, peer: Measured | null): void {
  const times = (one: Measured): string => `p50 ${one.p50} ms, p99 ${one.p99} ms`;
  const detail = peer ? `${times(ours)}; peer ${times(peer)}` : times(ours);
  figures.push({
    what,
    orderlog: Math.round(ours.perSecond),
    peer: peer && Math.round(peer.perSecond),
    unit: '1/s',
    detail,
  });
  console.error(`${what}: ${Math.round(ours.perSecond)}/s${peer ? `, peer ${Math.round(peer.perSecond)}/s` : ''}`);
}

async function checked(load: Load): Promise<LoadResult> {
  const result = await run(load);
  if (result.failed > 0) throw new Error(`${result.failed} requests failed: ${JSON.stringify(load)}`);
  return result;
}

function median(rounds: readonly Measured[]): Measured {
  const sorted = [...rounds].sort((a, b) => a.perSecond - b.perSecond);
  return sorted[Math.floor(sorted.length / 2)] as Measured;
}

async function admin<T>(database: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = sessionTo({ ...embedded.config, database }, { kind: 'work', applicationName: 'orderlog-bench' });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memory_gib: number;
  readonly node: string;
  readonly postgres: string;
  readonly fsync: string;
  readonly synchronous_commit: string;
  readonly commit: string;
}

async function machine(): Promise<Machine> {
  const settingsOf = await admin('orderlog', async (client) => {
    const { rows } = await client.query<Record<'postgres' | 'fsync' | 'synchronous_commit', string>>(
      `SELECT current_setting('server_version') AS postgres, current_setting('fsync') AS fsync,
              current_setting('synchronous_commit') AS synchronous_commit`,
    );
    return rows[0] as (typeof rows)[0];
  });
  const commit = spawnSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: root, encoding: 'utf8' }).stdout.trim();
  const [cpu] = cpus();
  const memory_gib = Math.round(totalmem() / 1024 ** 3);
  return {
    cpu: cpu?.model ?? '',
    cores: cpus().length,
    memory_gib,
    node: process.versions.node,
    ...settingsOf,
    commit,
  };
}

function report(hardware: Machine): void {
  const date = new Date().toISOString().slice(0, 10);
  const results = join(root, 'bench/results');
  mkdirSync(results, { recursive: true });
  const file = join(results, `${date}-${hardware.cores}-cores.json`);
  const document = { date, hardware, rounds: ROUNDS, seconds_each: SECONDS, figures };
  if (!quick) writeFileSync(file, `${JSON.stringify(document, null, 2)}\n`);
  console.log(`\n${JSON.stringify(hardware)}\n\n| what | orderlog | peer | ratio | |\n| --- | --- | --- | --- | --- |`);
  for (const { what, orderlog: ours, peer, unit, detail } of figures) {
    const ratio = peer === null ? '' : (ours / peer).toFixed(2);
    console.log(`| ${what} | ${ours} ${unit} | ${peer === null ? '' : `${peer} ${unit}`} | ${ratio} | ${detail} |`);
  }
}
