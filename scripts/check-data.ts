/**
 * `npm run check:data -- DIR`: imports a folder into a fresh data folder, serves it, and compares every number that
 * DIR/expected holds with what the API answers. Stores named by the environment (DATABASE_URL, EVENTSTORE_URL) are used as
 * they are and have to be empty. Exit 0 all equal, 1 a difference or an error, 2 nothing to compare.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as pause } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { parse } from 'csv-parse/sync';
import { forEachInFlight } from '../src/engine/in-flight.js';

const CLI = fileURLToPath(new URL('../src/cli.js', import.meta.url));
const REQUESTS_AT_ONCE = 32;
const READY_WITHIN_MS = 120_000;
const DIFFERENCES_SHOWN = 50;

type Table = Record<string, string>[];

/** What the API says, beside what is expected. */
class Comparison {
  compared = 0;
  readonly differences: string[] = [];

  number(what: string, actual: number | undefined, expected: string | undefined): void {
    this.compared++;
    if (actual === undefined || String(actual) !== expected) {
      this.differences.push(`${what}: the API says ${actual ?? 'nothing'}, expected is ${expected ?? 'nothing'}`);
    }
  }
}

interface CategoryNode {
  readonly cat_id: number;
  readonly total_products: number;
  readonly child_categories: readonly CategoryNode[];
}

interface OrderAnswer {
  readonly status: 'placed' | 'paid' | 'cancelled';
  readonly total: number;
}

interface Answer {
  readonly data: unknown;
  readonly next?: string | null;
}

class Api {
  constructor(
    readonly origin: string,
    private readonly signal: AbortSignal,
  ) {}

  /** The caller says of what type the data are. */
  async get(path: string): Promise<Answer> {
    // A signal on each of so many requests would pile up listeners; a server that is gone ends them anyway.
    this.signal.throwIfAborted();
    const response = await fetch(this.origin + path).catch((error: unknown) => {
      this.signal.throwIfAborted();
      throw error;
    });
    const body = (await response.json()) as Answer;
    if (!response.ok) throw new Error(`GET ${path} answered ${response.status}: ${JSON.stringify(body)}`);
    return body;
  }

  async *list<T>(path: string): AsyncGenerator<T> {
    for (let next: string | null = path; next !== null;) {
      const page: Answer = await this.get(next);
      yield* page.data as readonly T[];
      next = page.next ?? null;
    }
  }
}

async function main(dir: string): Promise<number> {
  const expected = async (name: string): Promise<Table | null> => {
    const table = await readCsv(join(dir, 'expected', name));
    if (!table) console.log(`${name}: not there, so not compared`);
    return table;
  };
  const tables = {
    totals: await expected('total_products.csv'),
    counts: await expected('status_counts.csv'),
    users: await expected('user_orders.csv'),
  };
  if (!tables.totals && !tables.counts && !tables.users) {
    console.error(`${join(dir, 'expected')} holds nothing to compare with`);
    return 2;
  }
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const)
    process.once(name, () => stop.abort(new Error(`stopped by ${name}`)));
  const data = await mkdtemp(join(tmpdir(), 'orderlog-check-'));
  // The embedded database runs as another user when this is run as root.
  await chmod(data, 0o755);
  try {
    await importInto(join(data, 'data'), dir, stop.signal);
    const comparison = await serving(join(data, 'data'), stop.signal, async (api) => {
      const found = new Comparison();
      if (tables.totals) await compareTotals(api, tables.totals, found);
      if (tables.counts) await compareCounts(api, tables.counts, found);
      if (tables.users) await compareUsers(api, tables.users, (await readCsv(join(dir, 'users.csv'))) ?? [], found);
      return found;
    });
    return report(comparison);
  } finally {
    await rm(data, { recursive: true, force: true });
  }
}

async function compareTotals(api: Api, expected: Table, found: Comparison): Promise<void> {
  const totals = new Map<string, number>();
  const open = [...((await api.get('/v1/categories')).data as readonly CategoryNode[])];
  for (let node = open.pop(); node; node = open.pop()) {
    totals.set(String(node.cat_id), node.total_products);
    open.push(...node.child_categories);
  }
  for (const { cat_id = '', total_products } of expected) {
    found.number(`category ${cat_id}, total_products`, totals.get(cat_id), total_products);
  }
  found.number('number of categories', totals.size, String(expected.length));
  console.log(`total_products.csv: ${expected.length} categories`);
}

async function compareCounts(api: Api, expected: Table, found: Comparison): Promise<void> {
  await forEachInFlight(expected, REQUESTS_AT_ONCE, async (row) => {
    const answer = await api.get(`/v1/categories/${row['cat_id']}/order-counts`);
    const data = answer.data as Readonly<Record<string, number>>;
    for (const status of ['placed', 'paid', 'cancelled']) {
      found.number(`category ${row['cat_id']}, orders ${status}`, data[status], row[status]);
    }
  });
  console.log(`status_counts.csv: ${expected.length} categories`);
}

/** Users that are not in the expected file have no orders. total_amount is over all orders, cancelled ones too. */
async function compareUsers(api: Api, expected: Table, users: Table, found: Comparison): Promise<void> {
  const rows = new Map(expected.map((row) => [row['user_ref'], row]));
  const byEmail = new Map(users.map((user) => [user['email'], user['user_ref']]));
  const seen = new Set<string>();
  await forEachInFlight(
    api.list<{ user_id: string; email: string }>('/v1/users?limit=100'),
    REQUESTS_AT_ONCE,
    async ({ user_id, email }) => {
      const ref = byEmail.get(email);
      if (ref === undefined) {
        found.differences.push(`the API has a user that the files have not: ${user_id}`);
        return;
      }
      seen.add(ref);
      const sums = { placed: 0, paid: 0, cancelled: 0, total_amount: 0 };
      for await (const order of api.list<OrderAnswer>(`/v1/users/${user_id}/orders?limit=100`)) {
        sums[order.status]++;
        sums.total_amount += order.total;
      }
      const row = rows.get(ref);
      for (const [name, sum] of Object.entries(sums)) {
        found.number(`user ${ref}, ${name}`, sum, row ? row[name] : '0');
      }
    },
  );
  for (const ref of new Set([...byEmail.values(), ...rows.keys()])) {
    if (ref !== undefined && !seen.has(ref)) found.differences.push(`user ${ref} is not in the API`);
  }
  console.log(`user_orders.csv: ${expected.length} users with orders, ${seen.size} users`);
}

function report({ compared, differences }: Comparison): number {
  for (const difference of differences.slice(0, DIFFERENCES_SHOWN)) console.log(difference);
  const more = differences.length - DIFFERENCES_SHOWN;
  if (more > 0) console.log(`… and ${more} more`);
  console.log(`${compared} numbers compared, ${differences.length} differences`);
  return differences.length === 0 ? 0 : 1;
}

async function importInto(data: string, dir: string, signal: AbortSignal): Promise<void> {
  const child = orderlog(['import', dir, '--json'], [`ORDERLOG_DATA_DIR=${data}`], ['ignore', 'pipe', 'inherit']);
  const chunks: Buffer[] = [];
  child.stdout?.on('data', (chunk: Buffer) => chunks.push(chunk));
  const end = (): boolean => child.kill('SIGTERM');
  signal.addEventListener('abort', end);
  const [code] = (await once(child, 'close')) as [number | null];
  signal.removeEventListener('abort', end);
  const printed = Buffer.concat(chunks).toString();
  signal.throwIfAborted();
  if (code !== 0) throw new Error(`the import ended with ${code}: ${printed.slice(0, 2_000)}`);
  const { appended, skipped, seconds } = JSON.parse(printed) as Record<string, number>;
  console.log(`imported in ${seconds} s: ${appended} events appended, ${skipped} rows skipped`);
}

/** Runs the server for as long as the work takes, from when it is ready. */
async function serving<T>(data: string, signal: AbortSignal, work: (api: Api) => Promise<T>): Promise<T> {
  const port = await freePort();
  // The server's lines are not the result.
  const server = orderlog(['serve'], [`ORDERLOG_DATA_DIR=${data}`, 'HOST=127.0.0.1', `PORT=${port}`], ['ignore', 2, 2]);
  const ended = new AbortController();
  server.once('close', (code) => ended.abort(new Error(`the server ended with ${code}`)));
  try {
    const api = new Api(`http://127.0.0.1:${port}`, AbortSignal.any([signal, ended.signal]));
    await untilReady(api.origin, AbortSignal.any([signal, ended.signal]));
    return await work(api);
  } finally {
    if (!ended.signal.aborted) {
      const closed = once(server, 'close');
      server.kill('SIGTERM');
      const timer = setTimeout(() => server.kill('SIGKILL'), 20_000);
      await closed;
      clearTimeout(timer);
    }
  }
}

/** Ready says that every read model has passed the head of the log that was found at start. */
async function untilReady(origin: string, signal: AbortSignal): Promise<void> {
  const deadline = Date.now() + READY_WITHIN_MS;
  let last = '';
  while (Date.now() < deadline) {
    signal.throwIfAborted();
    try {
      const response = await fetch(`${origin}/health/ready`);
      last = await response.text();
      if (response.ok) return;
    } catch (error) {
      last = String(error);
    }
    await pause(200);
  }
  throw new Error(`the server was not ready in time: ${last}`);
}

/** `env` sets what must be set and passes on the rest. */
function orderlog(
  args: readonly string[],
  settings: readonly string[],
  stdio: ['ignore', 'pipe' | number, 'inherit' | number],
): ChildProcess {
  return spawn('env', ['SEED=none', 'LOG_LEVEL=warn', ...settings, process.execPath, CLI, ...args], { stdio });
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/** Null where there is neither the file nor its compressed form. */
async function readCsv(path: string): Promise<Table | null> {
  for (const [name, unpack] of [
    [path, (bytes: Buffer) => bytes],
    [`${path}.gz`, gunzipSync],
  ] as const) {
    if (existsSync(name)) return parse(unpack(await readFile(name)), { columns: true, bom: true });
  }
  return null;
}

const [dir] = process.argv.slice(2);
if (dir === undefined) {
  console.error('usage: npm run check:data -- DIR');
  process.exitCode = 2;
} else {
  try {
    process.exitCode = await main(resolve(dir));
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
