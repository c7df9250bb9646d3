import t from 'tap';
import { accessTable } from '../../src/access/access-table.js';
import { outcome } from '../support/http-client.js';
import { proofForm, runningApp } from '../support/running-app.js';
import { guardedSample } from '../access/guarded.js';

void t.test('every route of users, of orders and of the log is marked as personal', (t) => {
  const marked = Object.entries(accessTable).filter(([, access]) => access.isPersonal);
  const paths = Object.keys(accessTable).filter((route) => /\/v1\/(?:users|orders|log)\b/.test(route));
  t.ok(paths.length > 12);
  for (const path of paths) t.ok(accessTable[path]?.isPersonal, path);
  t.ok(
    marked.every(([route]) => !/categories|products|health|docs|problems/.test(route)),
    'the catalog is not',
  );
  t.end();
});

void t.test('no cache may keep an answer that tells of people, whatever it is', async (t) => {
  const shop = await runningApp(t);
  const { http } = shop;
  const user = await shop.registerUser();
  const { cat_id } = await shop.addCategory();
  const { product_id } = await shop.addProduct([cat_id]);
  const keyed = { headers: { 'idempotency-key': 'one' } };
  const json = { user_id: user.user_id, items: [{ product_id, quantity: 1 }] };
  const placed = await http.ok('POST', '/v1/orders', { json, ...keyed });
  const replayed = await http.ok('POST', '/v1/orders', { json, ...keyed });
  t.equal(replayed.headers.get('idempotency-replayed'), 'true');
  const order = (placed.data as { order_id: string }).order_id;
  const own = `/v1/users/${user.user_id}`;
  const answers = [
    placed,
    replayed,
    ...(await Promise.all(
      [own, '/v1/users', `${own}/orders`, `${own}/events`, `${own}/id-proof`, '/v1/orders', `/v1/orders/${order}`].map(
        (path) => http.ok('GET', path),
      ),
    )),
    await http.ok('GET', `/v1/orders/${order}/events`),
    await http.ok('POST', `/v1/orders/${order}/cancel`),
    await http.ok('PUT', `${own}/id-proof`, { form: proofForm() }),
    await http.ok('POST', `${own}/erase`),
  ];
  for (const { headers } of answers) t.equal(headers.get('cache-control'), 'no-store');
  const refused = await http.get('/v1/users/not-an-id');
  t.equal(outcome(refused), '400 invalid-request');
  t.equal(refused.headers.get('cache-control'), 'no-store', 'a problem may name people too');
  t.not((await http.ok('GET', '/v1/products')).headers.get('cache-control'), 'no-store');
  t.equal(
    (await http.ok('GET', '/v1/categories')).headers.get('cache-control'),
    'no-cache',
    'the tree is asked for again',
  );
});

void t.test('the answer to a caller without a key is kept no more than the others', async (t) => {
  const app = await guardedSample(t);
  const { statusCode, headers } = await app.inject({ url: '/v1/users/018f0000-0000-7000-8000-00000000000a' });
  t.equal(statusCode, 401);
  t.equal(headers['cache-control'], 'no-store');
});
