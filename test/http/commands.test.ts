import t from 'tap';
import type { CategoryAnswer } from '../../src/category/answer.js';
import type { OrderAnswer } from '../../src/order/answer.js';
import { type Answer, answered, outcome, type ProblemBody, type Sent } from '../support/http-client.js';
import { proofForm, runningApp, userForm } from '../support/running-app.js';
import { tinyPdf } from '../support/tiny-pdf.js';

void t.test('a command runs only on the revision that If-Match names, and answers with the next', async (t) => {
  const shop = await runningApp(t);
  const { http } = shop;
  const { user_id } = await shop.registerUser();
  const { cat_id } = await shop.addCategory();
  await shop.addCategory();
  const { product_id } = await shop.addProduct([cat_id]);
  const { order_id } = await shop.placeOrder(user_id, [product_id]);
  const commands: readonly (readonly [method: string, resource: string, action: string, sent: Sent])[] = [
    ['PATCH', `/v1/users/${user_id}`, '', { json: { name: 'Other' } }],
    ['PUT', `/v1/users/${user_id}`, '/id-proof', { form: proofForm(tinyPdf(10)) }],
    ['PATCH', `/v1/categories/${cat_id}`, '', { json: { name: 'Other' } }],
    ['PATCH', `/v1/products/${product_id}`, '', { json: { name: 'Other' } }],
    ['POST', `/v1/products/${product_id}`, '/retire', {}],
    ['POST', `/v1/products/${product_id}`, '/reinstate', {}],
    ['POST', `/v1/orders/${order_id}`, '/mark-paid', {}],
  ];
  for (const [method, resource, action, sent] of commands) {
    const what = `${method} ${resource}${action}`;
    const before = await http.ok('GET', resource);
    const tag = before.headers.get('etag') ?? '';
    t.equal(tag, `"${(before.data as { revision: number }).revision}"`, 'the tag is the revision');
    const stale = await http.send(method, resource + action, { ...sent, headers: { 'if-match': '"77"' } });
    t.equal(outcome(stale), '412 revision-mismatch', what);
    t.same((await http.ok('GET', resource)).data, before.data, 'nothing has changed');
    const done = await http.send(method, resource + action, { ...sent, headers: { 'if-match': tag } });
    t.equal(outcome(done), '200', what);
    t.not(done.headers.get('etag'), tag);
    const after = await http.ok('GET', resource);
    t.same([after.headers.get('etag'), after.data], [done.headers.get('etag'), done.data], 'and reads as answered');
  }
  const empty = (await shop.addCategory()).cat_id;
  const removal = (tag: string): Promise<Answer> =>
    http.send('DELETE', `/v1/categories/${empty}`, { headers: { 'if-match': tag } });
  t.equal(outcome(await removal('"0"')), '412 revision-mismatch', 'the revision of the tree, not of the category');
  const { headers } = await http.ok('GET', `/v1/categories/${empty}`);
  t.equal(outcome(await removal(headers.get('etag') ?? '')), '204');
});

void t.test('the largest id leaves ids for what is added without one', async (t) => {
  const shop = await runningApp(t);
  const largest = 2_147_483_647;
  const { cat_id } = await shop.addCategory({ cat_id: largest });
  await shop.addProduct([cat_id], { product_id: largest });
  const categories = [await shop.addCategory(), await shop.addCategory()].map((one) => one.cat_id);
  const products = [await shop.addProduct([cat_id]), await shop.addProduct([cat_id])].map((one) => one.product_id);
  for (const ids of [categories, products]) {
    t.equal(new Set([...ids, largest]).size, 3);
    t.ok(
      ids.every((id) => id > 0 && id < largest),
      ids.join(),
    );
  }
});

void t.test('at once under one key: one effect, and nobody is told of another', async (t) => {
  const shop = await runningApp(t);
  const { http } = shop;
  const { user_id } = await shop.registerUser();
  const { product_id } = await shop.addProduct([(await shop.addCategory()).cat_id]);
  const json = { user_id, items: [{ product_id, quantity: 1 }] };
  const headers = { 'idempotency-key': 'at-once' };
  const answers = await Promise.all(
    Array.from({ length: 8 }, () => answered(() => http.send('POST', '/v1/orders', { json, headers }))),
  );
  const ids = new Set(answers.map(({ data }) => (data as Partial<OrderAnswer> | undefined)?.order_id));
  t.same(new Set(answers.map(outcome)), new Set(['201']));
  t.equal(ids.size, 1);
  t.equal(((await http.ok('GET', '/v1/orders')).data as unknown[]).length, 1);
});

void t.test('what was made says where it is, and is there at once, also before any read model knows it', async (t) => {
  const shop = await runningApp(t);
  const { http } = shop;
  const made = await http.ok('POST', '/v1/categories', { json: { name: 'a' } });
  t.equal(made.headers.get('location'), `/v1/categories/${(made.data as CategoryAnswer).cat_id}`);
  for (const path of ['/v1/categories', '/v1/orders', '/v1/users', '/v1/products']) await http.ok('GET', path);
  await shop.stopProjectors();

  const late = await shop.addCategory();
  const later = await shop.addProduct([late.cat_id]);
  const newcomer = await shop.registerUser();
  const order = await shop.placeOrder(newcomer.user_id, [later.product_id]);
  http.position = null;
  for (const [path, expected] of [
    [`/v1/categories/${late.cat_id}`, late],
    [`/v1/products/${later.product_id}`, later],
    [`/v1/users/${newcomer.user_id}`, newcomer],
    [`/v1/orders/${order.order_id}`, order],
    [`/v1/categories/${late.cat_id}/order-counts`, { placed: 0, paid: 0, cancelled: 0 }],
  ] as const) {
    t.same((await http.ok('GET', path)).data, expected, path);
  }
  t.equal(outcome(await http.get(`/v1/users/${newcomer.user_id}/id-proof`)), '200');

  const position = shop.runtime.tokens.encode(await shop.runtime.store.head());
  const strict = { 'min-log-position': position, prefer: 'wait=0' };
  const behind = await http.get('/v1/orders', strict);
  t.equal(outcome(behind), '503 read-model-behind', 'a list can not be looked up elsewhere');
  t.ok(behind.headers.get('retry-after'));
  t.equal(outcome(await http.get('/v1/orders', { ...strict, prefer: 'wait=0, handling=lenient' })), '200');
});

void t.test('a list goes on where its page ended, whatever comes in between', async (t) => {
  const shop = await runningApp(t);
  const { http } = shop;
  const { product_id } = await shop.addProduct([(await shop.addCategory()).cat_id]);
  const { user_id } = await shop.registerUser();
  for (let i = 0; i < 5; i++) await shop.placeOrder(user_id, [product_id]);
  const idsOf = ({ data }: Answer): string[] => (data as OrderAnswer[]).map((order) => order.order_id);
  for (const path of ['/v1/orders', `/v1/users/${user_id}/orders`]) {
    const all = idsOf(await http.ok('GET', `${path}?limit=100`));
    const seen: string[] = [];
    for (let next: string | null = `${path}?limit=2&status=placed`; next !== null;) {
      const page: Answer = await http.ok('GET', next);
      seen.push(...idsOf(page));
      ({ next } = page.body as { next: string | null });
      t.equal(page.headers.get('link'), next === null ? null : `<${next}>; rel="next"`);
      if (next === null) break;
      await shop.placeOrder(user_id, [product_id]);
      t.equal(outcome(await http.get(next.replace('status=placed', 'status=paid'))), '400 invalid-cursor');
      t.equal(outcome(await http.get(`${next}x`)), '400 invalid-cursor');
    }
    t.same(seen, all, 'newest first, each once');
  }
});

void t.test('a request that creates something fails any If-Match, before anything happens', async (t) => {
  const shop = await runningApp(t);
  const { http } = shop;
  const { user_id } = await shop.registerUser();
  const { cat_id } = await shop.addCategory();
  const { product_id } = await shop.addProduct([cat_id]);
  const product = { sku: 'NEW', name: 'New', price: 1, currency: 'USD', cat_ids: [cat_id] };
  const creating: readonly (readonly [path: string, sent: () => Sent])[] = [
    ['/v1/users', () => ({ form: userForm('New', 'new@shop.test') })],
    ['/v1/orders', () => ({ json: { user_id, items: [{ product_id, quantity: 1 }] } })],
    ['/v1/categories', () => ({ json: { name: 'New' } })],
    ['/v1/products', () => ({ json: product })],
  ];
  const head = await shop.runtime.store.head();
  for (const [path, sent] of creating) {
    for (const tag of ['*', '"0"', 'W/"0"']) {
      const headers = { 'if-match': tag, 'idempotency-key': 'made' };
      t.equal(outcome(await http.send('POST', path, { ...sent(), headers })), '412 revision-mismatch', path + tag);
    }
    const bad = await http.send('POST', path, { ...sent(), headers: { 'if-match': '0', 'idempotency-key': 'a b' } });
    t.same(
      (bad.body as ProblemBody).errors?.map((fault) => fault.path),
      ['header.idempotency-key', 'header.if-match'],
    );
  }
  t.equal(await shop.runtime.store.head(), head, 'nothing was recorded');
  for (const [path, sent] of creating) {
    const answer = await http.send('POST', path, { ...sent(), headers: { 'idempotency-key': 'made' } });
    t.equal(outcome(answer), '201', `the key of ${path} was not used up`);
  }
});
