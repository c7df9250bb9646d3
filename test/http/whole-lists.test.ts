import { parse } from 'csv-parse/sync';
import t from 'tap';
import { outcome } from '../support/http-client.js';
import { runningApp, type RunningApp } from '../support/running-app.js';

type Row = Readonly<Record<string, string>>;
type Item = Readonly<Record<string, unknown>>;

async function file(shop: RunningApp, path: string, accept: string): Promise<{ text: string; headers: Headers }> {
  const answer = await shop.http.send('GET', path, { headers: { accept } });
  t.equal(answer.status, 200, `${path} ${answer.bytes.toString()}`);
  return { text: answer.bytes.toString('utf8'), headers: answer.headers };
}

async function ndjson(shop: RunningApp, path: string): Promise<Item[]> {
  const { text } = await file(shop, path, 'application/x-ndjson');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Item);
}

async function csv(shop: RunningApp, path: string): Promise<Row[]> {
  const { text } = await file(shop, path, 'text/csv');
  return parse(text, { columns: true, record_delimiter: '\r\n' });
}

/** By way of pages. */
async function paged(shop: RunningApp, path: string): Promise<Item[]> {
  const items: Item[] = [];
  let next: string | null = `${path}${path.includes('?') ? '&' : '?'}limit=7`;
  while (next !== null) {
    const { body } = await shop.http.ok('GET', next);
    const page = body as { readonly data: Item[]; readonly next: string | null };
    items.push(...page.data);
    next = page.next;
  }
  return items;
}

async function filled(shop: RunningApp): Promise<void> {
  const cats = [(await shop.addCategory()).cat_id, (await shop.addCategory()).cat_id];
  const products = [];
  for (let i = 0; i < 17; i++) products.push(await shop.addProduct([cats[i % 2] as number]));
  const retired = products[3]?.product_id;
  await shop.http.ok('POST', `/v1/products/${retired}/retire`);
  const buyers = [];
  for (let i = 0; i < 9; i++)
    buyers.push(await shop.registerUser({ name: i === 0 ? '=cmd()|"x", y\u00fc' : `Buyer ${i}` }));
  for (let i = 0; i < 23; i++) {
    const { order_id } = await shop.placeOrder(buyers[i % 9]?.user_id as string, [
      products[i % 3]?.product_id as number,
    ]);
    const path = `/v1/orders/${order_id}`;
    if (i % 3 === 0) await shop.http.ok('POST', `${path}/mark-paid`, { json: { reference: `-${i}` } });
    if (i % 3 === 1) await shop.http.ok('POST', `${path}/cancel`, { json: { reason: '@home' } });
  }
  await shop.http.ok('POST', `/v1/users/${buyers[8]?.user_id}/erase`);
}

void t.test('a list as a file is the list, whole and in its order, with the same filters', async (t) => {
  const shop = await runningApp(t);
  await filled(shop);
  for (const path of [
    ...[
      '/v1/users',
      `/v1/users?email=${encodeURIComponent('user-2@shop.test')}`,
      '/v1/products',
      '/v1/products?status=retired',
    ],
    ...['/v1/products?cat_id=1', '/v1/orders', '/v1/orders?status=paid', '/v1/orders?status=cancelled'],
    `/v1/orders?as_of=${encodeURIComponent(shop.http.position ?? '')}`,
    ...['/v1/orders?sort=total&total_min=200', '/v1/orders?cat_id=1&status=placed,paid&sort=placed_at'],
  ]) {
    const items = await paged(shop, path);
    t.same(await ndjson(shop, path), items, path);
    const rows = await csv(shop, path);
    t.equal(rows.length, items.length, path);
    for (const [i, row] of rows.entries()) {
      for (const [column, cell] of Object.entries(row)) {
        const value = items[i]?.[column];
        if (typeof value === 'number') t.equal(cell, String(value));
        if (typeof value === 'string') t.equal(cell, /^[=+\-@]/.test(value) ? `'${value}` : value);
        if (value === null) t.equal(cell, '');
      }
    }
  }
  const orders = await csv(shop, '/v1/orders');
  t.ok(orders.every(({ items }) => Array.isArray(JSON.parse(items ?? ''))));
  t.same(new Set(orders.map(({ reason }) => reason)), new Set(['', "'@home"]), 'no cell is a formula');
  t.ok(
    orders
      .filter(({ status }) => status === 'paid')
      .every(({ paid_at, reference }) => paid_at !== '' && /^'-\d+$/.test(reference ?? '')),
  );
  t.ok(
    (await csv(shop, '/v1/users')).some(({ name }) => name === '\'=cmd()|"x", y\u00fc'),
    'quotes, commas and other letters',
  );
  t.match((await csv(shop, '/v1/products'))[0], { cat_ids: /^\d+$/, sku: /^SKU-/, price: /^\d+$/ });
});

void t.test('a file of an empty list has its columns, and the position that it is true for', async (t) => {
  const shop = await runningApp(t);
  for (const [path, columns] of [
    ['/v1/users', 'user_id,name,email,status,id_proof_sha256,'],
    ['/v1/orders', 'order_id,user_id,number,external_reference,status,'],
    ['/v1/products', 'product_id,sku,name,price,currency,cat_ids,'],
  ] as const) {
    const { text, headers } = await file(shop, path, 'text/csv');
    t.ok(text.startsWith(columns), text);
    t.equal(text.split('\r\n').length, 2, 'the header and nothing else');
    t.equal(headers.get('content-type'), 'text/csv; charset=utf-8; header=present');
    t.ok(headers.get('log-position'));
    t.equal((await file(shop, path, 'application/x-ndjson')).text, '');
  }
});

void t.test('which form a caller gets is what it likes best, and a part of a file is refused', async (t) => {
  const shop = await runningApp(t);
  const type = async (accept: string): Promise<string> => {
    const { headers } = await shop.http.send('GET', '/v1/users', { headers: { accept } });
    return headers.get('content-type')?.split(';')[0] ?? '';
  };
  for (const [accept, expected] of [
    ['*/*', 'application/json'],
    ['text/csv, */*;q=0.1', 'text/csv'],
    ['text/csv, */*', 'text/csv'],
    ['text/*', 'text/csv'],
    ['application/json, text/csv;q=0.9', 'application/json'],
    ['application/x-ndjson', 'application/x-ndjson'],
    ['application/*', 'application/json'],
    ['text/html', 'application/problem+json'],
  ] as const) {
    t.equal(await type(accept), expected, accept);
  }
  for (const query of ['limit=5', 'cursor=abc']) {
    const answer = await shop.http.send('GET', `/v1/orders?${query}`, { headers: { accept: 'text/csv' } });
    t.equal(outcome(answer), '400 invalid-request', query);
  }
  const unknown = await shop.http.send('GET', '/v1/products?cat_id=99', { headers: { accept: 'text/csv' } });
  t.equal(outcome(unknown), '404 category-not-found', 'what is wrong is told before the file begins');
  const head = await shop.http.send('HEAD', '/v1/users', { headers: { accept: 'text/csv' } });
  t.equal(head.status, 200);
  t.equal(head.bytes.length, 0);
  t.equal(head.headers.get('cache-control'), 'no-store');
  const sessions = "select count(*)::int as n from pg_stat_activity where application_name = 'orderlog-export'";
  t.same(
    (await shop.database.pool.query(`${sessions} and datname = current_database()`)).rows,
    [{ n: 0 }],
    'no snapshot stays',
  );
});

void t.test('all read models on one snapshot stay as they were when it began', async (t) => {
  const shop = await runningApp(t);
  await shop.registerUser();
  const fresh = { min: await shop.runtime.store.head(), waitMs: 10_000, lenient: false };
  await shop.runtime.models.users.newest({ limit: 9 }, fresh);
  const { models, lost, release } = await shop.runtime.freeze('request');
  t.teardown(release);
  t.equal((await models.users.newest({ limit: 9 })).users.length, 1);
  await shop.registerUser();
  await shop.http.ok('GET', '/v1/users');
  const { users, position } = await models.users.newest({ limit: 9 });
  t.equal(users.length, 1);
  t.ok(position < (await shop.runtime.models.users.newest({ limit: 9 })).position);
  await release();
  t.ok(lost.aborted);
});
