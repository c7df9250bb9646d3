/** One size of the log: what is done to it, and what is asked of it. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  appendCatalog,
  appendOrders,
  BLOCK,
  type BulkLog,
  payOld,
  TRACKED,
  uuid,
  withoutIndexes,
  withoutKeys,
} from './bulk-log.js';
import { PDF } from './catalogue.js';
import { announce, type Installation, projecting, withInstallation } from './installation.js';
import { runWatched } from './peak.js';
import type { LoadResult } from './load.js';
import { run, serve } from './processes.js';
import { median } from './statistics.js';
import { get, type Read, rounded, type Timed, timedRead } from './timed-reads.js';

export interface SizeFigures {
  readonly events: number;
  readonly orders: number;
  readonly written_seconds: number;
  readonly database_mb: number;
  readonly rebuild: { readonly seconds: number; readonly us_per_event: number; readonly peak_mb: number };
  /** Null for a log that is too long to wait for. */
  readonly verify: SizeFigures['rebuild'] | null;
  readonly event_by_event: { readonly us_per_event: number };
  readonly placing: {
    readonly per_second: number;
    readonly us_per_order: number;
    readonly p50: number;
    readonly p99: number;
  };
  readonly reads: Readonly<Record<string, Timed>>;
}

const CATALOG = { categories: 780, width: 5, products: 3_000 };
/** Of each tail: new orders with what becomes of them, and payments of orders from all over the log. */
const TAIL = { blocks: 158, old: 156 };
/** The first is to warm up. */
const TAILS = 4;
const ROUNDS = 3;
const SECONDS = 4;
const CONNECTIONS = 16;
const BUYERS = 20;
const DEEP_PAGE = 100;
const MOST_VERIFIED = 2_000_000;

export function measureSize(events: number): Promise<SizeFigures> {
  return withInstallation(async (installation) => {
    const { pool } = installation;
    const log: BulkLog = { ...CATALOG, users: Math.max(100, Math.round(events / 100)) };
    let written = 0;
    let blocks = 0;
    const begun = performance.now();
    await withoutIndexes(pool, async () => {
      written = await appendCatalog(pool, log);
      blocks = Math.floor((events - written) / BLOCK);
      written += await appendOrders(pool, log, 0, blocks);
    });
    await pool.query(`insert into orderlog.id_sequences (name, last) values ('order', $1)`, [written]);
    await withoutKeys(pool);
    const written_seconds = rounded((performance.now() - begun) / 1_000);
    told(`${written} events written in ${written_seconds} s`);
    const rebuild = await command(installation, 'rebuild', written);
    told(`rebuilt in ${rebuild.seconds} s`);
    const verify = written <= MOST_VERIFIED ? await command(installation, 'verify', written) : null;
    if (verify) told(`verified in ${verify.seconds} s`);
    const reads = await readings(installation, blocks);
    const event_by_event = await tails(installation, log, blocks);
    const placing = await placements(installation);
    const { rows } = await pool.query<{ mb: number }>(
      'select (pg_database_size(current_database()) / 1024 / 1024)::integer as mb',
    );
    const database_mb = rows[0]?.mb ?? 0;
    told(JSON.stringify({ event_by_event, placing }));
    return {
      events: written,
      orders: blocks * 10,
      written_seconds,
      database_mb,
      rebuild,
      verify,
      event_by_event,
      placing,
      reads,
    };
  });
}

async function command({ settings }: Installation, what: string, events: number): Promise<SizeFigures['rebuild']> {
  const { seconds, code, peak_mb, stderr } = await runWatched(settings, what);
  if (code !== 0) throw new Error(`orderlog ${what} ended with ${code}: ${stderr}`);
  return { seconds, us_per_event: rounded((seconds * 1e6) / events), peak_mb };
}

/** Applied by the projectors as it comes. */
function tails(installation: Installation, log: BulkLog, blocks: number): Promise<SizeFigures['event_by_event']> {
  const { pool } = installation;
  return projecting(installation, async ({ reachHead }) => {
    await reachHead();
    const took: number[] = [];
    for (let nth = 0; nth < TAILS; nth++) {
      const events = (await appendOrders(pool, log, blocks + nth * TAIL.blocks, TAIL.blocks)) + TAIL.old;
      await payOld(pool, log, blocks, { nth, of: TAILS, count: TAIL.old });
      await announce(pool, events);
      const ms = await reachHead();
      if (nth > 0) took.push((ms * 1_000) / events);
    }
    return { us_per_event: rounded(median(took)) };
  });
}

/** Over HTTP, while the read models follow. */
async function placements({ settings, folder }: Installation): Promise<SizeFigures['placing']> {
  const poolFile = join(folder, 'pool.json');
  const products = Array.from({ length: CATALOG.products - TRACKED }, (_, n) => n + 1);
  const served = await serve(settings);
  const { url } = served;
  const users = await Promise.all(Array.from({ length: BUYERS }, (_, n) => register(url, `buyer-${n}`)));
  writeFileSync(poolFile, JSON.stringify({ users, products, orders: [] }));
  const load = { kind: 'place', url, connections: CONNECTIONS, poolFile } as const;
  await run({ ...load, seconds: SECONDS });
  const rounds: LoadResult[] = [];
  for (let round = 0; round < ROUNDS; round++) rounds.push(await run({ ...load, seconds: SECONDS }));
  await served.stop();
  const failed = rounds.reduce((sum, one) => sum + one.failed, 0);
  if (failed > 0) throw new Error(`${failed} orders were not placed`);
  const per_second = median(rounds.map((one) => one.perSecond));
  const of = (what: 'p50' | 'p99'): number => median(rounds.map((one) => one[what]));
  return {
    per_second: Math.round(per_second),
    us_per_order: rounded(1e6 / per_second),
    p50: of('p50'),
    p99: of('p99'),
  };
}

async function readings({ settings, pool }: Installation, blocks: number): Promise<Record<string, Timed>> {
  const { rows } = await pool.query<{ user: string; order: string }>(
    `select ${uuid(`'user 1'`)} as user, ${uuid(`'order ' || ${blocks * 5}::bigint`)} as order`,
  );
  const { user, order } = rows[0] as (typeof rows)[0];
  const served = await serve(settings);
  const { url } = served;
  const buyer = await register(url, 'named');
  const named = await fetch(`${url}/v1/orders`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ user_id: buyer, items: [{ product_id: 1, quantity: 1 }], external_reference: 'PO-1' }),
  });
  if (named.status !== 201) throw new Error(`an order was answered with ${named.status}: ${await named.text()}`);
  const min = { 'min-log-position': named.headers.get('log-position') ?? '', prefer: 'wait=30' };
  await get(url, { path: '/v1/orders?limit=1', headers: min });
  const { headers } = await get(url, { path: '/v1/categories' });
  const reads: Record<string, Read> = {
    'status counts of a top category': { path: '/v1/categories/1/order-counts' },
    'status counts of all orders': { path: '/v1/order-counts' },
    'category tree, 200': { path: '/v1/categories' },
    'category tree, 304': {
      path: '/v1/categories',
      headers: { 'if-none-match': String(headers['etag']) },
      status: 304,
    },
    'orders of a user, first page': { path: `/v1/users/${user}/orders?limit=20` },
    'orders of a user, page in the middle': { path: await deepPage(url, user, blocks) },
    'order by number': { path: `/v1/orders?number=${blocks * 5}` },
    'order by reference': { path: '/v1/orders?external_reference=PO-1' },
    'order by id': { path: `/v1/orders/${order}` },
    'products of a category, first page': { path: '/v1/products?cat_id=1&limit=20' },
    'stock of a product': { path: `/v1/products/${CATALOG.products}/stock` },
  };
  const timed: Record<string, Timed> = {};
  for (const [name, read] of Object.entries(reads)) timed[name] = await timedRead(url, read);
  await served.stop();
  return timed;
}

/** Of 20 orders, behind half of the user's orders. A block has ten orders, of which one in twenty is this user's. */
async function deepPage(url: string, user: string, blocks: number): Promise<string> {
  let path = `/v1/users/${user}/orders?limit=${DEEP_PAGE}`;
  for (let passed = 0; passed < blocks / 4; passed += DEEP_PAGE) {
    const { next } = JSON.parse((await get(url, { path })).text) as { next: string | null };
    if (next === null) break;
    path = next;
  }
  return path.replace(/limit=\d+/, 'limit=20');
}

/** Of the users in the log nothing can be opened: those who order are registered here. @returns the user's id */
async function register(url: string, name: string): Promise<string> {
  const form = new FormData();
  form.set('name', name);
  form.set('email', `${name}@example.org`);
  form.set('id_proof', new Blob([PDF], { type: 'application/pdf' }), 'proof.pdf');
  const answer = await fetch(`${url}/v1/users`, { method: 'POST', body: form });
  if (answer.status !== 201) throw new Error(`a user was answered with ${answer.status}: ${await answer.text()}`);
  return ((await answer.json()) as { data: { user_id: string } }).data.user_id;
}

function told(what: string): void {
  console.error(what);
}
