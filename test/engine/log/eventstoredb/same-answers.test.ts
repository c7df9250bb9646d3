import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { EventStore } from '../../../../src/engine/core/event-store.js';
import { noProgress } from '../../../../src/commands/progress.js';
import { eventStoreDbLog, freshNamespace } from '../../../support/event-store/eventstoredb-log.js';
import { Namespaced } from '../../../support/event-store/namespaced.js';
import { testDatabase, type TestDatabase } from '../../../support/database.js';
import { type Answer, type Client, outcome, type Sent } from '../../../support/http-client.js';
import { temporaryFolder } from '../../../support/orderlog.js';
import { proofForm, type RunningApp, runningApp, userForm } from '../../../support/running-app.js';
import { writeShop } from '../../../support/shop-folder.js';
import { tinyPdf } from '../../../support/tiny-pdf.js';

const NOBODY = '018f0000-0000-7000-8000-000000000009';

/** Of one application: sends, and keeps what came. What was made so far is had by name, since ids are generated. */
class Script {
  readonly answers: { readonly what: string; readonly answer: Answer }[] = [];
  readonly #ids = new Map<string, string>();

  constructor(readonly http: Client) {}

  /** @param path with names of things in braces */
  async send(method: string, path: string, sent: Sent = {}, name?: string): Promise<Answer> {
    const answer = await this.http.send(method, this.#filled(path), this.#given(sent));
    this.answers.push({ what: `${method} ${path}`, answer });
    const data = answer.data as Record<string, unknown> | undefined;
    const id = data?.['order_id'] ?? data?.['user_id'] ?? data?.['product_id'] ?? data?.['cat_id'];
    if (name !== undefined) this.#ids.set(name, String(id));
    return answer;
  }

  /** Every page of a list. */
  async pages(path: string): Promise<void> {
    for (let next: string | null = this.#filled(path); next !== null;) {
      const answer = await this.http.get(next);
      this.answers.push({ what: `GET ${path}`, answer });
      next = (answer.body as { next?: string | null }).next ?? null;
    }
  }

  #filled(path: string): string {
    return path.replaceAll(/\{(\w+)\}/g, (_, name: string) => this.#ids.get(name) ?? name);
  }

  #given(sent: Sent): Sent {
    return sent.json === undefined ? sent : { ...sent, json: JSON.parse(this.#numbered(JSON.stringify(sent.json))) };
  }

  /** `"#name"` is an id that is a number. */
  #numbered(text: string): string {
    return this.#filled(text.replaceAll(/"#(\w+)"/g, (_, name: string) => this.#ids.get(name) ?? '0'));
  }
}

async function play(script: Script): Promise<void> {
  const put = (method: string, path: string, json?: unknown, name?: string): Promise<Answer> =>
    script.send(method, path, json === undefined ? {} : { json }, name);
  const get = (path: string): Promise<Answer> => script.send('GET', path);

  // What was imported.
  await get('/v1/categories');
  await get('/v1/categories?root=1&depth=2');
  for (const path of ['/v1/products?limit=50', '/v1/users?limit=7', '/v1/orders?limit=25']) await script.pages(path);
  for (const path of ['/v1/products?cat_id=1&limit=9', '/v1/orders?status=paid&limit=9']) await script.pages(path);
  for (const id of [1, 6, 155]) await get(`/v1/categories/${id}`);
  for (const id of [1, 6, 155]) await get(`/v1/categories/${id}/order-counts`);
  await get('/v1/products/1');
  await get('/v1/products?sku=SKU-2');
  await get('/v1/users?email=USER-3@example.org');

  // Categories.
  await put('POST', '/v1/categories', { name: 'Top', code: 'top' }, 'top');
  await put('POST', '/v1/categories', { name: 'Below', parent_cat_id: '#top' }, 'below');
  await put('POST', '/v1/categories', { name: 'Empty' }, 'empty');
  await put('POST', '/v1/categories', { cat_id: '#top', name: 'a' });
  await put('POST', '/v1/categories', { code: 'top', name: 'a' });
  await put('POST', '/v1/categories', { parent_cat_id: 9999, name: 'a' });
  await put('PATCH', '/v1/categories/{top}', { parent_cat_id: '#below' });
  await put('PATCH', '/v1/categories/{below}', { name: 'Renamed' });
  await put('PATCH', '/v1/categories/9999', { name: 'a' });
  await script.send('PATCH', '/v1/categories/{below}', { json: { name: 'b' }, headers: { 'if-match': '"77"' } });
  await put('DELETE', '/v1/categories/{top}');
  await put('DELETE', '/v1/categories/{empty}');
  await get('/v1/categories/{empty}');

  // Products.
  const product = { sku: 'NEW', name: 'New', price: 5, currency: 'EUR', cat_ids: ['#below'] };
  await put('POST', '/v1/products', product, 'pen');
  await put('POST', '/v1/products', product);
  await put('POST', '/v1/products', { ...product, sku: 'X', cat_ids: ['#below', 9999] });
  await put('POST', '/v1/products', { ...product, sku: 'GONE' }, 'gone');
  await put('POST', '/v1/products', { ...product, sku: 'YEN', currency: 'JPY' }, 'yen');
  await put('PATCH', '/v1/products/{pen}', { price: 6, name: 'Pen', cat_ids: ['#top', '#below'] });
  await put('PATCH', '/v1/products/{pen}', { price: 6 });
  await put('PATCH', '/v1/products/9999', { price: 6 });
  await put('POST', '/v1/products/{gone}/retire');
  await put('POST', '/v1/products/{gone}/reinstate');
  await put('POST', '/v1/products/{gone}/retire');
  await put('POST', '/v1/products/9999/retire');
  await put('DELETE', '/v1/categories/{below}');

  // Users.
  await script.send('POST', '/v1/users', { form: userForm('Ada', 'ada@shop.test') }, 'ada');
  await script.send('POST', '/v1/users', { form: userForm('Ada', 'ADA@shop.test') });
  await script.send('POST', '/v1/users', { form: userForm('Bob', 'bob@shop.test', Buffer.from('hello')) });
  await put('PATCH', '/v1/users/{ada}', { name: 'Ada L.', email: 'ada.l@shop.test' });
  await put('PATCH', '/v1/users/{ada}', { email: 'user-1@example.org' });
  await put('PATCH', `/v1/users/${NOBODY}`, { name: 'a' });
  await script.send('PUT', '/v1/users/{ada}/id-proof', { form: proofForm(tinyPdf(1)) });
  for (const path of ['', '/id-proof', '/events', '/events?limit=1', '/orders']) {
    await get(`/v1/users/{ada}${path}`);
    await get(`/v1/users/${NOBODY}${path}`);
  }

  // Orders; keyed, and under the same key again.
  const order = { user_id: '{ada}', items: [{ product_id: '#pen', quantity: 2 }] };
  const keyed = { json: order, headers: { 'idempotency-key': 'same' } };
  await script.send('POST', '/v1/orders', keyed, 'first');
  await script.send('POST', '/v1/orders', keyed);
  await script.send('POST', '/v1/orders', { ...keyed, json: { ...order, user_id: NOBODY } });
  await put('POST', '/v1/orders', order, 'second');
  await put('POST', '/v1/orders', { ...order, items: [{ product_id: 1, quantity: 3 }] }, 'third');
  await put('POST', '/v1/orders', { ...order, user_id: NOBODY });
  await put('POST', '/v1/orders', { ...order, items: [{ product_id: '#gone', quantity: 1 }] });
  await put('POST', '/v1/orders', { ...order, items: [{ product_id: 99_999, quantity: 1 }] });
  await put('POST', '/v1/orders', { ...order, items: ['#pen', '#yen'].map((id) => ({ product_id: id, quantity: 1 })) });
  await put('POST', '/v1/orders', { ...order, items: [] });
  await put('POST', '/v1/orders/{first}/mark-paid', { reference: 'R-1' });
  await put('POST', '/v1/orders/{first}/mark-paid', { reference: 'R-1' });
  await put('POST', '/v1/orders/{first}/mark-paid', { reference: 'R-2' });
  await put('POST', '/v1/orders/{first}/cancel');
  await script.send('POST', '/v1/orders/{second}/cancel', { headers: { 'if-match': '"3"' } });
  await script.send('POST', '/v1/orders/{second}/cancel', { headers: { 'if-match': '"0"' } });
  await put('POST', '/v1/orders/{second}/mark-paid');
  await put('POST', `/v1/orders/${NOBODY}/cancel`);
  for (const id of ['{first}', '{second}', '{third}', NOBODY]) await get(`/v1/orders/${id}`);
  await get(`/v1/orders/${NOBODY}/events`);
  for (const list of ['/v1/orders/{first}/events?limit=1', '/v1/users/{ada}/orders?limit=2']) await script.pages(list);

  // What is no good, and the rest of the routes.
  await script.send('POST', '/v1/orders', { text: '{' });
  await script.send('POST', '/v1/orders', { text: 'a', headers: { 'content-type': 'text/plain' } });
  await get('/v1/orders?cursor=none');
  await get('/v1/orders?limit=0');
  await script.send('GET', '/v1/orders', { headers: { 'min-log-position': 'none' } });
  await script.send('GET', '/v1/orders', { headers: { accept: 'text/html' } });
  await put('DELETE', '/v1/orders');
  await get('/v1/nothing');
  for (const path of ['/health/live', '/openapi.json', '/problems/order-paid', '/problems/none']) await get(path);
  for (const path of ['/v1/categories', '/v1/categories/{below}/order-counts', '/v1/categories/{top}']) await get(path);
}

const TIME = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g;
const ID = /[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}/g;
/** Sealed or opaque: the values differ, that they are there does not. */
const OPAQUE = /("(?:position|fingerprint|next)":)"[^"]*"/g;
/** Places are longer in one log than in the other, and so are bodies that hold one. */
const OPAQUE_HEADERS = new Set(['content-length', 'log-position', 'x-request-id', 'date', 'link', 'keep-alive']);

/** Without what is generated: ids become numbers in the order in which they come. */
function plain(answers: Script['answers']): unknown[] {
  const ids = new Map<string, number>();
  const numbered = (found: string): string => {
    if (!ids.has(found)) ids.set(found, ids.size);
    return `<id ${ids.get(found)}>`;
  };
  const without = (text: string): string =>
    text.replaceAll(OPAQUE, '$1"<opaque>"').replaceAll(ID, numbered).replaceAll(TIME, '<time>');
  return answers.map(({ what, answer }) => {
    const headers = Object.fromEntries(
      [...answer.headers].map(([name, value]) => [name, OPAQUE_HEADERS.has(name) ? '<opaque>' : without(value)]),
    );
    const body = answer.bytes.toString('latin1');
    return { what, status: outcome(answer), headers, body: without(body) };
  });
}

/** What one application needs to open what another has sealed and derived, and to hand out the same ids. */
async function copyKeys(from: TestDatabase, to: TestDatabase): Promise<void> {
  const { rows } = await from.pool.query<{ name: string; wrapped: Buffer }>('SELECT * FROM orderlog.secrets');
  for (const { name, wrapped } of rows) {
    await to.pool.query('INSERT INTO orderlog.secrets (name, wrapped) VALUES ($1, $2)', [name, wrapped]);
  }
}

async function played(t: Test, database: TestDatabase, folder: string, store?: EventStore): Promise<Script> {
  const app: RunningApp = await runningApp(t, { database, ...(store && { store }) });
  const { findings } = await app.runtime.import(folder, { dryRun: false, onError: 'stop', progress: noProgress });
  t.same([...findings], []);
  app.http.position = app.runtime.tokens.encode(await app.runtime.store.head());
  const script = new Script(app.http);
  await play(script);
  await app.close();
  return script;
}

void t.test(
  'on EventStoreDB every answer is that of the embedded log: status, headers and body, but for ids, positions and times',
  { timeout: 180_000 },
  async (t) => {
    const folder = await writeShop(join(temporaryFolder(t), 'shop'), { products: 120, users: 20, orders: 60 });
    t.ok((await readFile(join(folder, 'orders.ndjson'))).length > 0);
    const [one, other] = [await testDatabase(t), await testDatabase(t)];
    const embedded = await played(t, one, folder);
    await copyKeys(one, other);
    const { another } = await eventStoreDbLog(t);
    const elsewhere = await played(t, other, folder, new Namespaced(another(), freshNamespace()));
    const [wanted, found] = [plain(embedded.answers), plain(elsewhere.answers)];
    t.equal(found.length, wanted.length);
    for (const [n, answer] of wanted.entries()) t.strictSame(found[n], answer, embedded.answers[n]?.what ?? '');
    t.comment(`${wanted.length} answers compared`);
  },
);
