import t from 'tap';
import { outcome } from '../support/http-client.js';
import { runningApp } from '../support/running-app.js';

t.test('clerks count, receive and adjust the stock of a product, and see what is there', async (t) => {
  const shop = await runningApp(t, { projectors: false });
  const { product_id } = await shop.addProduct([(await shop.addCategory()).cat_id]);
  const stock = `/v1/products/${product_id}/stock`;

  const counted = await shop.http.ok('POST', `${stock}/count`, { json: { on_hand: 10 } });
  t.same(counted.data, { product_id, on_hand: 10, reserved: 0, available: 10, revision: 0 });
  t.equal(counted.headers.get('etag'), '"0"');
  t.ok(counted.headers.get('log-position'));
  const received = await shop.http.ok('POST', `${stock}/receive`, { json: { quantity: 5, reference: 'D-1' } });
  t.match(received.data, { on_hand: 15, revision: 1 });
  const adjusted = await shop.http.ok('POST', `${stock}/adjust`, { json: { quantity: -2, reason: 'broken' } });
  t.match(adjusted.data, { on_hand: 13, revision: 2 });

  const again = await shop.http.ok('POST', `${stock}/count`, { json: { on_hand: 13 } });
  t.match(again.data, { revision: 2 }, 'a count that confirms the books records nothing');

  const stale = await shop.http.send('POST', `${stock}/count`, {
    json: { on_hand: 1 },
    headers: { 'if-match': '"1"' },
  });
  t.equal(outcome(stale), '412 revision-mismatch');

  t.equal(outcome(await shop.http.send('DELETE', stock)), '204');
  t.equal(outcome(await shop.http.send('DELETE', stock)), '204', 'it is ended already');
  const late = await shop.http.send('POST', `${stock}/receive`, { json: { quantity: 1 } });
  t.equal(outcome(late), '409 stock-not-tracked');

  const { data } = (await shop.http.ok('GET', `${stock}/events`)).body as { data: { type: string; data: object }[] };
  t.same(
    data.map((event) => [event.type, event.data]),
    [
      ['StockCounted', { on_hand: 10, reason: null }],
      ['StockReceived', { quantity: 5, reference: 'D-1' }],
      ['StockAdjusted', { quantity: -2, reason: 'broken' }],
      ['StockTrackingEnded', { reason: null }],
    ],
  );
});

t.test('a stock that is not tracked has no revision, so a command with If-Match is refused', async (t) => {
  const shop = await runningApp(t, { projectors: false });
  const { product_id } = await shop.addProduct([(await shop.addCategory()).cat_id]);
  const stock = `/v1/products/${product_id}/stock`;
  const asked = (method: string, path: string, tag: string, json?: object) =>
    shop.http.send(method, path, { ...(json && { json }), headers: { 'if-match': tag } }).then(outcome);
  const refusesAll = async (when: string): Promise<void> => {
    for (const tag of ['"7"', '"0"', '"1"', '*']) {
      t.equal(await asked('POST', `${stock}/count`, tag, { on_hand: 5 }), '412 revision-mismatch', `${when}: ${tag}`);
      t.equal(await asked('DELETE', stock, tag), '412 revision-mismatch', `${when}: end, ${tag}`);
      const received = await asked('POST', `${stock}/receive`, tag, { quantity: 1 });
      t.equal(received, '409 stock-not-tracked', `${when}: what is refused anyway is told, ${tag}`);
    }
  };
  await refusesAll('never counted');
  await shop.http.ok('POST', `${stock}/count`, { json: { on_hand: 5 } });
  t.equal(await asked('POST', `${stock}/count`, '*', { on_hand: 5 }), '200', 'now there is one');
  t.equal(await asked('DELETE', stock, '"0"'), '204');
  await refusesAll('ended');
  const { data } = await shop.http.ok('GET', `${stock}/events`);
  t.match(data, [{ type: 'StockCounted' }, { type: 'StockTrackingEnded' }], 'what is refused records nothing');
});

t.test('what can not be is refused by name', async (t) => {
  const shop = await runningApp(t, { projectors: false });
  const { product_id } = await shop.addProduct([(await shop.addCategory()).cat_id]);
  const stock = `/v1/products/${product_id}/stock`;
  const cases: readonly (readonly [wanted: string, method: string, path: string, json?: object])[] = [
    ['404 stock-not-tracked', 'GET', `${stock}/events`],
    ['404 product-not-found', 'GET', '/v1/products/99/stock/events'],
    ['404 product-not-found', 'POST', '/v1/products/99/stock/count', { on_hand: 1 }],
    ['404 product-not-found', 'DELETE', '/v1/products/99/stock'],
    ['400 invalid-request', 'POST', '/v1/products/x/stock/count', { on_hand: 1 }],
    ['409 stock-not-tracked', 'POST', `${stock}/receive`, { quantity: 1 }],
    ['409 stock-not-tracked', 'POST', `${stock}/adjust`, { quantity: 1, reason: 'found' }],
    ['400 invalid-request', 'POST', `${stock}/count`, { on_hand: -1 }],
    ['400 invalid-request', 'POST', `${stock}/count`, { on_hand: 2 ** 31 }],
    ['400 invalid-request', 'POST', `${stock}/count`, { on_hand: 1, more: 1 }],
    ['400 invalid-request', 'POST', `${stock}/receive`, { quantity: 0 }],
    ['400 invalid-request', 'POST', `${stock}/receive`, { quantity: 1_000_001 }],
    ['400 invalid-request', 'POST', `${stock}/adjust`, { quantity: 0, reason: 'x' }],
    ['400 invalid-request', 'POST', `${stock}/adjust`, { quantity: 1 }],
    ['200', 'POST', `${stock}/count`, { on_hand: 2_147_483_647, reason: 'all there is' }],
    ['400 invalid-request', 'POST', `${stock}/receive`, { quantity: 1 }],
  ];
  for (const [wanted, method, path, json] of cases) {
    const answer = await shop.http.send(method, path, json ? { json } : {});
    t.equal(outcome(answer), wanted, `${method} ${path} ${JSON.stringify(json)}`);
  }
});
