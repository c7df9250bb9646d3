import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { testDatabase } from '../support/database.js';
import { freezingProxy } from '../support/freezing-proxy.js';
import { Client } from '../support/http-client.js';
import { ready, serving, settingsFor, temporaryFolder, until } from '../support/orderlog.js';
import { Shop } from '../support/running-app.js';

/** A statement of a request ends after 6 s; the rest is for a busy machine. */
const ANSWERED_MS = 20_000;

interface Told {
  readonly status: number;
  readonly code: unknown;
}

async function told(url: string, init: RequestInit = {}): Promise<Told> {
  const answer = await fetch(url, { ...init, signal: AbortSignal.timeout(ANSWERED_MS) });
  const body = (await answer.json()) as { readonly code?: unknown };
  return { status: answer.status, code: body.code };
}

t.test(
  'connections that fall silent cost the requests under way an error in time, and nothing after them',
  async (t) => {
    const database = await testDatabase(t);
    const proxy = await freezingProxy(t, database.config);
    const serve = await serving(t, settingsFor(proxy, temporaryFolder(t)));
    await ready(serve.url);
    const shop = new Shop(new Client(serve.url));
    const { user_id } = await shop.registerUser();
    const { cat_id } = await shop.addCategory();
    const { product_id } = await shop.addProduct([cat_id]);
    await shop.placeOrder(user_id, [product_id]);
    const orders = `${serve.url}/v1/users/${user_id}/orders`;
    const order = {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ user_id, items: [{ product_id, quantity: 1 }] }),
    };
    // Several connections of the pool.
    await Promise.all(Array.from({ length: 6 }, () => told(orders)));

    proxy.freeze();
    const underWay = [told(`${serve.url}/v1/orders`, order), told(orders), told(`${serve.url}/v1/orders`, order)];
    const notReady = await told(`${serve.url}/health/ready`);
    t.equal(notReady.status, 503, 'ready says so');
    for (const { status, code } of await Promise.all(underWay)) {
      if (status === 503) t.match(code, /^(?:database|event-store)-unavailable$/);
      else t.ok(status < 300, `${status}`);
    }
    await until(async () => (await told(`${serve.url}/v1/orders`, order)).status === 201, 2 * ANSWERED_MS);
    await ready(serve.url);
    const placed = await fetch(`${serve.url}/v1/orders`, order);
    t.equal(placed.status, 201);
    const seen = { headers: { 'min-log-position': placed.headers.get('log-position') ?? '' } };
    await until(async () => (await told(orders, seen)).status === 200, ANSWERED_MS);

    proxy.freeze();
    const last = told(orders).catch(() => null);
    await sleep(200);
    const begun = Date.now();
    await serve.stop();
    t.ok(Date.now() - begun < 8_000, `ended after ${Date.now() - begun} ms`);
    await last;
  },
);

t.test('another process takes over from one whose connections were forgotten', async (t) => {
  const database = await testDatabase(t);
  const proxy = await freezingProxy(t, database.config);
  const settings = settingsFor(proxy, temporaryFolder(t));
  const forgotten = await serving(t, settings, '--projectors-only');
  await ready(forgotten.url);
  const other = await serving(t, { ...settings, DATABASE_URL: database.connectionString });
  await ready(other.url);
  const shop = new Shop(new Client(other.url));
  await shop.addCategory();
  const url = `${other.url}/v1/categories`;
  proxy.silence(true);
  proxy.forget();
  const begun = Date.now();
  const added = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'Added meanwhile' }),
  });
  const position = added.headers.get('log-position') ?? '';
  const seen = { headers: { 'min-log-position': position } };
  await until(async () => (await told(url, seen)).status === 200, 2 * ANSWERED_MS);
  t.ok(Date.now() - begun < 2 * ANSWERED_MS, `after ${Date.now() - begun} ms`);
  const stopped = Date.now();
  await forgotten.stop();
  t.ok(Date.now() - stopped < 8_000, `ended after ${Date.now() - stopped} ms`);
});
