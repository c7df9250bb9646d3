import t, { type Test } from 'tap';
import { outcome } from '../support/http-client.js';
import { PATIENT, asOf } from '../support/past.js';
import { demo, runningApp, type RunningApp } from '../support/running-app.js';

const count = (shop: RunningApp, id: number, on_hand: number): Promise<unknown> =>
  shop.http.ok('POST', `/v1/products/${id}/stock/count`, { json: { on_hand } });

async function shopWithProducts(t: Test, projectors = true): Promise<RunningApp> {
  const shop = await runningApp(t, { projectors });
  await shop.addCategory({ cat_id: 1_001 });
  await shop.addCategory({ cat_id: 1_002, parent_cat_id: 1_001 });
  for (const [id, catId] of [1_001, 1_002, 1_002].entries()) await shop.addProduct([catId], { product_id: id + 11 });
  return shop;
}

t.test('a count of a moment ago is in every answer about the product', async (t) => {
  const shop = await shopWithProducts(t);
  const { http } = shop;
  t.match((await http.get('/v1/products/11')).data, { available: null });
  await count(shop, 11, 5);
  t.match(
    (await http.get('/v1/products/11')).data,
    { available: 5 },
    'a client that sends its position waits for both',
  );
  t.match((await http.get('/v1/products')).data, [{ available: 5 }, { available: null }, { available: null }]);
  for (const command of ['retire', 'reinstate']) {
    await count(shop, 11, command.length);
    t.match((await http.ok('POST', `/v1/products/11/${command}`)).data, { available: command.length });
  }
  await count(shop, 11, 2);
  t.match((await http.ok('PATCH', '/v1/products/11', { json: { price: 7 } })).data, { available: 2, price: 7 });
  t.match((await http.ok('GET', '/v1/products/11')).data, { available: 2, price: 7 });
  await http.ok('DELETE', '/v1/products/11/stock');
  t.match((await http.get('/v1/products/11')).data, { available: null });
});

t.test('the stock of a product has its revision as ETag, and is as it was at each position', async (t) => {
  const shop = await shopWithProducts(t);
  const { http } = shop;
  t.equal(outcome(await http.get('/v1/products/11/stock')), '404 stock-not-tracked');
  t.equal(outcome(await http.get('/v1/products/99/stock')), '404 product-not-found');
  t.equal(outcome(await http.get('/v1/products/x/stock')), '400 invalid-request');
  const before = http.position ?? '';
  await count(shop, 11, 5);
  const then = http.position ?? '';
  await http.ok('POST', '/v1/products/11/stock/receive', { json: { quantity: 3 } });
  const now = await http.get('/v1/products/11/stock');
  t.same(now.data, { product_id: 11, on_hand: 8, reserved: 0, available: 8, revision: 1 });
  t.equal(now.headers.get('etag'), '"1"');
  http.position = null;
  t.match((await http.get(asOf('/v1/products/11/stock', then), PATIENT)).data, { on_hand: 5, revision: 0 });
  t.equal(outcome(await http.get(asOf('/v1/products/11/stock', before), PATIENT)), '404 stock-not-tracked');
  const list = await http.get(asOf('/v1/stock?cat_id=1001&limit=1', then), PATIENT);
  t.match(list.data, [{ product_id: 11, on_hand: 5 }]);
  t.equal(list.headers.get('log-position'), then);
});

t.test('the list of stock goes on from page to page, of a category and of what is short', async (t) => {
  const shop = await shopWithProducts(t);
  const { http } = shop;
  for (const id of [11, 12, 13]) await count(shop, id, id);
  const ids = async (path: string): Promise<number[]> => {
    const { status, data, body } = await http.get(path);
    t.equal(status, 200, path);
    const { next } = body as { next: string | null };
    const own = (data as { product_id: number }[]).map(({ product_id }) => product_id);
    return next === null ? own : [...own, ...(await ids(next))];
  };
  t.same(await ids('/v1/stock?limit=1'), [11, 12, 13]);
  t.same(await ids('/v1/stock?limit=1&cat_id=1002'), [12, 13]);
  t.same(await ids('/v1/stock?limit=2&cat_id=1001&available_below=13'), [11, 12]);
  t.same(await ids('/v1/stock?available_below=0'), []);
  t.equal(outcome(await http.get('/v1/stock?cat_id=99')), '404 category-not-found');
  t.equal(outcome(await http.get('/v1/stock?available_below=few')), '400 invalid-request');
});

t.test('a single product and its stock are read from their streams before the read models know them', async (t) => {
  const shop = await runningApp(t, { seed: demo });
  const { http } = shop;
  await shop.stopProjectors();
  await shop.addProduct([1], { product_id: 11 });
  await count(shop, 11, 5);
  http.position = null;
  const stock = await http.get('/v1/products/11/stock');
  t.match(stock.data, { on_hand: 5, revision: 0 });
  const product = await http.get('/v1/products/11');
  t.match(product.data, { available: 5, revision: 0 });
  t.equal(product.headers.get('log-position'), stock.headers.get('log-position'), 'a position at which both are true');
});
