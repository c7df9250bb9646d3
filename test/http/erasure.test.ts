import t from 'tap';
import { projections } from '../../projections/index.js';
import type { ErasureReceipt, UserAnswer } from '../../src/user/answer.js';
import { rebuildAll } from '../engine/builds/rebuilding.js';
import { outcome } from '../support/http-client.js';
import { until } from '../support/orderlog.js';
import { readModelRows } from '../support/read-model-rows.js';
import { asOfRows, forgetAsOfBuilds } from '../support/as-of-builds.js';
import { proofForm, type RunningApp, runningApp, userForm } from '../support/running-app.js';
import { tinyPdf } from '../support/tiny-pdf.js';

const NOBODY = '018f0000-0000-7000-8000-000000000009';

interface Customer {
  readonly user_id: string;
  readonly emails: readonly string[];
  readonly documents: readonly string[];
  readonly cancelled: string;
  readonly paid: string;
  readonly open: string;
}

/** A user with two names, two addresses, two proofs, and an order in each status. */
async function customerOf(shop: RunningApp): Promise<Customer> {
  const { http } = shop;
  const { cat_id } = await shop.addCategory();
  const { product_id } = await shop.addProduct([cat_id]);
  const first = await shop.registerUser({ name: 'Marker', email: 'marker@shop.test' });
  const user = `/v1/users/${first.user_id}`;
  const json = { name: 'Marker B', email: 'marker-b@shop.test' };
  await http.ok('PATCH', user, { json, headers: { 'idempotency-key': 'rename' } });
  const form = proofForm(tinyPdf(10));
  const replaced = (await http.ok('PUT', `${user}/id-proof`, { form })).data as UserAnswer;
  const orders = [];
  for (let i = 0; i < 3; i++) orders.push((await shop.placeOrder(first.user_id, [product_id])).order_id);
  const [cancelled = '', paid = '', open = ''] = orders;
  await http.ok('POST', `/v1/orders/${cancelled}/cancel`, { json: { reason: 'Marker reason' } });
  await http.ok('POST', `/v1/orders/${paid}/mark-paid`, { json: { reference: 'Marker reference' } });
  const documents = [first, replaced].map(({ id_proof }) => id_proof?.document_id ?? '');
  return { user_id: first.user_id, emails: [first.email ?? '', json.email], documents, cancelled, paid, open };
}

async function storedResponses({ runtime }: RunningApp, userId: string): Promise<number> {
  const { rowCount } = await runtime.pool.query(
    'select from orderlog.idempotency_keys where user_id = $1 and response is not null',
    [userId],
  );
  return rowCount ?? 0;
}

async function atTheHead({ runtime }: RunningApp): Promise<void> {
  const head = await runtime.store.head();
  await until(() => runtime.engine.hasReached(head));
}

t.test('an erased user is shown without anything personal everywhere, and the orders stay', async (t) => {
  const shop = await runningApp(t);
  const { http, runtime } = shop;
  const { user_id, emails, documents, cancelled, paid, open } = await customerOf(shop);
  const user = `/v1/users/${user_id}`;
  t.ok((await storedResponses(shop, user_id)) > 0, 'responses are kept for retries');
  const erased = await http.ok('POST', `${user}/erase`, { headers: { 'idempotency-key': 'erase' } });
  const receipt = erased.data as ErasureReceipt;
  t.match(receipt, { user_id, status: 'erased', email_addresses_released: 2, documents_deleted: documents });
  t.equal(await storedResponses(shop, user_id), 0);
  t.ok(receipt.erased_at <= receipt.key_destroyed_at);

  const nothing = { user_id, status: 'erased', name: null, email: null, id_proof: null };
  const shown = await http.get(user);
  t.match(shown.data, nothing);
  t.equal(erased.headers.get('etag'), shown.headers.get('etag'));
  t.match((await http.get('/v1/users')).data, [nothing]);
  for (const email of emails) t.same((await http.get(`/v1/users?email=${email}`)).data, []);
  t.equal(outcome(await http.get(`${user}/id-proof`)), '404 id-proof-not-found');
  for (const id of documents) t.notOk(await runtime.gate.store.has(id), 'replaced proofs are deleted as well');
  const pages = [`${user}/events`, `/v1/orders/${cancelled}/events`, `/v1/orders/${paid}/events`, '/v1/orders'];
  for (const path of [...pages, `/v1/orders/${cancelled}`, `/v1/orders/${paid}`, `${user}/orders`]) {
    const answer = await http.get(path);
    t.equal(answer.status, 200);
    t.notMatch(answer.bytes.toString(), /marker/i, path);
  }
  t.match((await http.get(`${user}/events`)).data, [{ data: { name: null, email: null } }]);
  t.match((await http.get(`/v1/orders/${cancelled}/events`)).data, [{}, { data: { reason: null } }]);
  t.equal(((await http.get(`${user}/orders`)).data as unknown[]).length, 3);

  t.same((await http.ok('POST', `${user}/erase`)).data, receipt, 'erased again, it is the same receipt');
  const again = await http.ok('POST', `${user}/erase`, { headers: { 'idempotency-key': 'erase' } });
  t.same(again.data, receipt);
  t.equal(again.headers.get('idempotency-replayed'), 'true');
  t.equal(outcome(await http.send('POST', `/v1/orders/${open}/cancel`)), '200', 'orders can still be worked on');
});

t.test('of an erased user every other command is refused, and the addresses are free', async (t) => {
  const shop = await runningApp(t);
  const { http } = shop;
  const { user_id, emails, open } = await customerOf(shop);
  const user = `/v1/users/${user_id}`;
  await http.ok('POST', `${user}/erase`);
  const items = [{ product_id: 1, quantity: 1 }];
  const renamed = { json: { name: 'Marker B', email: emails[1] }, headers: { 'idempotency-key': 'rename' } };
  for (const [what, sent] of [
    ['a change', await http.send('PATCH', user, { json: { name: 'A' } })],
    ['a retry of a change that was recorded', await http.send('PATCH', user, renamed)],
    ['a proof', await http.send('PUT', `${user}/id-proof`, { form: proofForm() })],
    ['an order', await http.send('POST', '/v1/orders', { json: { user_id, items } })],
    ['a reference', await http.send('POST', `/v1/orders/${open}/mark-paid`, { json: { reference: 'R' } })],
    ['a reason', await http.send('POST', `/v1/orders/${open}/cancel`, { json: { reason: 'R' } })],
  ] as const) {
    t.equal(outcome(sent), '409 user-erased', what);
  }
  for (const email of emails) {
    t.equal(outcome(await http.send('POST', '/v1/users', { form: userForm('New', email) })), '201', email);
  }
});

t.test('an erasure names a user that there is, and keeps to If-Match', async (t) => {
  const shop = await runningApp(t);
  const { http } = shop;
  const { user_id } = await shop.registerUser({ name: 'Marker' });
  const path = `/v1/users/${user_id}/erase`;
  t.equal(outcome(await http.send('POST', `/v1/users/${NOBODY}/erase`)), '404 user-not-found');
  t.equal(outcome(await http.send('POST', '/v1/users/1/erase')), '400 invalid-request');
  t.equal(outcome(await http.send('POST', path, { headers: { 'if-match': '"7"' } })), '412 revision-mismatch');
  t.match((await http.get(`/v1/users/${user_id}`)).data, { name: 'Marker', status: 'active' });
  t.equal(outcome(await http.send('POST', path, { headers: { 'if-match': '"0"' } })), '200');
});

t.test('rows are the same before and after an erasure: live, rebuilt and as of then', async (t) => {
  const shop = await runningApp(t);
  const { http, runtime } = shop;
  const { user_id } = await customerOf(shop);
  const before = http.position ?? '';
  const orders = `/v1/users/${user_id}/orders`;
  const patient = { prefer: 'wait=30' };
  await atTheHead(shop);
  const rows = async (): Promise<Record<string, string[]>> => {
    const found = Object.entries(await readModelRows(runtime.pool));
    return Object.fromEntries(found.map(([table, all]) => [table.replace(/_v\d+/, ''), all]));
  };
  const asOfRowsAt = async (token: string): Promise<unknown> => {
    const { build } = await runtime.engine.asOf.at('user-orders', runtime.tokens.decode(token), 30_000);
    return asOfRows(runtime.pool, build);
  };
  const { 'rm_users.users': users, ...others } = await rows();
  t.match((await http.get(`${orders}?as_of=${before}`, patient)).bytes.toString(), /Marker reason/);
  const then = await asOfRowsAt(before);
  await http.ok('POST', `/v1/users/${user_id}/erase`);
  await atTheHead(shop);
  const { 'rm_users.users': erased, ...same } = await rows();
  t.same(same, others);
  t.not(String(erased), String(users));

  await rebuildAll(runtime, {}, projections);
  t.same(await rows(), { ...others, 'rm_users.users': erased }, 'a rebuild makes the same rows');
  const verified = await runtime.engine.verify(projections, {
    ...{ signal: new AbortController().signal, stretch: () => undefined, done: () => undefined },
  });
  t.match(verified, { ok: true });
  const kept = await asOfRowsAt(before);
  t.same(kept, then);
  const answer = (await http.get(`${orders}?as_of=${before}`, patient)).bytes.toString();
  t.notMatch(answer, /marker/i, 'as of a time before the erasure it stays unreadable');
  await forgetAsOfBuilds(runtime.pool);
  t.same(await asOfRowsAt(before), then, 'an as-of build that is made afterwards has the same rows');
});
