/**
 * `npm run bench:switch -- DIR`: imports a data set, serves it under a constant rate of orders and of reads, and rebuilds and switches
 * all read models under that, several times, each after a quiet stretch to compare with. Prints what writes took in both, and
 * whatever a reader saw that it should not: a read that failed, an earlier place than before, a count that fell, an order that was
 * not there. Exit code 1 then.
 */
import { cpus } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PDF } from './catalog.js';
import { remove, temporaryFolder } from './ending.js';
import { orderlog, serve, stopServers } from './processes.js';

const ORDERS_A_SECOND = 50;
const READ_EVERY_MS = 20;
/** In front of each quiet stretch: what a rebuild has left to do. */
const SETTLE_MS = 3_000;
const QUIET_MS = 12_000;
const ROUNDS = 8;
const BUYERS = 20;

interface Answer {
  readonly status: number;
  readonly place: string;
  readonly data: unknown;
}

const [dir] = process.argv.slice(2);
if (dir === undefined) throw new Error('usage: npm run bench:switch -- DIR');
const folder = temporaryFolder('orderlog-bench-');
const settings = { ORDERLOG_DATA_DIR: join(folder, 'data'), SEED: 'none', HOME: folder };
const faults = new Map<string, number>();
const over = new AbortController();
let latencies: number[] = [];
let reads = 0;

try {
  await orderlog(settings, 'import', dir);
  const { url } = await serve(settings);
  const users = await Promise.all(Array.from({ length: BUYERS }, (_, n) => register(url, n)));
  const products = await productsOf(url);
  const [buyer] = users;
  const paths = [
    '/v1/categories',
    '/v1/categories/1/order-counts',
    `/v1/users/${buyer}/orders`,
    '/v1/orders',
    '/v1/users',
  ];
  const load = [placing(url, users, products), ...paths.map((path) => reading(url, path))];
  const rounds: { readonly seconds: number; readonly quiet: number[]; readonly rebuilding: number[] }[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    await sleep(SETTLE_MS);
    taken();
    await sleep(QUIET_MS);
    const quiet = taken();
    const began = performance.now();
    await orderlog(settings, 'rebuild');
    rounds.push({ seconds: Math.round(performance.now() - began) / 1_000, quiet, rebuilding: taken() });
  }
  over.abort();
  await Promise.all(load);
  await orderlog(settings, 'verify');
  const report = {
    ...{ cpu: cpus()[0]?.model, cores: cpus().length, node: process.versions.node },
    ...{ orders_a_second: ORDERS_A_SECOND, reads, rebuild_seconds: rounds.map(({ seconds }) => seconds) },
    write_ms: {
      quiet: figures(rounds.map(({ quiet }) => quiet)),
      rebuilding: figures(rounds.map((one) => one.rebuilding)),
    },
    faults: Object.fromEntries(faults),
  };
  process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
  process.exitCode = faults.size === 0 ? 0 : 1;
} finally {
  over.abort();
  await stopServers();
  remove(folder);
}

/** What orders took since it was last asked, in milliseconds from the moment that each was due. */
function taken(): number[] {
  const since = latencies;
  latencies = [];
  return since;
}

/** Of all rounds together; of each the p99, for other work on the machine shows there. */
function figures(rounds: readonly (readonly number[])[]): object {
  const at = (share: number, of: readonly number[]): number => {
    const sorted = of.toSorted((a, b) => a - b);
    return Math.round((sorted[Math.floor(sorted.length * share)] ?? 0) * 10) / 10;
  };
  const all = rounds.flat();
  const by_round = rounds.map((one) => at(0.99, one));
  return { n: all.length, p50: at(0.5, all), p99: at(0.99, all), longest: at(1 - 1e-9, all), p99_by_round: by_round };
}

function fault(what: string): void {
  faults.set(what, (faults.get(what) ?? 0) + 1);
}

async function ask(url: string, init: RequestInit = {}): Promise<Answer> {
  const answer = await fetch(url, init);
  const body = await answer.arrayBuffer();
  // What it takes to parse the whole tree would be taken for what writes take.
  const isTree = url.endsWith('/categories');
  const { data } = isTree ? { data: [] } : (JSON.parse(Buffer.from(body).toString()) as { data: unknown });
  // What follows the log's mark in a token is the place; it is for the server to read, and here for a witness.
  const place = Buffer.from(answer.headers.get('log-position') ?? '', 'base64url')
    .subarray(8)
    .toString();
  return { status: answer.status, place, data };
}

/** Orders at a constant rate, whatever became of those before. Every tenth is read at once. */
async function placing(url: string, users: readonly string[], products: readonly number[]): Promise<void> {
  const began = performance.now();
  const under: Promise<void>[] = [];
  for (let n = 0; !over.signal.aborted; n++) {
    const due = began + (n * 1_000) / ORDERS_A_SECOND;
    await sleep(Math.max(0, due - performance.now()));
    under.push(one(n, due).catch((error: unknown) => fault(`an order failed: ${String(error)}`)));
  }
  await Promise.all(under);

  async function one(n: number, due: number): Promise<void> {
    const items = [0, 1, 2].map((i) => ({ product_id: products[(n + i * 7) % products.length], quantity: 1 }));
    const body = JSON.stringify({ user_id: users[n % users.length], items });
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(`${url}/v1/orders`, { method: 'POST', headers, body });
    const { data } = (await response.json()) as { data: { order_id: string } };
    latencies.push(performance.now() - due);
    if (response.status !== 201) return fault(`an order was answered with ${response.status}`);
    if (n % 10 !== 0) return;
    const min = response.headers.get('log-position') ?? '';
    const read = await ask(`${url}/v1/orders/${data.order_id}`, { headers: { 'min-log-position': min } });
    if (read.status !== 200) fault(`an order that was placed was answered with ${read.status}`);
  }
}

async function reading(url: string, path: string): Promise<void> {
  let last = { place: '', count: 0 };
  while (!over.signal.aborted) {
    try {
      const { status, place, data } = await ask(url + path);
      reads += 1;
      if (status !== 200) fault(`${path} was answered with ${status}`);
      if (place < last.place) fault(`${path} went back`);
      const count = countIn(data);
      if (count < last.count) fault(`${path}: a count fell`);
      last = { place, count };
    } catch (error) {
      fault(`${path} failed: ${String(error)}`);
    }
    await sleep(READ_EVERY_MS);
  }
}

/** Orders of a category in whatever state; things in a list. */
function countIn(data: unknown): number {
  if (Array.isArray(data)) return data.length;
  const { placed = 0, paid = 0, cancelled = 0 } = data as Record<string, number>;
  return placed + paid + cancelled;
}

async function register(url: string, n: number): Promise<string> {
  const body = new FormData();
  body.set('name', `Buyer ${n}`);
  body.set('email', `buyer-${n}@example.org`);
  body.set('id_proof', new Blob([PDF], { type: 'application/pdf' }), 'proof.pdf');
  const { data } = await ask(`${url}/v1/users`, { method: 'POST', body });
  return (data as { user_id: string }).user_id;
}

async function productsOf(url: string): Promise<number[]> {
  const { data } = await ask(`${url}/v1/products?limit=100`);
  return (data as { product_id: number }[]).map(({ product_id }) => product_id);
}
