import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { noProgress } from '../../src/commands/progress.js';
import type { CategoryAnswer } from '../../src/category/answer.js';
import type { OrderAnswer } from '../../src/order/answer.js';
import type { ProductAnswer } from '../../src/product/answer.js';
import type { UserAnswer } from '../../src/user/answer.js';
import { orderlog, settingsFor, temporaryFolder } from '../support/orderlog.js';
import { runningApp, type RunningApp } from '../support/running-app.js';
import { tinyPdf } from '../support/tiny-pdf.js';

interface Printed {
  readonly categories: number;
  readonly products: object;
  readonly users: object;
  readonly orders: number;
  readonly proofs: number;
  readonly findings: readonly string[];
}

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

interface Whole {
  readonly tree: unknown;
  readonly counts: unknown;
  readonly products: unknown;
  readonly users: unknown;
  readonly orders: unknown;
}

/** What two installations must have in common: all but the ids, which each installation draws itself. */
async function wholeOf({ http }: RunningApp): Promise<Whole> {
  const all = async <T>(path: string): Promise<T[]> => {
    const items: T[] = [];
    for (let next: string | null = path; next !== null;) {
      const { body } = await http.ok('GET', next);
      const page = body as { readonly data: readonly T[]; readonly next: string | null };
      items.push(...page.data);
      next = page.next;
    }
    return items;
  };
  const users = await all<UserAnswer>('/v1/users?limit=100');
  const nameOf = new Map(users.map(({ user_id, name }) => [user_id, name]));
  const orders = await all<OrderAnswer>('/v1/orders?limit=100');
  const products = [
    ...(await all<ProductAnswer>('/v1/products?limit=100')),
    ...(await all<ProductAnswer>('/v1/products?limit=100&status=retired')),
  ];
  const { data: tree } = await http.ok('GET', '/v1/categories');
  const catIds = [...JSON.stringify(tree).matchAll(/"cat_id":(\d+)/g)]
    .map(([, id]) => Number(id))
    .sort((a, b) => a - b);
  const counts = [];
  for (const catId of catIds) {
    const category = (await http.ok('GET', `/v1/categories/${catId}`)).data as CategoryAnswer;
    counts.push([{ ...category, revision: 0 }, (await http.ok('GET', `/v1/categories/${catId}/order-counts`)).data]);
  }
  const sorted = (lines: readonly object[]): string[] => lines.map((line) => JSON.stringify(line)).sort();
  return {
    tree,
    counts,
    products: products.map((product) => ({ ...product, revision: 0 })),
    users: sorted(
      users.map(({ name, email, status, id_proof, registered_at }) => ({
        name,
        email,
        status,
        registered_at,
        sha256: id_proof?.sha256,
      })),
    ),
    orders: sorted(
      orders.map(({ order_id: _, number: _number, user_id, history, revision: _revision, ...order }) => ({
        ...order,
        user: nameOf.get(user_id),
        history: history.map(({ status, at, reason, reference }) => ({
          status,
          at,
          reason: reason ?? null,
          reference: reference ?? null,
        })),
      })),
    ),
  };
}

t.test('what is exported is the same shop again when it is imported, proofs and all', async (t) => {
  const first = await runningApp(t);
  await filled(first);
  const dir = join(temporaryFolder(t), 'new', 'export');
  const exported = await orderlog(settingsFor(first.database, first.dataDir), 'export', dir, '--with-proofs', '--json');
  t.equal(exported.code, 0, exported.stderr);
  const printed = JSON.parse(exported.stdout) as Printed;
  const expected = await wholeOf(first);
  t.match(printed, {
    categories: 4,
    products: { active: 8, retired: 1 },
    users: { active: 5, erased: 1 },
    proofs: 5,
    findings: [],
  });
  t.equal(printed.orders, (expected.orders as unknown[]).length);
  t.ok(printed.orders > 20);
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

  const second = await runningApp(t);
  const settings = { dryRun: false, onError: 'stop', progress: noProgress } as const;
  const imported = await second.runtime.import(dir, settings);
  t.same([...imported.findings], []);
  second.http.position = second.runtime.tokens.encode(await second.runtime.store.head());
  second.http.patience = 30;
  const found = await wholeOf(second);
  for (const part of ['tree', 'counts', 'products', 'users', 'orders'] as const)
    t.same(found[part], expected[part], part);
  const again = await second.runtime.import(dir, settings);
  t.same([again.appended, [...again.findings]], [0, []], 'a second import of it changes nothing');
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
