/** What is asked of a log of a size, and the buyers who can still order. */
import { setTimeout as sleep } from 'node:timers/promises';
import { uuid, TRACKED } from './bulk-log.js';
import { PDF } from './catalog.js';
import type { Installation } from './installation.js';
import { serve } from './processes.js';
import type { Tell } from './progress.js';
import type { Pool } from './shop.js';
import { get, type Read, type Timed, timedRead } from './timed-reads.js';

export type Buyers = Pool;

export const PRODUCTS = 3_000;
/** All but those that have stock. */
export const SOLD: readonly number[] = Array.from({ length: PRODUCTS - TRACKED }, (_, n) => n + 1);
const DEEP_PAGE = 100;
/** Read models may be behind by all that a load has appended. */
const REACH_MS = 300_000;

export async function readings(
  { settings, pool, store }: Installation,
  blocks: number,
  quick: boolean,
  tell: Tell,
): Promise<Record<string, Timed>> {
  const { rows } = await pool.query<{ user: string; order: string }>(
    `select ${uuid(`'user 1'`)} as user, ${uuid(`'order ' || ${blocks * 5}::bigint`)} as order`,
  );
  const { user, order } = rows[0] as (typeof rows)[0];
  const served = await serve(settings);
  const { url } = served;
  const [buyer] = await registerBuyers(url, 1, 'named');
  const placed = await placeOrder(url, {
    user_id: buyer,
    items: [{ product_id: 1, quantity: 1 }],
    external_reference: 'PO-1',
  });
  await waitFor(url, placed);
  await reactorsReach(pool, await store.head());
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
    'stock of a product': { path: `/v1/products/${PRODUCTS}/stock` },
  };
  const timed: Record<string, Timed> = {};
  for (const [name, read] of Object.entries(reads)) {
    tell(name);
    timed[name] = await timedRead(url, read, quick ? 20 : 300);
  }
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

/** Nothing of the users in the log can be opened, so those who order are registered here. @returns their ids */
export function registerBuyers(url: string, count: number, name = 'buyer'): Promise<string[]> {
  return Promise.all(Array.from({ length: count }, (_, n) => register(url, `${name}-${n}`)));
}

async function register(url: string, name: string): Promise<string> {
  const form = new FormData();
  form.set('name', name);
  form.set('email', `${name}@example.org`);
  form.set('id_proof', new Blob([PDF], { type: 'application/pdf' }), 'proof.pdf');
  const answer = await fetch(`${url}/v1/users`, { method: 'POST', body: form });
  if (answer.status !== 201) throw new Error(`a user was answered with ${answer.status}: ${await answer.text()}`);
  return ((await answer.json()) as { data: { user_id: string } }).data.user_id;
}

/** @returns the Log-Position of the response */
export async function placeOrder(url: string, order: object): Promise<string> {
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(`${url}/v1/orders`, { method: 'POST', headers, body: JSON.stringify(order) });
  if (answer.status !== 201) throw new Error(`an order was answered with ${answer.status}: ${await answer.text()}`);
  await answer.arrayBuffer();
  return answer.headers.get('log-position') ?? '';
}

/** They read a log that was written past them from its start, which takes time from whatever else the process does. */
async function reactorsReach(pool: Installation['pool'], head: string): Promise<void> {
  for (const until = performance.now() + REACH_MS; ;) {
    const { rows } = await pool.query<{ behind: string }>(
      'select model as behind from orderlog.checkpoints where build = 0 and position < $1',
      [head],
    );
    if (rows.length === 0) return;
    if (performance.now() > until) throw new Error(`the reactor ${rows[0]?.behind} did not reach the head`);
    await sleep(100);
  }
}

/** Until the lists of orders have reached a position. */
export async function waitFor(url: string, position: string): Promise<void> {
  const headers = { 'min-log-position': position, prefer: 'wait=30' };
  for (const until = performance.now() + REACH_MS; ;) {
    const answer = await fetch(`${url}/v1/orders?limit=1`, { headers });
    const text = await answer.text();
    if (answer.ok) return;
    if (answer.status !== 503 || performance.now() > until)
      throw new Error(`the read models did not reach ${position}: ${answer.status} ${text.slice(0, 500)}`);
  }
}
