import t from 'tap';
import type { CategoryAnswer } from '../../src/category/answer.js';
import { demo, runningApp, userForm } from '../support/running-app.js';
import { outcome } from '../support/http-client.js';

const PRINTER = 6;

interface Node {
  readonly cat_id: number;
  readonly total_products: number;
  readonly child_categories: readonly Node[];
}

function totals(nodes: readonly Node[]): Record<number, number> {
  return Object.fromEntries(
    nodes.flatMap((node) => [[node.cat_id, node.total_products], ...Object.entries(totals(node.child_categories))]),
  );
}

void t.test('the demo shop counts as the worked cases say', async (t) => {
  const shop = await runningApp(t, { seed: demo });
  const { http } = shop;
  http.position = shop.runtime.tokens.encode(await shop.runtime.store.head());
  const counts = async (catId: number): Promise<unknown> =>
    (await http.ok('GET', `/v1/categories/${catId}/order-counts`)).data;
  const none = { placed: 0, paid: 0, cancelled: 0 };
  const user = await shop.registerUser();

  await t.test('the tree of the requirement', async (t) => {
    const { body } = await http.ok('GET', '/v1/categories');
    const leaf = (cat_id: number, name: string, total_products: number): object => ({
      cat_id,
      name,
      total_products,
      child_categories: [],
    });
    t.strictSame(body, {
      data: [
        {
          cat_id: 1,
          name: 'clothes',
          total_products: 5,
          child_categories: [
            {
              cat_id: 2,
              name: "Mens' wear",
              total_products: 2,
              child_categories: [leaf(3, 'Shirts', 1), leaf(4, 'T-Shirts', 1)],
            },
            { cat_id: 5, name: "Womens' wear", total_products: 3, child_categories: [leaf(6, 'Saree', 3)] },
          ],
        },
        {
          cat_id: 7,
          name: 'Appliances',
          total_products: 1,
          child_categories: [leaf(8, 'Home appliances', 1), leaf(9, 'Office appliances', 1)],
        },
      ],
    });
    t.equal(
      (await http.ok('GET', '/v1/categories?root=2&depth=1')).bytes.toString(),
      JSON.stringify({ data: [{ ...leaf(2, "Mens' wear", 2) }] }),
    );
  });

  await t.test('a product in a parent and in its child counts once in both', async (t) => {
    const parent = await shop.addCategory();
    const child = await shop.addCategory({ parent_cat_id: parent.cat_id });
    await shop.addProduct([parent.cat_id, child.cat_id]);
    for (const { cat_id } of [parent, child]) {
      t.equal(((await http.ok('GET', `/v1/categories/${cat_id}`)).data as CategoryAnswer).total_products, 1);
    }
  });

  await t.test('an order with two lines in the same category counts once there', async (t) => {
    await shop.placeOrder(user.user_id, [3, 4, 3]);
    t.strictSame(await counts(6), { placed: 1, paid: 0, cancelled: 0 });
    t.strictSame(await counts(1), { placed: 1, paid: 0, cancelled: 0 });
    t.strictSame(await counts(2), none);
  });

  await t.test('an order with lines in Home and Office counts once in each and once in Appliances', async (t) => {
    const kettle = await shop.addProduct([8]);
    const stapler = await shop.addProduct([9]);
    await shop.placeOrder(user.user_id, [kettle.product_id, stapler.product_id]);
    for (const catId of [7, 8, 9]) t.strictSame(await counts(catId), { placed: 1, paid: 0, cancelled: 0 }, `${catId}`);
    await shop.placeOrder(user.user_id, [PRINTER]);
    for (const catId of [7, 8, 9]) t.strictSame(await counts(catId), { placed: 2, paid: 0, cancelled: 0 }, `${catId}`);
  });

  await t.test('Office moved under Home: the printer counts as before, everything else follows', async (t) => {
    await http.ok('PATCH', '/v1/categories/9', { json: { parent_cat_id: 8 } });
    const { data } = await http.ok('GET', '/v1/categories?root=7');
    // The printer, the kettle and the stapler: the stapler now stands below Home too.
    t.strictSame(totals(data as Node[]), { 7: 3, 8: 3, 9: 2 });
    for (const catId of [7, 8, 9]) t.strictSame(await counts(catId), { placed: 2, paid: 0, cancelled: 0 }, `${catId}`);
  });

  await t.test('an empty category has zeros, an unknown one is 404', async (t) => {
    const { cat_id } = await shop.addCategory();
    t.match((await http.ok('GET', `/v1/categories/${cat_id}`)).data, { total_products: 0 });
    t.strictSame(await counts(cat_id), none);
    for (const path of [
      '/v1/categories/999',
      '/v1/categories/999/order-counts',
      '/v1/categories?root=999',
      '/v1/products?cat_id=999',
    ]) {
      t.equal(outcome(await http.get(path)), '404 category-not-found', path);
    }
  });

  await t.test('a retired product counts as none, its orders stay', async (t) => {
    const before = await counts(7);
    await http.ok('POST', `/v1/products/${PRINTER}/retire`);
    t.strictSame(totals((await http.ok('GET', '/v1/categories?root=7')).data as Node[]), { 7: 2, 8: 2, 9: 1 });
    t.strictSame(await counts(7), before);
    t.equal(outcome(await http.get(`/v1/products/${PRINTER}`)), '200');
    await http.ok('POST', `/v1/products/${PRINTER}/reinstate`);
    t.strictSame(totals((await http.ok('GET', '/v1/categories?root=7')).data as Node[]), { 7: 3, 8: 3, 9: 2 });
  });

  await t.test('twelve registrations with one address at once: one succeeds, eleven find it taken', async (t) => {
    const sent = Array.from({ length: 12 }, () =>
      http.send('POST', '/v1/users', { form: userForm('Ada', 'one@shop.test') }),
    );
    const outcomes = (await Promise.all(sent)).map(outcome).sort();
    t.strictSame(outcomes, ['201', ...Array.from({ length: 11 }, () => '409 email-taken')]);
  });
});

void t.test('a moved subtree takes its totals and its orders along', async (t) => {
  const shop = await runningApp(t, { seed: demo });
  const { http } = shop;
  const user = await shop.registerUser();
  await shop.placeOrder(user.user_id, [PRINTER]);
  await http.ok('PATCH', '/v1/categories/9', { json: { parent_cat_id: 1 } });
  t.strictSame(totals((await http.ok('GET', '/v1/categories')).data as Node[]), {
    1: 6,
    2: 2,
    3: 1,
    4: 1,
    5: 3,
    6: 3,
    7: 1,
    8: 1,
    9: 1,
  });
  t.match(await http.get('/v1/categories/1/order-counts'), { data: { placed: 1 } });
  await http.ok('PATCH', '/v1/categories/8', { json: { parent_cat_id: null } });
  t.strictSame(totals((await http.ok('GET', '/v1/categories')).data as Node[]), {
    1: 6,
    2: 2,
    3: 1,
    4: 1,
    5: 3,
    6: 3,
    7: 0,
    8: 1,
    9: 1,
  });
  t.match(await http.get('/v1/categories/7/order-counts'), { data: { placed: 0 } });
});
