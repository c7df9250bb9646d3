import { randomUUID } from 'node:crypto';
import t, { type Test } from 'tap';
import { StreamAccess } from '../../src/engine/core/stream-access.js';
import { userEvents } from '../../src/user/events.js';
import { registerUser } from '../../src/user/register.js';
import { userStream } from '../../src/user/stream.js';
import { testContext } from '../support/context.js';
import { outcome, type Sent } from '../support/http-client.js';
import { proofForm, runningApp, type RunningApp, userForm } from '../support/running-app.js';
import { tinyPdf } from '../support/tiny-pdf.js';

const NOBODY = '018f0000-0000-7000-8000-000000000009';
const ERASED = '018f0000-0000-7000-8000-00000000000a';
const UNPROVEN = '018f0000-0000-7000-8000-00000000000b';
const at = '2026-01-02T00:00:00.000Z';

type Case = readonly [expected: string, what: string, method: string, path: string, sent?: Sent];

/** Sends each and compares status and code. */
async function check(t: Test, { http }: RunningApp, cases: readonly Case[]): Promise<void> {
  for (const [expected, what, method, path, sent] of cases) {
    t.equal(outcome(await http.send(method, path, sent)), expected, what);
  }
}

void t.test('what breaks a rule of the catalog is refused with the code of the rule', async (t) => {
  const shop = await runningApp(t);
  const top = (await shop.addCategory({ code: 'top' })).cat_id;
  const below = (await shop.addCategory({ parent_cat_id: top })).cat_id;
  const { product_id, sku } = await shop.addProduct([below]);
  const product = { sku: 'NEW', name: 'New', price: 1, currency: 'EUR', cat_ids: [below] };
  await check(t, shop, [
    ['409 category-exists', 'a cat_id that is taken', 'POST', '/v1/categories', { json: { cat_id: top, name: 'a' } }],
    ['409 category-code-taken', 'a code', 'POST', '/v1/categories', { json: { code: 'top', name: 'a' } }],
    ['422 unknown-category', 'a parent', 'POST', '/v1/categories', { json: { parent_cat_id: 999, name: 'a' } }],
    ['409 category-cycle', 'below itself', 'PATCH', `/v1/categories/${top}`, { json: { parent_cat_id: below } }],
    ['422 unknown-category', 'moved to no place', 'PATCH', `/v1/categories/${top}`, { json: { parent_cat_id: 999 } }],
    ['404 category-not-found', 'renamed', 'PATCH', '/v1/categories/999', { json: { name: 'a' } }],
    ['409 category-not-empty', 'with children', 'DELETE', `/v1/categories/${top}`],
    ['409 category-not-empty', 'with products', 'DELETE', `/v1/categories/${below}`],
    ['404 category-not-found', 'removed', 'DELETE', '/v1/categories/999'],
    ['409 product-exists', 'a product_id', 'POST', '/v1/products', { json: { ...product, product_id } }],
    ['409 sku-taken', 'a SKU', 'POST', '/v1/products', { json: { ...product, sku } }],
    ['422 unknown-category', 'a category', 'POST', '/v1/products', { json: { ...product, cat_ids: [below, 999] } }],
    ['422 unknown-category', 'put there', 'PATCH', `/v1/products/${product_id}`, { json: { cat_ids: [999] } }],
    ['404 product-not-found', 'changed', 'PATCH', '/v1/products/999', { json: { name: 'a' } }],
    ['404 product-not-found', 'retired', 'POST', '/v1/products/999/retire'],
    ['404 product-not-found', 'read', 'GET', '/v1/products/999'],
  ]);
  const { body } = await shop.http.send('POST', '/v1/products', { json: { ...product, cat_ids: [below, 999] } });
  t.match(body, { errors: [{ path: 'cat_ids[1]', message: 'unknown category' }] }, 'and the place is named');
  t.equal(outcome(await shop.http.get(`/v1/categories/${below}`)), '200', 'nothing of it was recorded');
  t.equal(((await shop.http.ok('GET', '/v1/products')).data as unknown[]).length, 1);
});

void t.test('what breaks a rule of users is refused with the code of the rule', async (t) => {
  const shop = await runningApp(t);
  const { http } = shop;
  const { user_id, email } = await shop.registerUser();
  await importUsers(shop);
  const noFile = new FormData();
  for (const [name, value] of [['name', 'A'], ['email', 'a@shop.test']] as const) noFile.set(name, value); // prettier-ignore
  const asForm = (pdf: Buffer): Sent => ({ form: userForm('A', shop.freshEmail(), pdf) });
  const taken = email?.toUpperCase() ?? '';
  await check(t, shop, [
    ['409 email-taken', 'in other letters', 'POST', '/v1/users', { form: userForm('A', taken) }],
    ['400 id-proof-missing', 'no file', 'POST', '/v1/users', { form: noFile }],
    ['422 id-proof-not-pdf', 'a text', 'POST', '/v1/users', asForm(Buffer.from('hello'))],
    ['422 id-proof-damaged', 'half a PDF', 'POST', '/v1/users', asForm(tinyPdf().subarray(0, 20))],
    ['413 payload-too-large', 'a huge one', 'POST', '/v1/users', asForm(Buffer.alloc(2 * 1024 * 1024, '%PDF-'))],
    ['404 user-not-found', 'changed', 'PATCH', `/v1/users/${NOBODY}`, { json: { name: 'A' } }],
    ['404 user-not-found', 'a proof', 'PUT', `/v1/users/${NOBODY}/id-proof`, { form: proofForm() }],
    ['409 user-erased', 'changed after all', 'PATCH', `/v1/users/${ERASED}`, { json: { name: 'A' } }],
    ['409 user-erased', 'a proof', 'PUT', `/v1/users/${ERASED}/id-proof`, { form: proofForm() }],
    ['404 user-not-found', 'read', 'GET', `/v1/users/${NOBODY}`],
    ['404 user-not-found', "a stranger's orders", 'GET', `/v1/users/${NOBODY}/orders`],
    ['404 user-not-found', "a stranger's events", 'GET', `/v1/users/${NOBODY}/events`],
    ['404 user-not-found', "a stranger's proof", 'GET', `/v1/users/${NOBODY}/id-proof`],
    ['404 id-proof-not-found', 'without a proof', 'GET', `/v1/users/${UNPROVEN}/id-proof`],
    ['404 id-proof-not-found', 'erased', 'GET', `/v1/users/${ERASED}/id-proof`],
    ['200', 'with one', 'GET', `/v1/users/${user_id}/id-proof`],
  ]);
  const other = await shop.registerUser();
  const moved = await http.send('PATCH', `/v1/users/${other.user_id}`, { json: { email } });
  t.equal(outcome(moved), '409 email-taken', 'changed to one that is taken');
});

void t.test('what breaks a rule of orders is refused with the code of the rule', async (t) => {
  const shop = await runningApp(t);
  const { user_id } = await shop.registerUser();
  await importUsers(shop);
  const { cat_id } = await shop.addCategory();
  const pen = (await shop.addProduct([cat_id], { currency: 'EUR' })).product_id;
  const dear = (await shop.addProduct([cat_id], { currency: 'EUR', price: Number.MAX_SAFE_INTEGER })).product_id;
  const yen = (await shop.addProduct([cat_id], { currency: 'JPY' })).product_id;
  const long = (await shop.addProduct([cat_id], { currency: 'EUR', name: '語'.repeat(200) })).product_id;
  const gone = (await shop.addProduct([cat_id])).product_id;
  await shop.http.ok('POST', `/v1/products/${gone}/retire`);
  const order = (userId: string, ...products: number[]): Sent => ({
    json: { user_id: userId, items: products.map((product_id) => ({ product_id, quantity: 2 })) },
  });
  const paid = (await shop.placeOrder(user_id, [pen])).order_id;
  await shop.http.ok('POST', `/v1/orders/${paid}/mark-paid`, { json: { reference: 'R-1' } });
  const cancelled = (await shop.placeOrder(user_id, [pen])).order_id;
  await shop.http.ok('POST', `/v1/orders/${cancelled}/cancel`);
  await check(t, shop, [
    ['422 unknown-user', 'of nobody', 'POST', '/v1/orders', order(NOBODY, pen)],
    ['409 user-erased', 'of an erased user', 'POST', '/v1/orders', order(ERASED, pen)],
    ['422 id-proof-pending', 'without a proof', 'POST', '/v1/orders', order(UNPROVEN, pen)],
    ['422 unknown-product', 'of nothing', 'POST', '/v1/orders', order(user_id, pen, 999)],
    ['422 product-retired', 'of what is not sold', 'POST', '/v1/orders', order(user_id, gone)],
    ['422 currency-mismatch', 'in two currencies', 'POST', '/v1/orders', order(user_id, pen, yen)],
    ['422 total-too-large', 'beyond 2^53 - 1', 'POST', '/v1/orders', order(user_id, dear)],
    ['422 order-too-large', 'too long', 'POST', '/v1/orders', order(user_id, ...Array<number>(2_000).fill(long))],
    ['400 invalid-request', 'too many lines', 'POST', '/v1/orders', order(user_id, ...Array<number>(2_001).fill(pen))],
    ['400 invalid-request', 'no line', 'POST', '/v1/orders', order(user_id)],
    ['409 order-paid', 'paid otherwise', 'POST', `/v1/orders/${paid}/mark-paid`, { json: { reference: 'R-2' } }],
    ['409 order-paid', 'a paid one cancelled', 'POST', `/v1/orders/${paid}/cancel`],
    ['409 order-cancelled', 'a cancelled one paid', 'POST', `/v1/orders/${cancelled}/mark-paid`],
    ['200', 'paid again', 'POST', `/v1/orders/${paid}/mark-paid`, { json: { reference: 'R-1' } }],
    ['200', 'cancelled again', 'POST', `/v1/orders/${cancelled}/cancel`],
    ['404 order-not-found', 'paid', 'POST', `/v1/orders/${NOBODY}/mark-paid`],
    [
      '404 order-not-found',
      'with a condition',
      'POST',
      `/v1/orders/${NOBODY}/cancel`,
      { headers: { 'if-match': '"0"' } },
    ],
    ['404 order-not-found', 'cancelled', 'POST', `/v1/orders/${NOBODY}/cancel`],
    ['404 order-not-found', 'read', 'GET', `/v1/orders/${NOBODY}`],
    ['404 order-not-found', 'its events', 'GET', `/v1/orders/${NOBODY}/events`],
  ]);
  const { data } = await shop.http.ok('GET', '/v1/orders');
  t.equal((data as unknown[]).length, 2, 'nothing of it was recorded');
});

/** A user who was erased and one without a proof: no route makes such a one. */
async function importUsers({ runtime, http }: RunningApp): Promise<void> {
  const { handler, emailClaims, store, tokens } = runtime;
  for (const user_id of [ERASED, UNPROVEN]) {
    const details = { user_id, name: 'A', email: `${user_id}@shop.test`, email_hash: user_id };
    await registerUser(handler, emailClaims, { type: 'ImportUser', ...details, id_proof: null, at }, testContext());
  }
  const stream = userStream.name(ERASED);
  const fact = { type: 'UserErased', data: { user_id: ERASED, email_claim: 'userEmail-gone', erased_at: at } };
  const event = await new StreamAccess(store, handler.vault).seal(
    stream,
    randomUUID(),
    fact,
    userEvents,
    testContext(),
  );
  http.position = tokens.encode((await store.append(stream, [event], 0)).position);
}
