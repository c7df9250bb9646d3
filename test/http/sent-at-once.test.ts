import t from 'tap';
import type { ProductAnswer } from '../../src/product/answer.js';
import { answered, outcome } from '../support/http-client.js';
import { runningApp, userForm } from '../support/running-app.js';

void t.test('a product that is added many times at once under one key is one product', async (t) => {
  const shop = await runningApp(t);
  const { cat_id } = await shop.addCategory();
  for (const round of [1, 2, 3]) {
    const json = { sku: `ROUND-${round}`, name: 'Kettle', price: 900, currency: 'USD', cat_ids: [cat_id] };
    const headers = { 'idempotency-key': `round-${round}` };
    const answers = await Promise.all(
      Array.from({ length: 16 }, () => answered(() => shop.http.send('POST', '/v1/products', { json, headers }))),
    );
    const ids = new Set(answers.map(({ data }) => (data as ProductAnswer | undefined)?.product_id));
    t.same(new Set(answers.map(({ status }) => status)), new Set([201]));
    t.equal(ids.size, 1, 'all are told the same product');
    t.equal(((await shop.http.get(`/v1/products?sku=ROUND-${round}`)).data as unknown[]).length, 1);
  }
});

void t.test('whatever is sent many times at once under one key takes effect once, and is answered alike', async (t) => {
  const shop = await runningApp(t);
  const { http } = shop;
  const { cat_id } = await shop.addCategory();
  const user = await shop.registerUser();
  const { product_id } = await shop.addProduct([cat_id]);
  const order = await shop.placeOrder(user.user_id, [product_id]);
  const cases: readonly (readonly [string, string, () => object])[] = [
    ['POST', '/v1/categories', () => ({ json: { name: 'Once' } })],
    ['POST', '/v1/orders', () => ({ json: { user_id: user.user_id, items: [{ product_id, quantity: 2 }] } })],
    ['POST', `/v1/orders/${order.order_id}/mark-paid`, () => ({ json: { reference: 'INV-1' } })],
    ['PATCH', `/v1/users/${user.user_id}`, () => ({ json: { name: 'Once', email: 'once@shop.test' } })],
    ['POST', '/v1/users', () => ({ form: userForm('Once', 'at-once@shop.test') })],
  ];
  for (const [method, path, sent] of cases) {
    const headers = { 'idempotency-key': 'once' };
    const answers = await Promise.all(
      Array.from({ length: 12 }, () => answered(() => http.send(method, path, { ...sent(), headers }))),
    );
    t.equal(new Set(answers.map(({ bytes }) => bytes.toString())).size, 1, `${method} ${path}: one answer`);
    t.ok(answers.every(({ status }) => status === (method === 'POST' && !path.endsWith('mark-paid') ? 201 : 200)));
    t.equal(answers.filter((one) => one.headers.has('idempotency-replayed')).length, 11);
  }
  const { data } = await http.ok('GET', '/v1/categories');
  t.equal((data as { name: string }[]).filter(({ name }) => name === 'Once').length, 1);
});

void t.test('two requests at once under one key: one is carried out, the other is told of it', async (t) => {
  const shop = await runningApp(t);
  const { cat_id } = await shop.addCategory();
  const user = await shop.registerUser();
  const { product_id } = await shop.addProduct([cat_id]);
  const { order_id } = await shop.placeOrder(user.user_id, [product_id]);
  const pay = (reference: string, key: string) =>
    shop.http.send('POST', `/v1/orders/${order_id}/mark-paid`, {
      json: { reference },
      headers: { 'idempotency-key': key },
    });
  const outcomes = (await Promise.all([pay('INV-1', 'k'), pay('INV-2', '"k"')])).map(outcome);
  t.same(outcomes.sort(), ['200', '422 idempotency-mismatch']);
});

void t.test(
  'changes of one thing that come at once without If-Match all take effect, one after the other',
  async (t) => {
    const shop = await runningApp(t);
    const parents = [await shop.addCategory(), await shop.addCategory()].map(({ cat_id }) => cat_id);
    const { cat_id } = await shop.addCategory();
    const { product_id } = await shop.addProduct([cat_id]);
    const { user_id } = await shop.registerUser();
    const cases: readonly (readonly [string, (i: number) => object])[] = [
      [`/v1/categories/${cat_id}`, (i) => ({ name: `Lamps ${i}`, parent_cat_id: parents[i % 2] })],
      [`/v1/products/${product_id}`, (i) => ({ price: 1_000 + i })],
      [`/v1/users/${user_id}`, (i) => ({ name: `Ada ${i}` })],
      [`/v1/users/${user_id}`, (i) => ({ email: `ada-${i}@shop.test` })],
    ];
    for (const [path, change] of cases) {
      const answers = await Promise.all(
        Array.from({ length: 12 }, (_, i) => answered(() => shop.http.send('PATCH', path, { json: change(i) }))),
      );
      t.same(new Set(answers.map(({ status }) => status)), new Set([200]), path);
      t.equal(new Set(answers.map(({ headers }) => headers.get('etag'))).size, 12, 'each is a revision of its own');
    }
  },
);
