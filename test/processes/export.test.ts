import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { OrderAnswer } from '../../src/order/answer.js';
import { orderlog, settingsFor, temporaryFolder } from '../support/orderlog.js';
import { runningApp, type RunningApp } from '../support/running-app.js';
import { tinyPdf } from '../support/tiny-pdf.js';
import { moved, sameShops, wholeOf } from '../support/whole-shop.js';

/** Everything that can happen to a shop, a few times each. */
async function filled(shop: RunningApp): Promise<void> {
  const { http } = shop;
  const root = (await shop.addCategory({ name: 'All "things", and\u00e9', code: 'ROOT' })).cat_id;
  const [left, right] = [
    await shop.addCategory({ parent_cat_id: root }),
    await shop.addCategory({ parent_cat_id: root }),
  ];
  const gone = (await shop.addCategory()).cat_id;
  await http.ok('DELETE', `/v1/categories/${gone}`);
  const moved = (await shop.addCategory({ parent_cat_id: left.cat_id })).cat_id;
  const cats = [left.cat_id, right.cat_id, moved];
  const products: number[] = [];
  for (let i = 0; i < 9; i++) {
    const catIds = i % 4 === 0 ? [cats[i % 3] as number, root] : [cats[i % 3] as number];
    products.push((await shop.addProduct(catIds, { name: `=Thing, "${i}"` })).product_id);
  }
  const users: string[] = [];
  for (let i = 0; i < 6; i++)
    users.push((await shop.registerUser({ name: `\u00dcser ${i}`, pdf: tinyPdf(i + 1) })).user_id);
  for (let i = 0; i < 30; i++) {
    const items = [0, 1, 2]
      .slice(0, 1 + (i % 3))
      .map((n) => ({ product_id: products[(i + n * 2) % 9], quantity: 1 + (i % 4) }));
    const json = { user_id: users[i % 6], items, ...(i % 2 === 0 && { external_reference: `PO ${i % 10}` }) };
    const placed = await http.send('POST', '/v1/orders', { json });
    // A reference that the user has used already.
    if (placed.status !== 201) continue;
    const path = `/v1/orders/${(placed.data as OrderAnswer).order_id}`;
    if (i % 5 === 0) await http.ok('POST', `${path}/mark-paid`, { json: i % 2 === 0 ? { reference: `R-${i}` } : {} });
    if (i % 5 === 1) await http.ok('POST', `${path}/cancel`, { json: i % 2 === 0 ? {} : { reason: 'b\u00e4d' } });
  }
  await http.ok('PATCH', `/v1/categories/${moved}`, { json: { parent_cat_id: right.cat_id, name: 'Moved' } });
  await http.ok('PATCH', `/v1/products/${products[1]}`, {
    json: { name: 'Renamed', price: 7, cat_ids: [right.cat_id] },
  });
  await http.ok('POST', `/v1/products/${products[2]}/retire`);
  for (const i of [2, 3, 5])
    await http.ok('POST', `/v1/products/${products[i]}/stock/count`, { json: { on_hand: 10 * i } });
  await http.ok('POST', `/v1/products/${products[3]}/stock/receive`, { json: { quantity: 7 } });
  await http.ok('POST', `/v1/users/${users[5]}/erase`);
}

t.test('an export that is imported makes the same shop, proofs and all', async (t) => {
  const first = await runningApp(t);
  await filled(first);
  const { dir, exitCode, printed, shop } = await moved(t, first);
  t.equal(exitCode, 0);
  const expected = await wholeOf(first);
  t.match(printed, {
    categories: 4,
    products: { active: 8, retired: 1 },
    users: { active: 5, erased: 1 },
    proofs: 5,
    findings: [],
  });
  const orders = (expected.orders as unknown[]).length;
  t.match(printed, { orders });
  t.ok(orders > 20);
  t.same(readdirSync(dir).sort(), [
    'categories.csv',
    'orders.ndjson',
    'products.csv',
    'proofs',
    'stock.csv',
    'users.csv',
  ]);
  t.equal(statSync(dir).mode & 0o777, 0o700, 'nobody else may enter');
  t.equal(statSync(join(dir, 'users.csv')).mode & 0o777, 0o600);
  t.same(readdirSync(join(dir, '..')), ['export'], 'nothing of the work is left');

  sameShops(t, await wholeOf(shop), expected);
});

t.test('without --with-proofs no document leaves, and a folder that holds something is left alone', async (t) => {
  const shop = await runningApp(t);
  await shop.registerUser();
  const settings = settingsFor(shop.database, shop.dataDir);
  const dir = join(temporaryFolder(t), 'full');
  mkdirSync(dir);
  t.equal((await orderlog(settings, 'export', dir)).code, 0, 'an empty folder will do');
  t.notOk(readdirSync(dir).includes('proofs'));
  t.match(
    readFileSync(join(dir, 'users.csv'), 'utf8'),
    /^user_ref,name,email,id_proof,registered_at,status\n[^,]+,Ada,user-1@shop\.test,,/,
  );
  writeFileSync(join(dir, 'note.txt'), 'mine');
  const refused = await orderlog(settings, 'export', dir);
  t.equal(refused.code, 2);
  t.match(refused.stderr, /is not empty: name a new or an empty folder/);
});
