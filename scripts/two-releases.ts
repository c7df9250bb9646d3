/**
 * `npm run check:releases -- OLD_CHECKOUT`: what docs/operating.md says of a new release, done under load. The built checkout of the older
 * release serves a data folder; this one starts beside it and upgrades the database; both take commands and reads; then the older one stops.
 * In the end every acknowledged order is as it was acknowledged, answers as of a moment before the upgrade are the same, nobody got a 5xx
 * but 503, verify is clean, and a rebuild from the whole log gives the same. Prints a report; exit 1 if anything of that is not so.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, chmodSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { writeCatalog } from '../bench/catalog.js';
import { freePort } from '../bench/processes.js';

const PHASE_MS = 8_000;
const WORKERS = 4;
const PRODUCTS = 200;
const READY_MS = 120_000;
/** For clients that read their own writes through either release. */
const PREFER = { prefer: 'wait=10' };

const [oldCheckout] = process.argv.slice(2);
if (oldCheckout === undefined) {
  console.error('usage: npm run check:releases -- OLD_CHECKOUT, a built checkout of the older release');
  process.exit(2);
}

interface Server {
  readonly name: 'old' | 'new';
  readonly url: string;
  readonly child: ChildProcess;
}

interface Acknowledged {
  readonly placedBy: Server['name'];
  status: string;
}

const folder = mkdtempSync(join(tmpdir(), 'orderlog-releases-'));
chmodSync(folder, 0o755);
const data = join(folder, 'data');
const env = { PATH: '/usr/bin:/bin', HOME: folder, ORDERLOG_DATA_DIR: data, SEED: 'none', LOG_LEVEL: 'fatal' };
const CLI = { old: join(resolve(oldCheckout), 'dist/src/cli.js'), new: join(import.meta.dirname, '../src/cli.js') };
/** What requests got, by phase and release. */
const answers: Record<string, Record<string, number>> = {};
const orders = new Map<string, Acknowledged>();
const problems: string[] = [];
const running: Server[] = [];
let phase = 'the older release alone';
let users: string[] = [];

try {
  await writeCatalog(join(folder, 'shop'), { products: PRODUCTS, users: 20 });
  await orderlog('old', 'import', join(folder, 'shop'));
  const old = await serve('old');
  users = await userIds(old);
  const over = new AbortController();
  const load = Promise.all(Array.from({ length: WORKERS }, () => work(over.signal)));
  await sleep(PHASE_MS);
  const moment = await momentOf(old);
  phase = 'both, until the newer one is ready';
  const begun = performance.now();
  const newer = await serve('new');
  const readyMs = Math.round(performance.now() - begun);
  phase = 'both take commands';
  await sleep(PHASE_MS);
  phase = 'the older release ends';
  running.splice(running.indexOf(old), 1);
  await end(old);
  await sleep(PHASE_MS);
  over.abort();
  await load;
  phase = 'after';
  const lost = await wrongOrders(newer);
  if (lost.length > 0)
    problems.push(`${lost.length} orders are not as they were acknowledged: ${lost.slice(0, 5).join(', ')}`);
  if ((await answersAsOf(newer, moment)) !== moment.answers) problems.push('answers as of before the upgrade differ');
  await end(newer);
  const verified = await orderlog<{ ok: boolean }>('new', 'verify');
  if (!verified.ok) problems.push('verify finds differences');
  await orderlog('new', 'rebuild');
  const again = await orderlog<{ ok: boolean }>('new', 'verify');
  if (!again.ok) problems.push('verify finds differences after a rebuild from the whole log');
  const of = (name: Server['name']): number => [...orders.values()].filter(({ placedBy }) => placedBy === name).length;
  const report = { ready_after_ms: readyMs, orders: { old: of('old'), new: of('new') }, answers, problems };
  process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
} finally {
  await Promise.all(running.map(end));
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = problems.length === 0 ? 0 : 1;

/** Places orders, pays, cancels, changes products and reads, at whichever release runs. */
async function work(over: AbortSignal): Promise<void> {
  while (!over.aborted) {
    const server = oneOf(running);
    if (!server) throw new Error('no release runs');
    const kind = Math.random();
    if (kind < 0.4) await place(server);
    else if (kind < 0.65) await change(server);
    else if (kind < 0.75) {
      const json = { price: 100 + Math.floor(Math.random() * 900) };
      await send(server, 'PATCH', `/v1/products/${1 + Math.floor(Math.random() * PRODUCTS)}`, json);
    } else {
      const known = oneOf([...orders.keys()].slice(-50));
      const user = oneOf(users);
      const paths = ['/v1/orders?limit=20', '/v1/categories/1/order-counts', `/v1/users/${user}/orders?limit=5`];
      await send(
        server,
        'GET',
        (known !== undefined && Math.random() < 0.3 ? `/v1/orders/${known}` : oneOf(paths)) ?? '',
      );
    }
  }
}

async function place(server: Server): Promise<void> {
  const items = [{ product_id: 1 + Math.floor(Math.random() * PRODUCTS), quantity: 2 }];
  const { status, body } = await send(server, 'POST', '/v1/orders', { user_id: oneOf(users), items });
  const order = (body as { data?: { order_id: string } }).data;
  if (status === 201 && order) orders.set(order.order_id, { placedBy: server.name, status: 'placed' });
}

/** Pays or cancels an order, whichever release placed it. */
async function change(server: Server): Promise<void> {
  const open = [...orders].filter(([, { status }]) => status === 'placed');
  const [id, order] = oneOf(open) ?? [];
  if (id === undefined || !order) return;
  // Nobody else takes it meanwhile.
  order.status = 'asked for';
  const [verb, becomes] = Math.random() < 0.7 ? ['mark-paid', 'paid'] : ['cancel', 'cancelled'];
  const { status } = await send(server, 'POST', `/v1/orders/${id}/${verb}`, {});
  order.status = status === 200 ? becomes : status === 503 || status === 0 ? 'unknown' : 'placed';
}

/** Status 0: the connection broke, as it may while a release ends. */
async function send(
  server: Server,
  method: string,
  path: string,
  json?: object,
): Promise<{ status: number; body: unknown }> {
  const at = phase;
  const headers = { ...PREFER, ...(json && { 'content-type': 'application/json' }) };
  try {
    const body = json && JSON.stringify(json);
    const response = await fetch(server.url + path, { method, headers, ...(body !== undefined && { body }) });
    const answer: unknown = await response.json();
    const { code } = answer as { code?: string };
    count(at, server, response.ok ? 'ok' : `${response.status} ${code}`);
    if (response.status >= 500 && response.status !== 503)
      problems.push(`${server.name} ${method} ${path}: ${response.status}`);
    return { status: response.status, body: answer };
  } catch (error) {
    const isEnding = !running.includes(server);
    count(at, server, isEnding ? 'no connection to the release that ends' : 'no connection');
    if (!isEnding) problems.push(`${server.name} ${method} ${path}: ${String(error)}`);
    return { status: 0, body: {} };
  }
}

function count(at: string, { name }: Server, what: string): void {
  const row = (answers[`${at}: ${name}`] ??= {});
  row[what] = (row[what] ?? 0) + 1;
}

async function wrongOrders(server: Server): Promise<string[]> {
  const wrong: string[] = [];
  for (const [id, { status }] of orders) {
    const answer = await fetch(`${server.url}/v1/orders/${id}`, { headers: PREFER });
    const found = ((await answer.json()) as { data?: { status: string } }).data?.status;
    if (found === undefined || (status !== 'unknown' && found !== status))
      wrong.push(`${id} is ${found}, not ${status}`);
  }
  return wrong;
}

interface Moment {
  readonly token: string;
  readonly orders: readonly string[];
  readonly answers: string;
}

async function momentOf(server: Server): Promise<Moment> {
  const response = await fetch(`${server.url}/v1/orders?limit=1`, { headers: PREFER });
  await response.arrayBuffer();
  const moment = { token: response.headers.get('log-position') ?? '', orders: [...orders.keys()].slice(0, 20) };
  return { ...moment, answers: await answersAsOf(server, { ...moment, answers: '' }) };
}

async function answersAsOf(server: Server, { token, orders: ids }: Moment): Promise<string> {
  const found: unknown[] = [];
  const paths = ['/v1/categories', '/v1/categories/1/order-counts', ...ids.map((id) => `/v1/orders/${id}`)];
  for (const path of [...paths, ...users.slice(0, 5).map((id) => `/v1/users/${id}/orders`)]) {
    const response = await fetch(`${server.url}${path}?as_of=${token}`, { headers: { prefer: 'wait=30' } });
    const body = (await response.json()) as { data?: unknown };
    if (!response.ok) problems.push(`${server.name}: ${path} as of before the upgrade answers ${response.status}`);
    found.push(withoutNewMembers(body.data));
  }
  return JSON.stringify(found);
}

/** A later release may answer more than an older one: what both answer must be the same. */
function withoutNewMembers(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNewMembers);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, member]) => member !== null)
      .map(([name, member]) => [name, withoutNewMembers(member)] as const)
      .sort(),
  );
}

async function userIds(server: Server): Promise<string[]> {
  const response = await fetch(`${server.url}/v1/users?limit=100`);
  return ((await response.json()) as { data: { user_id: string }[] }).data.map(({ user_id }) => user_id);
}

async function serve(name: Server['name']): Promise<Server> {
  const port = await freePort();
  const child = spawn(process.execPath, [CLI[name], 'serve'], {
    env: { ...env, PORT: String(port) },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const url = `http://127.0.0.1:${port}`;
  for (const deadline = Date.now() + READY_MS; ;) {
    const answer = await fetch(`${url}/health/ready`).catch(() => null);
    if (answer?.ok) break;
    if (child.exitCode !== null || Date.now() > deadline) {
      throw new Error(`the ${name} release is not ready: ${await answer?.text()}`);
    }
    await sleep(50);
  }
  const server = { name, url, child };
  running.push(server);
  return server;
}

async function end({ child }: Server): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  await once(child, 'exit');
}

async function orderlog<T>(name: Server['name'], ...args: string[]): Promise<T> {
  const child = spawn(process.execPath, [CLI[name], ...args, '--json'], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.on('data', (piece: Buffer) => (text += piece.toString()));
  const [code] = (await once(child, 'close')) as [number];
  if (code !== 0 && text === '') throw new Error(`orderlog ${args[0]} of the ${name} release ended with ${code}`);
  return JSON.parse(text) as T;
}

function oneOf<T>(list: readonly T[]): T | undefined {
  return list[Math.floor(Math.random() * list.length)];
}
