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
  readonly seconds: number;
  readonly kind: 'place' | 'mark-paid' | 'cancel' | 'get';
  /** Path of a `get`. */
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Send an Idempotency-Key with every command. */
  readonly keyed?: boolean;
  /** A file with {users: string[], products: number[], orders: string[]} to draw from. */
  readonly poolFile: string;
}

export interface LoadResult {
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
  readonly failed: number;
  /** Ids of the orders placed, at most 200,000. */
  readonly orders: readonly string[];
}

const KEEP = 200_000;
const LINES = 3;

const load = JSON.parse(process.argv[2] ?? '') as Load;
const pool = JSON.parse(readFileSync(load.poolFile, 'utf8')) as {
  users: string[];
  products: number[];
  orders: string[];
};
const placed: string[] = [];
let used = 0;

function draw<T>(list: readonly T[]): T {
  return list[Math.floor(Math.random() * list.length)] as T;
}

function nextRequest(request: autocannon.Request): autocannon.Request {
  const headers = { ...request.headers, ...(load.keyed && { 'idempotency-key': randomUUID() }) };
  if (load.kind === 'place') {
    const items = Array.from({ length: LINES }, () => ({
      product_id: draw(pool.products),
      quantity: 1 + (used++ % 9),
    }));
    return { ...request, headers, body: JSON.stringify({ user_id: draw(pool.users), items }) };
  }
  // Each order is paid or cancelled once; autocannon ends by time, so there have to be enough of them.
  const order = pool.orders[used++ % pool.orders.length] as string;
  return { ...request, headers, path: `/v1/orders/${order}/${load.kind}` };
}

const json = { 'content-type': 'application/json', ...load.headers };
const command: autocannon.Request = {
  method: 'POST',
  path: '/v1/orders',
  headers: json,
  ...(load.kind !== 'place' && { body: '{}' }),
  setupRequest: nextRequest,
  onResponse: (status, body) => {
    if (load.kind !== 'place' || status !== 201 || placed.length >= KEEP) return;
    placed.push(body.slice(body.indexOf('"order_id":"') + 12).slice(0, 36));
  },
};
const query: autocannon.Request = { method: 'GET', path: load.path ?? '/', headers: { ...load.headers } };

const result = await autocannon({
  url: load.url,
  connections: load.connections,
  duration: load.seconds,
  requests: [load.kind === 'get' ? query : command],
});
const answer: LoadResult = {
  perSecond: result['2xx'] / result.duration,
  p50: result.latency.p50,
  p99: result.latency.p99,
  failed: result.non2xx + result.errors,
  orders: placed,
};
console.log(JSON.stringify(answer));
