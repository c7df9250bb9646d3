/** Each problem that the OpenAPI document shows is answered in these very words. */
import t from 'tap';
import { SAMPLE } from '../../src/http/openapi/example.js';
import { problemExample } from '../../src/http/openapi/problem-examples.js';
import { PROBLEM_CODES, type ProblemCode } from '../../src/http/problem-codes.js';
import { required } from '../access/guarded.js';
import { Client, type Sent } from '../support/http-client.js';
import { demo, runningApp, userForm } from '../support/running-app.js';
import { tinyPdf } from '../support/tiny-pdf.js';

const { user_id: NOBODY } = SAMPLE;

/** Codes that it takes other callers, a lack of something, large requests or special files to bring about. Tests of their own do. */
const ELSEWHERE: readonly ProblemCode[] = [
  ...(['job-running', 'not-quarantined', 'read-model-busy'] as const),
  ...(['headers-too-large', 'out-of-stock', 'stock-reserved', 'revision-conflict', 'idempotency-in-flight'] as const),
  ...([
    'id-proof-pending',
    'order-too-large',
    'id-proof-encrypted',
    'id-proof-active-content',
    'rate-limited',
  ] as const),
  ...([
    'read-model-behind',
    'event-store-unavailable',
    'database-unavailable',
    'overloaded',
    'internal-error',
  ] as const),
];

const seen = new Set<string>();

type Request = readonly [code: ProblemCode, method: string, path: string, sent?: Sent];

t.test('each problem is answered as its example says', async (t) => {
  const shop = await runningApp(t, { seed: demo, access: required, uploadMaxBytes: 10_000 });
  const { http, runtime } = shop;
  http.position = runtime.tokens.encode(await runtime.store.head());
  http.patience = 30;
  const { user_id, email } = await shop.registerUser();
  const paid = (await shop.placeOrder(user_id, [1])).order_id;
  await http.ok('POST', `/v1/orders/${paid}/mark-paid`);
  const cancelled = (await shop.placeOrder(user_id, [1])).order_id;
  await http.ok('POST', `/v1/orders/${cancelled}/cancel`);
  await http.ok('POST', '/v1/products/5/retire');
  const { product_id: euro } = await shop.addProduct([1], { currency: 'EUR' });
  const { product_id: dear } = await shop.addProduct([1], { price: Number.MAX_SAFE_INTEGER });
  const product = { sku: 'NEW', name: 'New', price: 1, currency: 'USD', cat_ids: [1] };
  const order = (...products: number[]): Sent => ({
    json: { user_id, items: products.map((product_id) => ({ product_id, quantity: 1 })) },
  });
  const keyed = (price: number): Sent => ({ json: { price }, headers: { 'idempotency-key': 'one' } });
  await http.ok('PATCH', '/v1/products/4', keyed(6_500));
  await http.ok('POST', '/v1/orders', { json: { ...(order(1).json as object), external_reference: 'WEB-1' } });
  const asForm = (pdf: Buffer): Sent => ({ form: userForm('A', shop.freshEmail(), pdf) });
  const noFile = new FormData();
  for (const [name, value] of [['name', 'A'], ['email', 'a@shop.test']] as const) noFile.set(name, value); // prettier-ignore
  const requests: readonly Request[] = [
    ['invalid-request', 'POST', '/v1/orders', { json: { user_id: '42', items: [] } }],
    ['invalid-cursor', 'GET', '/v1/products?cursor=abc'],
    ['invalid-log-position', 'GET', '/v1/products/1', { headers: { 'min-log-position': 'x' } }],
    ['malformed-json', 'POST', '/v1/orders', { text: '{\n  "user_id": "ada",\n}' }],
    ['id-proof-missing', 'POST', '/v1/users', { form: noFile }],
    ['user-not-found', 'GET', `/v1/users/${NOBODY}`],
    ['order-not-found', 'GET', `/v1/orders/${NOBODY}`],
    ['category-not-found', 'GET', '/v1/categories/999'],
    ['product-not-found', 'GET', '/v1/products/999'],
    ['stock-not-tracked', 'POST', '/v1/products/1/stock/receive', { json: { quantity: 1 } }],
    ['route-not-found', 'GET', '/v1/nothing'],
    ['method-not-allowed', 'DELETE', '/v1/orders'],
    ['not-acceptable', 'GET', '/v1/categories', { headers: { accept: 'text/html' } }],
    ['payload-too-large', 'POST', '/v1/orders', { text: `"${'a'.repeat(2 * 1024 * 1024)}"` }],
    ['unsupported-media-type', 'POST', '/v1/orders', { text: 'a', headers: { 'content-type': 'text/plain' } }],
    ['job-not-found', 'GET', `/v1/ops/jobs/${NOBODY}`],
    ['order-paid', 'POST', `/v1/orders/${paid}/cancel`],
    ['order-cancelled', 'POST', `/v1/orders/${cancelled}/mark-paid`],
    ['email-taken', 'POST', '/v1/users', { form: userForm('A', email ?? '') }],
    ['sku-taken', 'POST', '/v1/products', { json: { ...product, sku: 'PRINTER-LASER-A4' } }],
    [
      'external-reference-taken',
      'POST',
      '/v1/orders',
      { json: { ...(order(1).json as object), external_reference: 'WEB-1' } },
    ],
    ['category-exists', 'POST', '/v1/categories', { json: { cat_id: 1, name: 'a' } }],
    ['category-code-taken', 'POST', '/v1/categories', { json: { code: 'clothes', name: 'a' } }],
    ['product-exists', 'POST', '/v1/products', { json: { ...product, product_id: 1 } }],
    ['category-cycle', 'PATCH', '/v1/categories/1', { json: { parent_cat_id: 2 } }],
    ['category-not-empty', 'DELETE', '/v1/categories/1'],
    ['revision-mismatch', 'PATCH', '/v1/products/6', { json: { price: 1 }, headers: { 'if-match': '"7"' } }],
    ['idempotency-mismatch', 'PATCH', '/v1/products/4', keyed(6_600)],
    ['unknown-product', 'POST', '/v1/orders', order(999)],
    ['product-retired', 'POST', '/v1/orders', order(5)],
    ['unknown-category', 'POST', '/v1/products', { json: { ...product, cat_ids: [999] } }],
    ['unknown-user', 'POST', '/v1/orders', { json: { user_id: NOBODY, items: [{ product_id: 1, quantity: 1 }] } }],
    ['currency-mismatch', 'POST', '/v1/orders', order(1, euro)],
    ['total-too-large', 'POST', '/v1/orders', order(dear, dear)],
    ['id-proof-not-pdf', 'POST', '/v1/users', asForm(Buffer.from('hello'))],
    ['id-proof-damaged', 'POST', '/v1/users', asForm(tinyPdf().subarray(0, 20))],
  ];
  for (const [code, method, path, sent] of requests) compare(code, (await http.send(method, path, sent)).body);
  compare('unauthenticated', (await new Client(http.url).get('/v1/orders')).body);
  const clerk = new Client(http.url, (await runtime.apiKeys.create('clerk', null)).key);
  compare('forbidden', (await clerk.send('POST', '/v1/products', { json: product })).body);
  await http.ok('POST', `/v1/users/${user_id}/erase`);
  compare('id-proof-not-found', (await http.get(`/v1/users/${user_id}/id-proof`)).body);
  compare('user-erased', (await http.send('PATCH', `/v1/users/${user_id}`, { json: { name: 'A' } })).body);

  function compare(code: ProblemCode, body: unknown): void {
    const { request_id: _, ...answer } = (body ?? {}) as Record<string, unknown>;
    const { value } = problemExample(code) as { value: Record<string, unknown> };
    const { request_id: __, ...example } = value;
    t.same(answer, example, code);
    seen.add(code);
  }
});

t.test('a code whose example is compared with no answer is listed', (t) => {
  t.same(PROBLEM_CODES.filter((code) => !seen.has(code)).toSorted(), ELSEWHERE.toSorted());
  t.end();
});
