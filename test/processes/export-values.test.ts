import t from 'tap';
import type { OrderAnswer } from '../../src/order/answer.js';
import { noProgress } from '../../src/commands/progress.js';
import { folder, good, order } from '../import/folder.js';
import { runningApp } from '../support/running-app.js';
import { tinyPdf } from '../support/tiny-pdf.js';
import { moved, sameShops, wholeOf } from '../support/whole-shop.js';

/** Texts that HTTP takes and that a file, a spreadsheet or a reader of either may take for something else. */
const TEXTS = [
  ...['1.23E+12', '-1,5e+09', '0012', '1e3', '-1', 'true', 'null', 'NaN', '=1+1', '+1', '-x', '@SUM(A1)', '#REF!'],
  ...['"', '""', 'a"b"', '"a,b"', "'x'", ',', ';', '|', '1|2', '\\', '\\n', '{}', '[1]', '<b>', '%s'],
  ...[' ', '  both ends  ', '\u00a0', '\u2028', '\ufeffmark', '\ufffd', '\u202eback', '\u200b'],
  ...['e\u0301', '\u00e9', '\ufb03', 'İ', '😀', '-'.repeat(64), '😀'.repeat(64)],
  ...['__proto__', 'constructor', 'sep=,', 'categories.csv', 'order_ref', 'active', 'retired', 'Erased'],
];

t.test('every text that HTTP takes is the same after an export and an import', async (t) => {
  const shop = await runningApp(t);
  const { http } = shop;
  const cats: number[] = [];
  for (const text of TEXTS) cats.push((await shop.addCategory({ name: text, code: text })).cat_id);
  const long = '😀'.repeat(200);
  cats.push((await shop.addCategory({ name: long, code: long, parent_cat_id: cats[0] })).cat_id);
  const products: number[] = [];
  for (const [i, text] of TEXTS.entries()) {
    const product = { sku: text, name: text, price: i === 0 ? 0 : i };
    products.push((await shop.addProduct(i === 1 ? cats : [cats[i] as number], product)).product_id);
  }
  const most = { sku: 'MOST', name: 'x'.repeat(200), price: Number.MAX_SAFE_INTEGER, currency: 'XXX' };
  const dearest = (await shop.addProduct(cats.slice(0, 1), most)).product_id;
  const email = `  "q,'=+-${'x'.repeat(200)}@Ä.test `;
  const { user_id } = await shop.registerUser({ name: long, email, pdf: tinyPdf(3) });
  for (const [i, text] of TEXTS.entries()) {
    const items = [{ product_id: products[i], quantity: 1 }];
    const json = { user_id, items, external_reference: text };
    const { order_id } = (await http.ok('POST', '/v1/orders', { json })).data as OrderAnswer;
    const path = `/v1/orders/${order_id}`;
    if (i % 3 === 0) await http.ok('POST', `${path}/mark-paid`, { json: { reference: text } });
    if (i % 3 === 1) await http.ok('POST', `${path}/cancel`, { json: { reason: text } });
  }
  const first = await shop.placeOrder(user_id, [dearest]);
  // Of the first order without a reference, a reference of another.
  const again = {
    user_id,
    items: [{ product_id: products[0], quantity: 1_000_000 }],
    external_reference: first.order_id,
  };
  await http.ok('POST', '/v1/orders', { json: again });
  await http.ok('POST', `/v1/orders/${first.order_id}/mark-paid`, { json: { reference: '😀'.repeat(500) } });
  const items = Array.from({ length: 2_000 }, (_, i) => ({ product_id: products[i % 40], quantity: 1 + (i % 9) }));
  await http.ok('POST', '/v1/orders', { json: { user_id, items } });
  await http.ok('POST', `/v1/products/${products[0]}/retire`);
  const gone = await shop.registerUser({ name: 'Gone' });
  const lost = { user_id: gone.user_id, items: [{ product_id: products[1], quantity: 1 }], external_reference: 'lost' };
  const { order_id } = (await http.ok('POST', '/v1/orders', { json: lost })).data as OrderAnswer;
  await http.ok('POST', `/v1/orders/${order_id}/cancel`, { json: { reason: 'lost as well' } });
  await http.ok('POST', `/v1/users/${gone.user_id}/erase`);

  const { exitCode, shop: second } = await moved(t, shop);
  t.equal(exitCode, 0);
  sameShops(t, await wholeOf(second), await wholeOf(shop));
});

t.test('a shop that was imported with the longest references can be moved once more', async (t) => {
  const shop = await runningApp(t);
  const lines = ['x'.repeat(200), '1.23E+12'].map((ref) => order(ref, {}));
  const dir = folder(t, { ...good, 'orders.ndjson': lines.join('\n') });
  const { findings } = await shop.runtime.import(dir, { dryRun: false, onError: 'stop', progress: noProgress });
  t.same([...findings], []);
  shop.http.position = shop.runtime.tokens.encode(await shop.runtime.store.head());
  shop.http.patience = 30;
  const { shop: second } = await moved(t, shop);
  sameShops(t, await wholeOf(second), await wholeOf(shop));
});

t.test('stock that placed orders hold is not for sale where they are imported, and a lack is reported', async (t) => {
  const shop = await runningApp(t);
  const { http } = shop;
  const { cat_id } = await shop.addCategory();
  const [held, short] = [await shop.addProduct([cat_id]), await shop.addProduct([cat_id])];
  const count = (product: { product_id: number }, on_hand: number): Promise<unknown> =>
    http.ok('POST', `/v1/products/${product.product_id}/stock/count`, { json: { on_hand } });
  await count(held, 10);
  await count(short, 2);
  http.patience = 30;
  const { user_id } = await shop.registerUser();
  await shop.placeOrder(user_id, [held.product_id, short.product_id]);
  t.match((await wholeOf(shop)).available, [
    [held.product_id, 9],
    [short.product_id, 1],
  ]);
  await count(short, 0);
  const { exitCode, printed, shop: second } = await moved(t, shop);
  t.equal(exitCode, 1);
  t.match(printed, { findings: [new RegExp(`^product ${short.product_id} has -1 available, and stock.csv says 0`)] });
  t.match((await wholeOf(second)).available, [
    [held.product_id, 9],
    [short.product_id, 0],
  ]);
});
