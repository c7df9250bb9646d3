import t, { type Test } from 'tap';
import { EventStoreUnavailable, WrongExpectedRevision } from '../../src/engine/core/errors.js';
import { everyCommand, sendKeyed, told } from '../support/every-command.js';
import { type Answer, outcome, type Sent } from '../support/http-client.js';
import { until } from '../support/orderlog.js';
import { runningApp, type RunningApp, userForm } from '../support/running-app.js';
import { tinyPdf } from '../support/tiny-pdf.js';

async function forget(shop: RunningApp): Promise<void> {
  await shop.database.pool.query('delete from orderlog.idempotency_keys');
}

void t.test('every command is answered once: a retry gets status, body and headers of the first time', async (t) => {
  const shop = await runningApp(t);
  const commands = await everyCommand(shop);
  for (const command of commands) {
    const { route, sent, other } = command;
    const key = route.replaceAll(/\W/g, '-');
    const first = await sendKeyed(shop, key, command, sent());
    t.ok(first.status < 300, `${route}: ${first.bytes.toString()}`);
    t.equal(first.headers.get('idempotency-replayed'), null);
    const head = await shop.runtime.store.head();
    for (const [what, prepare] of [
      ['as stored', async () => undefined],
      ['from the stream, when the stored response is gone', () => forget(shop)],
    ] as const) {
      await prepare();
      const again = await sendKeyed(shop, key, command, sent());
      t.same(told(again), told(first), `${route}, ${what}`);
      t.equal(again.headers.get('idempotency-replayed'), 'true');
      await prepare();
      const misused = await sendKeyed(shop, key, command, other());
      t.equal(outcome(misused), '422 idempotency-mismatch', `${route}: another request, ${what}`);
      t.same(told(await sendKeyed(shop, key, command, sent())), told(first), 'and the first one still stands');
    }
    t.equal(await shop.runtime.store.head(), head, 'nothing more was recorded');
  }

  await t.test('and no command is left out', async (t) => {
    const { paths } = (await shop.http.ok('GET', '/openapi.json')).body as { paths: Record<string, object> };
    const keyed = Object.entries(paths).flatMap(([path, operations]) =>
      Object.entries(operations as Record<string, { parameters?: { $ref?: string }[] }>)
        .filter(([, { parameters }]) =>
          parameters?.some(({ $ref }) => $ref === '#/components/parameters/Idempotency-Key'),
        )
        .map(([method]) => `${method} ${path}`)
        // What appends nothing has no stream to be answered from: test/ops.
        .filter((route) => !route.includes('/v1/ops/')),
    );
    t.same(commands.map(({ route }) => route).toSorted(), keyed.toSorted());
  });
});

async function withOrder(
  t: Test,
): Promise<{ shop: RunningApp; path: string; pay: (reference: string, key: string) => Promise<Answer> }> {
  const shop = await runningApp(t);
  const { user_id } = await shop.registerUser();
  const { product_id } = await shop.addProduct([(await shop.addCategory()).cat_id]);
  const path = `/v1/orders/${(await shop.placeOrder(user_id, [product_id])).order_id}`;
  const pay = (reference: string, key: string): Promise<Answer> =>
    shop.http.send('POST', `${path}/mark-paid`, { json: { reference }, headers: { 'idempotency-key': key } });
  return { shop, path, pay };
}

void t.test(
  'a refusal by a rule is answered the same, even when the rule would allow the command by now',
  async (t) => {
    const shop = await runningApp(t);
    const { cat_id } = await shop.addCategory();
    const json = { sku: 'ONE', name: 'One', price: 1, currency: 'EUR', cat_ids: [cat_id, 99] };
    const add = (): Promise<Answer> =>
      shop.http.send('POST', '/v1/products', { json, headers: { 'idempotency-key': 'early' } });
    const refused = await add();
    t.equal(outcome(refused), '422 unknown-category');
    await shop.addCategory({ cat_id: 99 });
    const again = await add();
    t.same(told(again), told(refused));
    t.equal(again.headers.get('idempotency-replayed'), 'true');
    const { product_id } = (await shop.http.ok('POST', '/v1/products', { json })).data as { product_id: number };

    for (const [path, expected] of [
      ['/v1/orders/00000000-0000-7000-8000-000000000000/cancel', '404 order-not-found'],
      [`/v1/products/${product_id}/retire`, '412 revision-mismatch'],
    ] as const) {
      const send = (): Promise<Answer> =>
        shop.http.send('POST', path, { headers: { 'idempotency-key': 'refused', 'if-match': '"7"' } });
      const first = await send();
      t.equal(outcome(first), expected);
      const second = await send();
      t.same(told(second), told(first));
      t.equal(second.headers.get('idempotency-replayed'), 'true');
    }
  },
);

void t.test('a request whose shape is wrong uses up no key', async (t) => {
  const { shop, path } = await withOrder(t);
  const cancel = (sent: Sent): Promise<Answer> =>
    shop.http.send('POST', `${path}/cancel`, { ...sent, headers: { 'idempotency-key': 'k', ...sent.headers } });
  for (const sent of [{ json: { why: 1 } }, { text: '{' }, { headers: { 'if-match': '3' } }]) {
    t.equal((await cancel(sent)).status, 400);
  }
  t.equal((await cancel({ headers: { 'content-type': 'text/plain' }, text: 'x' })).status, 415);
  t.equal(outcome(await cancel({})), '200');
});

void t.test('while a command runs, its key is in flight, and names no other request', async (t) => {
  const { shop, pay } = await withOrder(t);
  const release = holdAppends(shop);
  const first = pay('INV-1', 'k');
  await until(async () => (await claims(shop)) === 1);
  const second = await pay('INV-1', 'k');
  t.equal(outcome(second), '409 idempotency-in-flight');
  t.match(second.headers.get('retry-after'), /^[1-9]\d*$/);
  t.equal(outcome(await pay('INV-2', 'k')), '422 idempotency-mismatch');
  release();
  t.equal(outcome(await first), '200');
  t.same(told(await pay('INV-1', 'k')), told(await first));
});

void t.test('a command without a key, and one under another key, wait for nobody', async (t) => {
  const { shop, pay } = await withOrder(t);
  const client = await shop.database.pool.connect();
  await client.query('begin');
  await client.query('lock table orderlog.idempotency_keys in access exclusive mode');
  t.equal(outcome(await shop.http.send('POST', '/v1/categories', { json: { name: 'Unkeyed' } })), '201');
  const keyed = await pay('INV-1', 'k');
  t.equal(outcome(keyed), '503 database-unavailable', 'a key that can not be claimed in time');
  t.match(keyed.headers.get('retry-after'), /^[1-9]\d*$/);
  await client.query('rollback');
  client.release();
  t.equal(outcome(await pay('INV-1', 'k')), '200', 'and is free afterwards');
});

void t.test('what says nothing of the command frees the key: it is decided at the next try', async (t) => {
  const { shop, path, pay } = await withOrder(t);
  const failures = [
    ['503 event-store-unavailable', () => new EventStoreUnavailable('away')],
    ['409 revision-conflict', () => new WrongExpectedRevision('order', 0, 1)],
    ['500 internal-error', () => new Error('a defect')],
  ] as const;
  for (const [expected, error] of failures) {
    const stop = beforeAppend(shop, () => Promise.reject(error()));
    t.equal(outcome(await pay('INV-1', 'k')), expected);
    await until(async () => (await rows(shop)) === 0);
    stop();
  }
  t.equal(outcome(await pay('INV-2', 'k')), '200', 'even for another request, as nothing was recorded');
  t.equal(((await shop.http.ok('GET', path)).data as { revision: number }).revision, 1);
});

void t.test('the response is stored even if its client has hung up', async (t) => {
  const { shop, path, pay } = await withOrder(t);
  const release = holdAppends(shop);
  const hangUp = new AbortController();
  const sent = fetch(`${shop.http.url}${path}/mark-paid`, {
    method: 'POST',
    body: JSON.stringify({ reference: 'INV-1' }),
    headers: { 'content-type': 'application/json', 'idempotency-key': 'k' },
    signal: hangUp.signal,
  });
  await until(async () => (await claims(shop)) === 1);
  hangUp.abort();
  await t.rejects(sent);
  release();
  await until(async () => (await claims(shop)) === 0);
  const again = await pay('INV-1', 'k');
  t.equal(outcome(again), '200');
  t.equal(again.headers.get('idempotency-replayed'), 'true');
});

void t.test('a file that is refused was sent under its key, too', async (t) => {
  const shop = await runningApp(t);
  const register = (pdf: Buffer): Promise<Answer> =>
    shop.http.send('POST', '/v1/users', {
      form: userForm('Ada', 'ada@shop.test', pdf),
      headers: { 'idempotency-key': 'ada' },
    });
  const wrong = Buffer.concat([Buffer.from('no PDF'), Buffer.alloc(300_000, 'x')]);
  const refused = await register(wrong);
  t.equal(outcome(refused), '422 id-proof-not-pdf');
  t.equal(outcome(await register(tinyPdf())), '422 idempotency-mismatch');
  const again = await register(wrong);
  t.same(told(again), told(refused));
  t.equal(again.headers.get('idempotency-replayed'), 'true');
  wrong[wrong.length - 1] = 0;
  t.equal(outcome(await register(wrong)), '422 idempotency-mismatch', 'the last byte counts');
});

void t.test('nothing of a request or a response stands in the table in the clear', async (t) => {
  const shop = await runningApp(t);
  const headers = { 'idempotency-key': 'MARKER-key' };
  const form = userForm('MARKER-name', 'MARKER@shop.test');
  const user = await shop.http.ok('POST', '/v1/users', { form, headers });
  await shop.http.ok('POST', '/v1/categories', { json: { name: 'MARKER-category' }, headers });
  await shop.http.send('PATCH', '/v1/categories/1', { json: { parent_cat_id: 1 }, headers });
  const { rows } = await shop.database.pool.query<{ text: string; response: string }>(
    'select k::text as text, response from orderlog.idempotency_keys k',
  );
  t.equal(rows.length, 3);
  for (const { text, response } of rows) {
    // As a name in JSON: the letters alone come in what is sealed by chance.
    t.notMatch(text, /MARKER|category-cycle|"data"/i);
    t.notMatch(Buffer.from(response.slice(3), 'base64url').toString('latin1'), /MARKER|category-cycle/i);
  }
  t.match(user.bytes.toString(), /MARKER-name/);
});

void t.test('an erasure drops the responses about the user, and no others', async (t) => {
  const shop = await runningApp(t);
  const headers = { 'idempotency-key': 'k' };
  const { user_id } = (await shop.http.ok('POST', '/v1/users', { form: userForm('Ada', 'ada@shop.test'), headers }))
    .data as {
    user_id: string;
  };
  const { product_id } = await shop.addProduct([(await shop.addCategory()).cat_id]);
  const items = [{ product_id, quantity: 1 }];
  const order = await shop.http.ok('POST', '/v1/orders', { json: { user_id, items }, headers });
  const { order_id } = order.data as { order_id: string };
  await shop.http.ok('POST', `/v1/orders/${order_id}/cancel`, { json: { reason: 'private' }, headers });
  await shop.http.ok('PATCH', `/v1/products/${product_id}`, { json: { price: 1 }, headers });
  t.equal(await rows(shop), 4);
  await shop.http.ok('POST', `/v1/users/${user_id}/erase`, { headers });
  t.equal(await rows(shop), 1);
});

/** Keys that are claimed and not answered. */
function claims(shop: RunningApp): Promise<number> {
  return rows(shop, 'response is null');
}

async function rows({ database }: RunningApp, condition = 'true'): Promise<number> {
  const found = await database.pool.query<{ n: number }>(
    `select count(*)::int as n from orderlog.idempotency_keys where ${condition}`,
  );
  return found.rows[0]?.n ?? 0;
}

/** Something happens before each append of the application; if it fails, nothing is appended. @returns what ends that */
function beforeAppend({ runtime }: RunningApp, happen: () => Promise<void>): () => void {
  const { store } = runtime;
  const append = store.append.bind(store);
  store.append = async (...args) => {
    await happen();
    return append(...args);
  };
  return () => {
    store.append = append;
  };
}

/** Appends of the application wait. @returns what lets them go */
function holdAppends(shop: RunningApp): () => void {
  let go = (): void => undefined;
  const released = new Promise<void>((resolve) => (go = resolve));
  const stop = beforeAppend(shop, () => released);
  return () => {
    stop();
    go();
  };
}
