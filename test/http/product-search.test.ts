import { test } from 'tap';
import type { ProductAnswer } from '../../src/product/answer.js';
import type { UserAnswer } from '../../src/user/answer.js';
import { runningApp } from '../support/running-app.js';

const NAMES = ['Café table', 'CAFE chair', 'Table cloth 50%', 'Ölkanne', 'Straße_map', 'Lamp'];

test('products are found by a part of name or SKU, by price and category, and sorted', async (t) => {
  const shop = await runningApp(t);
  const { http } = shop;
  const { cat_id } = await shop.addCategory();
  const below = await shop.addCategory({ parent_cat_id: cat_id });
  const all: ProductAnswer[] = [];
  for (const [i, name] of NAMES.entries()) {
    const of = i % 2 === 0 ? cat_id : below.cat_id;
    all.push(await shop.addProduct([of], { name, sku: `Ab-${i}`, price: [30, 10, 20, 20, 50, 40][i] }));
  }
  const list = async (query: string): Promise<string[]> => {
    const found: ProductAnswer[] = [];
    let next: string | null = `/v1/products?limit=2&${query}`;
    while (next !== null) {
      const page = await http.get(next, { prefer: 'wait=30' });
      t.equal(page.status, 200, query);
      found.push(...(page.data as ProductAnswer[]));
      ({ next } = page.body as { next: string | null });
    }
    return found.map(({ name }) => name);
  };
  t.same(await list('q=cafe'), ['Café table', 'CAFE chair'], 'case and accents make no difference');
  t.same(await list('q=CAF%C3%89'), ['Café table', 'CAFE chair']);
  t.same(await list('q=olk'), ['Ölkanne'], 'a part of a word');
  t.same(await list('q=aB-5'), ['Lamp'], 'of the SKU as well');
  t.same(await list('q=%25'), ['Table cloth 50%'], 'what has a meaning in SQL has none here');
  t.same(await list('q=_'), ['Straße_map']);
  t.same(await list('q=%5C'), []);
  t.same(await list('price_min=20&price_max=30'), ['Café table', 'Table cloth 50%', 'Ölkanne']);
  t.same(await list('sort=price'), ['CAFE chair', 'Table cloth 50%', 'Ölkanne', 'Café table', 'Lamp', 'Straße_map']);
  t.same(await list('sort=-price'), ['Straße_map', 'Lamp', 'Café table', 'Ölkanne', 'Table cloth 50%', 'CAFE chair']);
  t.same(await list('sort=name'), ['CAFE chair', 'Café table', 'Lamp', 'Ölkanne', 'Straße_map', 'Table cloth 50%']);
  t.same(await list('sort=-product_id'), [...NAMES].reverse());
  t.same(await list(`cat_id=${below.cat_id}&sort=-name`), ['Ölkanne', 'Lamp', 'CAFE chair']);
  t.same(await list(`cat_id=${cat_id}&q=table&price_min=25`), ['Café table']);
  t.same(await list(`cat_id=${below.cat_id}&q=table`), []);
  await http.ok('PATCH', `/v1/products/${all[5]?.product_id}`, { json: { name: 'Lüster' } });
  t.same(await list('q=luster'), ['Lüster'], 'by the name of today');
  t.same(await list('q=lamp'), []);
  t.match(await http.get('/v1/products?cat_id=999999&q=a'), { status: 404, body: { code: 'category-not-found' } });
  for (const [query, path] of [
    ['q=', 'q'],
    ['price_min=9&price_max=8', 'price_max'],
    ['price_min=-1', 'price_min'],
    ['sort=color', 'sort'],
  ] as const) {
    const refused = await http.get(`/v1/products?${query}`);
    t.match(refused, { status: 400, body: { errors: [{ path: new RegExp(`${path}$`) }] } }, query);
  }
  const { next } = (await http.get('/v1/products?limit=2&sort=price')).body as { next: string };
  const cursor = new URLSearchParams(next.split('?')[1]).get('cursor') ?? '';
  for (const other of ['sort=-price', 'sort=price&q=a', '']) {
    t.match(await http.get(`/v1/products?${other}&cursor=${cursor}`), {
      status: 400,
      body: { code: 'invalid-cursor' },
    });
  }
});

test('products are found by what people type in place of letters with strokes, ligatures and signs', async (t) => {
  const shop = await runningApp(t);
  const { cat_id } = await shop.addCategory();
  for (const [name, q] of [
    ['Acme™ lamp', 'acmetm'],
    ['Map of Łódź', 'lodz'],
    ['Kitchen №5', 'no5'],
    ['Großer Topf', 'GROSSER'],
  ] as const) {
    await shop.addProduct([cat_id], { name });
    for (const typed of [q, name]) {
      const { data } = await shop.http.get(`/v1/products?q=${encodeURIComponent(typed)}`, { prefer: 'wait=30' });
      t.match(data, [{ name }], typed);
      t.equal((data as ProductAnswer[]).length, 1, typed);
    }
  }
});

test('users are listed newest first, or oldest first', async (t) => {
  const shop = await runningApp(t);
  const { http } = shop;
  const ids: string[] = [];
  for (let n = 0; n < 3; n++) ids.push((await shop.registerUser()).user_id);
  const found: string[] = [];
  let next: string | null = '/v1/users?limit=2&sort=registered_at';
  while (next !== null) {
    const page = await http.get(next, { prefer: 'wait=30' });
    found.push(...(page.data as UserAnswer[]).map(({ user_id }) => user_id));
    ({ next } = page.body as { next: string | null });
  }
  t.same(found, ids);
  const newest = (await http.get('/v1/users?sort=-registered_at')).data as UserAnswer[];
  t.same(
    newest.map(({ user_id }) => user_id),
    [...ids].reverse(),
  );
});
