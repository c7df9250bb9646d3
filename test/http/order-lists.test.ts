import { test } from 'tap';
import type { OrderAnswer } from '../../src/order/answer.js';
import type { Answer } from '../support/http-client.js';
import { demo, runningApp, type RunningApp } from '../support/running-app.js';

interface Placed extends OrderAnswer {
  readonly token: string;
}

async function place(shop: RunningApp, user_id: string, products: number[], reference?: string): Promise<Placed> {
  const items = products.map((product_id) => ({ product_id, quantity: 1 }));
  const json = { user_id, items, ...(reference !== undefined && { external_reference: reference }) };
  const answer = await shop.http.ok('POST', '/v1/orders', { json });
  return { ...(answer.data as OrderAnswer), token: answer.headers.get('log-position') ?? '' };
}

const ids = ({ data }: Answer): string[] => (data as OrderAnswer[]).map(({ order_id }) => order_id);

test('orders are found by what the query says, in the order that it says', async (t) => {
  const shop = await runningApp(t, { seed: demo });
  const { http } = shop;
  const [ada, bea] = [await shop.registerUser(), await shop.registerUser()];
  const one = await place(shop, ada.user_id, [1], 'WEB 1');
  const two = await place(shop, bea.user_id, [1, 2]);
  const three = await place(shop, ada.user_id, [3], 'web 1');
  await http.ok('POST', `/v1/orders/${one.order_id}/mark-paid`);
  const paidAt = http.position ?? '';
  await http.ok('POST', `/v1/orders/${two.order_id}/cancel`);
  const list = async (query: string): Promise<string[]> =>
    ids(await http.get(`/v1/orders?${query}`, { prefer: 'wait=30' }));
  t.same(
    await list(''),
    [three, two, one].map(({ order_id }) => order_id),
  );
  t.same(
    await list('sort=placed_at'),
    [one, two, three].map(({ order_id }) => order_id),
  );
  t.same(await list('status=placed,paid'), [three.order_id, one.order_id]);
  t.same(await list(`user_id=${bea.user_id}`), [two.order_id]);
  t.same(await list('product_id=1'), [two.order_id, one.order_id]);
  t.same(await list(`number=${one.number}`), [one.order_id]);
  t.same(await list('external_reference=WEB%201'), [one.order_id]);
  t.same(await list('external_reference=nobody'), []);
  t.same(await list(`placed_from=${two.placed_at}&placed_to=${two.placed_at}&sort=-total`), [two.order_id]);
  t.same(await list('currency=XXX'), []);
  t.same(await list('sort=-updated_at&limit=2'), [two.order_id, one.order_id]);
  t.same(await list(`updated_since=${three.token}&sort=updated_at`), [one.order_id, two.order_id]);
  t.same(await list(`updated_since=${paidAt}`), [two.order_id]);
  t.same(
    await list(`updated_since=${encodeURIComponent(one.placed_at)}&sort=updated_at`),
    [three, one, two].map(({ order_id }) => order_id),
  );
  for (const longAgo of ['0001-01-01T00:00:00Z', '1969-12-31T23:59:59.999Z', '2001-01-01T00:00:00%2B02:00']) {
    t.equal((await list(`updated_since=${longAgo}`)).length, 3, longAgo);
  }
  t.same(await list('updated_since=2999-01-01T00:00:00Z'), [], 'nothing was changed since a time that has not come');
  t.same(
    await list(`as_of=${three.token}&status=placed`),
    [three, two, one].map(({ order_id }) => order_id),
  );
  const ofAda = `/v1/users/${ada.user_id}/orders`;
  t.same(ids(await http.get(`${ofAda}?sort=placed_at&status=paid,placed`)), [one.order_id, three.order_id]);
  t.same(ids(await http.get(`${ofAda}?user_id=${bea.user_id}`)), [], "of another user's orders this one has none");
  t.match(await http.get(`/v1/users/${one.order_id}/orders?number=1`), {
    status: 404,
    body: { code: 'user-not-found' },
  });
});

test('orders of a category are those of the products that stand there or below it today', async (t) => {
  const shop = await runningApp(t, { seed: demo });
  const { http } = shop;
  const { user_id } = await shop.registerUser();
  const top = await shop.addCategory();
  const below = await shop.addCategory({ parent_cat_id: top.cat_id });
  const lamp = await shop.addProduct([below.cat_id]);
  const before = http.position ?? '';
  const order = await place(shop, user_id, [lamp.product_id]);
  for (const { cat_id } of [top, below]) {
    t.same(ids(await http.get(`/v1/orders?cat_id=${cat_id}`)), [order.order_id]);
    t.same(ids(await http.get(`/v1/orders?cat_id=${cat_id}&status=placed&sort=-total`)), [order.order_id]);
  }
  await http.ok('PATCH', `/v1/categories/${below.cat_id}`, { json: { parent_cat_id: null } });
  t.same(ids(await http.get(`/v1/orders?cat_id=${top.cat_id}`)), []);
  const then = `as_of=${order.token}`;
  t.same(ids(await http.get(`/v1/orders?cat_id=${top.cat_id}&${then}`, { prefer: 'wait=30' })), [order.order_id]);
  t.match(await http.get(`/v1/orders?cat_id=999999`), { status: 404, body: { code: 'category-not-found' } });
  t.match(await http.get(`/v1/orders?cat_id=${top.cat_id}&as_of=${before}`, { prefer: 'wait=30' }), {
    status: 200,
    data: [],
  });
});

test('what can not be asked for is refused, with the place and the remedy', async (t) => {
  const shop = await runningApp(t, { projectors: true });
  for (const [query, path, message] of [
    ['status=placed,open', 'status', /is not a list of placed, paid, cancelled, such as placed,paid/],
    ['status=', 'status', /is not a list/],
    ['sort=name', 'sort', /./],
    ['number=O-', 'number', /such as O-000123/],
    ['placed_from=2026-01-31', 'placed_from', /such as 2026-01-31T09:30:00Z/],
    ['placed_from=2026-02-30T00:00:00Z', 'placed_from', /is not a time/],
    ['placed_from=2026-01-02T00:00:00Z&placed_to=2026-01-01T00:00:00Z', 'placed_to', /is before placed_from/],
    ['total_min=5&total_max=4', 'total_max', /is below total_min/],
    ['total_min=-1', 'total_min', /from 0/],
    ['total_min=99999999999999999999', 'total_min', /from 0/],
    ['currency=eur', 'currency', /ISO 4217/],
    ['updated_since=2026-01-01', 'updated_since', /T00:00:00Z/],
    ['updated_since=2026-01-31T09:30:00', 'updated_since', /with its zone/],
    ['updated_since=2026-02-30T00:00:00Z', 'updated_since', /is neither/],
    ['updated_since=Sat%20Jan%2031%202026%2010:00', 'updated_since', /is neither/],
    ['external_reference=', 'external_reference', /empty/],
    ['product_id=0', 'product_id', /./],
  ] as const) {
    const answer = await shop.http.get(`/v1/orders?${query}`);
    t.equal(answer.status, 400, query);
    t.match(answer.body, { errors: [{ path: new RegExp(`${path}$`), message }] }, query);
  }
});

test('every page of a list leads to the next one, and its cursor is of no other list', async (t) => {
  const shop = await runningApp(t, { seed: demo });
  const { http } = shop;
  const { user_id } = await shop.registerUser();
  const first = await place(shop, user_id, [1]);
  for (let n = 0; n < 4; n++) await place(shop, user_id, [2]);
  const since = encodeURIComponent(first.placed_at);
  for (const query of [
    'sort=total&status=placed,paid',
    `updated_since=${since}&sort=updated_at`,
    `user_id=${user_id}&placed_from=${since}`,
    'number=O-000001',
  ]) {
    let path: string | null = `/v1/orders?limit=2&${query}`;
    const found: string[] = [];
    while (path !== null) {
      const page = await http.get(path);
      found.push(...ids(page));
      path = (page.body as { next: string | null }).next;
    }
    t.same([...new Set(found)].length, query.startsWith('number') ? 1 : 5, query);
    t.equal(found.length, new Set(found).size, query);
  }
  const { next } = (await http.get('/v1/orders?limit=2&sort=total')).body as { next: string };
  const cursor = new URLSearchParams(next.split('?')[1]).get('cursor') ?? '';
  for (const other of ['sort=-total', 'sort=total&status=placed', `sort=total&updated_since=${since}`, '']) {
    t.match(await http.get(`/v1/orders?limit=2&${other}&cursor=${cursor}`), {
      status: 400,
      body: { code: 'invalid-cursor' },
    });
  }
});
