/**
 * The load generator, a process of its own: argv[2] is a Load as JSON, the answer is one LoadResult as JSON on standard
 * output.
 */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import autocannon from 'autocannon';

export interface Load {
  readonly url: string;
  readonly connections: number;
  /** How long, or how many requests. */
  readonly seconds?: number;
  readonly requests?: number;
  /** Lines of an order, 3 unless told, and pieces in each, 1 to 9 unless told. */
  readonly lines?: number;
  readonly quantity?: number;
  /** 409 is an answer like another. */
  readonly mayConflict?: boolean;
  /** What a `get` is answered with, 200 unless told. */
  readonly status?: number;
  readonly kind: 'place' | 'mark-paid' | 'cancel' | 'get';
  /** Path of a `get`. */
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Send an Idempotency-Key with every command. */
  readonly keyed?: boolean;
  /** Give the ids of the orders placed. */
  readonly keepOrders?: boolean;
  /** A file with {users: string[], products: number[], orders: string[]} to draw from; a `get` needs none. */
  readonly poolFile?: string;
}

export interface LoadResult {
  /** Requests that got the answer that was wanted. */
  readonly answered: number;
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
  readonly failed: number;
  /** Ids of the orders placed if they were to be kept, at most 200,000. */
  readonly orders: readonly string[];
}

const KEEP = 200_000;
const LINES = 3;
/** Orders that differ, taken in turn. */
const DIFFERENT = 500;

const load = JSON.parse(process.argv[2] ?? '') as Load;
const nothing = '{"users":[],"products":[],"orders":[]}';
const pool = JSON.parse(load.poolFile === undefined ? nothing : readFileSync(load.poolFile, 'utf8')) as {
  users: string[];
  products: number[];
  orders: string[];
};
const placed: string[] = [];
let used = 0;

function draw<T>(list: readonly T[]): T {
  return list[Math.floor(Math.random() * list.length)] as T;
}

const json = { 'content-type': 'application/json', ...load.headers };

/** Written out before the run: what the generator spends on a request, both sides lack. */
function orders(): autocannon.Request[] {
  return Array.from({ length: DIFFERENT }, (_, i) => {
    const items = Array.from({ length: load.lines ?? LINES }, () => {
      return { product_id: draw(pool.products), quantity: load.quantity ?? 1 + (i % 9) };
    });
    return {
      method: 'POST',
      path: '/v1/orders',
      headers: json,
      body: JSON.stringify({ user_id: draw(pool.users), items }),
      ...(load.keyed && { setupRequest: withKey }),
      ...(load.keepOrders && { onResponse: keep }),
    };
  });
}

function withKey(request: autocannon.Request): autocannon.Request {
  return { ...request, headers: { ...request.headers, 'idempotency-key': randomUUID() } };
}

function keep(status: number, body: string): void {
  if (status !== 201 || placed.length >= KEEP) return;
  placed.push(body.slice(body.indexOf('"order_id":"') + 12).slice(0, 36));
}

/** Each order is paid or cancelled once; autocannon ends by time, so there have to be enough of them. */
const change: autocannon.Request = {
  method: 'POST',
  path: '/',
  headers: json,
  body: '{}',
  setupRequest: (request) => {
    const order = pool.orders[used++ % pool.orders.length] as string;
    return { ...(load.keyed ? withKey(request) : request), path: `/v1/orders/${order}/${load.kind}` };
  },
};
const query: autocannon.Request = { method: 'GET', path: load.path ?? '/', headers: { ...load.headers } };

const begun = performance.now();
let ended = begun;
const result = await autocannon({
  url: load.url,
  connections: load.connections,
  setupClient: (client) => client.on('response', () => (ended = performance.now())),
  ...(load.seconds !== undefined && { duration: load.seconds }),
  ...(load.requests !== undefined && { amount: load.requests }),
  requests: load.kind === 'get' ? [query] : load.kind === 'place' ? orders() : [change],
});
const count = (status: number): number => result.statusCodeStats?.[`${status}` as const]?.count ?? 0;
const wanted = load.status === undefined ? result['2xx'] : count(load.status);
const all = result['2xx'] + result.non2xx;
// A run of so many requests is over with the last response; the duration that autocannon gives for it is in whole seconds.
const seconds = load.requests === undefined ? result.duration : (ended - begun) / 1_000;
const answer: LoadResult = {
  answered: wanted,
  perSecond: wanted / seconds,
  p50: result.latency.p50,
  p99: result.latency.p99,
  failed: all - wanted - (load.mayConflict ? count(409) : 0) + result.errors,
  orders: placed,
};
console.log(JSON.stringify(answer));
