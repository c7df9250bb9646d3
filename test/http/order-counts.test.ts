import t from 'tap';
import { outcome } from '../support/http-client.js';
import { runningApp } from '../support/running-app.js';

t.test('all orders are counted by status, now and as they were', async (t) => {
  const shop = await runningApp(t);
  const { http } = shop;
  t.same((await http.ok('GET', '/v1/order-counts')).data, { placed: 0, paid: 0, cancelled: 0 });
  const { user_id } = await shop.registerUser();
  const { product_id } = await shop.addProduct([(await shop.addCategory()).cat_id]);
  const [first, second] = [
    await shop.placeOrder(user_id, [product_id]),
    await shop.placeOrder(user_id, [product_id]),
    await shop.placeOrder(user_id, [product_id]),
  ];
  const before = (await http.ok('GET', `/v1/orders/${first.order_id}`)).headers.get('log-position') ?? '';
  await http.ok('POST', `/v1/orders/${first.order_id}/mark-paid`);
  const last = await http.ok('POST', `/v1/orders/${second.order_id}/cancel`);
  const headers = { 'min-log-position': last.headers.get('log-position') ?? '', prefer: 'wait=30' };
  t.same((await http.ok('GET', '/v1/order-counts', { headers })).data, { placed: 1, paid: 1, cancelled: 1 });
  const then = await http.ok('GET', `/v1/order-counts?as_of=${encodeURIComponent(before)}`);
  t.same([(then.data as { paid: number }).paid, then.headers.get('log-position')], [0, before]);
  const { data } = await http.ok('GET', '/v1/order-counts/hours', { headers });
  const hours = data as { hour: string; placed: number; paid: number; cancelled: number }[];
  t.equal(hours.length, 24, 'hours without orders are there too');
  const sumOf = (status: 'placed' | 'paid' | 'cancelled'): number => hours.reduce((sum, it) => sum + it[status], 0);
  t.same([sumOf('placed'), sumOf('paid'), sumOf('cancelled')], [1, 1, 1]);
  t.same(
    hours.map(({ hour }) => hour),
    hours.map(({ hour }) => hour).toSorted(),
    'oldest first',
  );
  t.match(hours[0]?.hour, /T\d\d:00:00\.000Z$/);
});

t.test('an order counts in the hour that it was placed in, and in no other', async (t) => {
  const shop = await runningApp(t);
  const { http } = shop;
  const { user_id } = await shop.registerUser();
  const { product_id } = await shop.addProduct([(await shop.addCategory()).cat_id]);
  const { placed_at } = await shop.placeOrder(user_id, [product_id]);
  const head = (await http.ok('GET', '/v1/log?limit=1')).headers.get('log-position') ?? '';
  const around = `from=${placed_at}&to=${placed_at}`;
  const { data } = await http.ok('GET', `/v1/order-counts/hours?${around}`, {
    headers: { 'min-log-position': head, prefer: 'wait=30' },
  });
  t.same(data, [{ hour: `${placed_at.slice(0, 13)}:00:00.000Z`, placed: 1, paid: 0, cancelled: 0 }]);
});

t.test('a span of hours that is none, or too long, is refused with its place', async (t) => {
  const { http } = await runningApp(t, { projectors: false });
  for (const query of [
    'from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z',
    'from=2020-01-01T00:00:00Z',
    'from=today',
    'from=2026-02-30T00:00:00Z',
    'from=0000-01-01T00:00:00Z',
  ]) {
    const refused = await http.send('GET', `/v1/order-counts/hours?${query}`);
    t.equal(outcome(refused), '400 invalid-request', query);
    t.match(refused.body, { errors: [{ path: 'query.from' }] });
  }
});

t.test('the first and the last hours that a time can name are answered', async (t) => {
  const { http } = await runningApp(t);
  for (const [query, first] of [
    ['to=9999-12-31T23:30:00Z', '9999-12-31T00:00:00.000Z'],
    ['from=9999-12-31T23:00:00Z&to=9999-12-31T23:30:00Z', '9999-12-31T23:00:00.000Z'],
    ['to=0001-01-01T00:30:00Z', '0000-12-31T01:00:00.000Z'],
    ['from=2026-01-01T12:00:00%2B02:00&to=2026-01-01T10:00:00Z', '2026-01-01T10:00:00.000Z'],
  ] as const) {
    const { data } = await http.ok('GET', `/v1/order-counts/hours?${query}`, { headers: { prefer: 'wait=30' } });
    t.equal((data as { hour: string }[])[0]?.hour, first, query);
  }
});
