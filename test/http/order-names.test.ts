import { test } from 'tap';
import type { Answer } from '../support/http-client.js';
import type { OrderAnswer } from '../../src/order/answer.js';
import { noProgress } from '../../src/commands/progress.js';
import { folder, good, order as orderLine } from '../import/folder.js';
import { demo, proofForm, runningApp, type RunningApp } from '../support/running-app.js';

const settings = {
  dryRun: false,
  onError: 'report',
  progress: noProgress,
  signal: new AbortController().signal,
} as const;

async function place(shop: RunningApp, json: object, headers: Record<string, string> = {}): Promise<OrderAnswer> {
  return (await shop.http.ok('POST', '/v1/orders', { json, headers })).data as OrderAnswer;
}

test('every order has a number of its own, drawn in blocks, after a restart too', async (t) => {
  const shop = await runningApp(t, { seed: demo });
  const { user_id } = await shop.registerUser();
  const numbers: (string | null)[] = [];
  await Promise.all(
    Array.from({ length: 150 }, async () => numbers.push((await shop.placeOrder(user_id, [1])).number)),
  );
  t.equal(new Set(numbers).size, 150);
  t.same([...numbers].sort()[0], 'O-000001');
  for (const number of numbers) t.match(number, /^O-\d{6}$/);
  const { rows } = await shop.runtime.pool.query("select last from orderlog.id_sequences where name = 'order'");
  t.same(rows, [{ last: 200 }], 'two blocks of 100');
  await shop.close();
  const again = await runningApp(t, { database: shop.database, dataDir: shop.dataDir });
  const { number, order_id } = await again.placeOrder(user_id, [1]);
  t.equal(number, 'O-000201', 'what was left of a block is left out');
  t.match((await again.http.get(`/v1/orders/${order_id}`)).data, { number, external_reference: null });
  t.match((await again.http.get('/v1/orders?limit=1')).data, [{ number }]);
});

test('the reference of another system is in every answer, and one user has no two orders of the same', async (t) => {
  const shop = await runningApp(t, { seed: demo });
  const [ada, bea] = [await shop.registerUser(), await shop.registerUser()];
  const order = { user_id: ada.user_id, items: [{ product_id: 1, quantity: 1 }], external_reference: 'WEB 1/ä' };
  const placed = await place(shop, order);
  t.equal(placed.external_reference, 'WEB 1/ä');
  const { data } = await shop.http.get(`/v1/orders/${placed.order_id}`);
  t.same(data, placed);
  t.match((await shop.http.get(`/v1/users/${ada.user_id}/orders`)).data, [{ external_reference: 'WEB 1/ä' }]);
  t.match(await shop.http.send('POST', '/v1/orders', { json: order }), {
    status: 409,
    body: { code: 'external-reference-taken', errors: [{ path: 'external_reference' }] },
  });
  const other = await place(shop, { ...order, user_id: bea.user_id });
  t.not(other.order_id, placed.order_id, 'another user may have the same');
  t.match(await shop.http.get('/problems/external-reference-taken'), { status: 200 });
  for (const external_reference of ['', 'x'.repeat(101), 'a\nb', 7, null]) {
    const refused = await shop.http.send('POST', '/v1/orders', { json: { ...order, external_reference } });
    t.match(refused, { status: 400, body: { errors: [{ path: 'external_reference' }] } });
  }
});

test('of requests with one reference at once, one places the order', async (t) => {
  const shop = await runningApp(t, { seed: demo });
  const { user_id } = await shop.registerUser();
  const json = { user_id, items: [{ product_id: 1, quantity: 1 }], external_reference: 'R' };
  const answers = await Promise.all(
    Array.from({ length: 12 }, (_, n) =>
      shop.http.send('POST', '/v1/orders', { json, headers: n % 2 ? { 'idempotency-key': `k${n}` } : {} }),
    ),
  );
  t.same(answers.map(({ status }) => status).sort(), [201, ...Array<number>(11).fill(409)]);
});

test('a retry under the same key has the first answer, whatever has become of the stored one', async (t) => {
  const shop = await runningApp(t, { seed: demo });
  const { user_id } = await shop.registerUser();
  const json = { user_id, items: [{ product_id: 1, quantity: 1 }], external_reference: 'R' };
  const send = (over: object = {}): Promise<Answer> =>
    shop.http.send('POST', '/v1/orders', { json: { ...json, ...over }, headers: { 'idempotency-key': 'k' } });
  const first = await send();
  t.equal(first.status, 201);
  await shop.runtime.pool.query('delete from orderlog.idempotency_keys');
  const again = await send();
  t.equal(again.status, 201);
  t.same(again.body, first.body);
  t.equal(again.headers.get('idempotency-replayed'), 'true');
  await shop.runtime.pool.query('delete from orderlog.idempotency_keys');
  t.match(await send({ items: [{ product_id: 2, quantity: 1 }] }), {
    status: 422,
    body: { code: 'idempotency-mismatch' },
  });
});

test('an import takes order_ref as the reference, and neither it nor the interface places a second order of one', async (t) => {
  const shop = await runningApp(t);
  const { runtime, http } = shop;
  const first = await runtime.import(folder(t, good), settings);
  t.same([...first.findings], []);
  const { data } = await http.get('/v1/orders', {
    'min-log-position': runtime.tokens.encode(await runtime.store.head()),
  });
  const orders = data as OrderAnswer[];
  t.same(orders.map(({ external_reference }) => external_reference).sort(), ['o1', 'o2']);
  t.same(orders.map(({ number }) => number).sort(), ['O-000001', 'O-000002']);
  const again = await runtime.import(folder(t, good), settings);
  t.match(again, { appended: 0, skipped: 9 });
  const user_id = orders.find((one) => one.external_reference === 'o1')?.user_id ?? '';
  const json = { user_id, items: [{ product_id: 1, quantity: 1 }] };
  await http.ok('PUT', `/v1/users/${user_id}/id-proof`, { form: proofForm() });
  t.match(await http.send('POST', '/v1/orders', { json: { ...json, external_reference: 'o1' } }), {
    status: 409,
    body: { code: 'external-reference-taken' },
  });
  await place(shop, { ...json, external_reference: 'o7' });
  const orderFile = [orderLine('o1', {}), orderLine('o7', {}), orderLine('o8', {})].join('\n');
  const later = await runtime.import(folder(t, { ...good, 'orders.ndjson': orderFile }), settings);
  t.match([...later.findings], [{ line: 2, column: 'order_ref', value: 'o7' }]);
  t.equal(later.appended, 1, 'o8 alone');
});
