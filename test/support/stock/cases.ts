/** The worked cases of stock, each a test, for whatever log: two processes on it, and a test of each of their rules. */
import type { Test } from 'tap';
import type { EventStore } from '../../../src/engine/core/event-store.js';
import { type Answer, outcome, type ProblemBody } from '../http-client.js';
import { type RunningApp, runningApp } from '../running-app.js';
import { verified } from '../unknown-types.js';
import { eachDeath, recovered, wrongStock } from './deaths.js';
import { idOf, orderOf, type StockShop, stockShop } from './shop.js';

/** @param open the log once more, as another process would; null where it is the database's own */
export async function workedCases(t: Test, open: () => EventStore | null): Promise<void> {
  const own = (): { store?: EventStore } => {
    const store = open();
    return store ? { store } : {};
  };
  const shop = await stockShop(t, own());
  const { database, dataDir } = shop;
  const other = await runningApp(t, { database, dataDir, projectors: false, ...own() });

  await t.test('of the last 10, 40 buyers at once get 10, and not one more', async (t) => {
    const { product_id } = await shop.product(10);
    const buy = (i: number): Promise<Answer> =>
      (i % 2 === 0 ? shop : other).http.send('POST', '/v1/orders', orderOf(shop.userId, [[product_id, 1]]));
    const answers = await Promise.all(Array.from({ length: 40 }, (_, i) => buy(i)));
    const outcomes = answers.map(outcome).toSorted();
    t.same(outcomes, [...Array<string>(10).fill('201'), ...Array<string>(30).fill('409 out-of-stock')]);
    t.same(await shop.stock(product_id), { on_hand: 10, reserved: 10, available: 0 });
  });

  await t.test('two lines of one product are added up, and both are named if they are short', async (t) => {
    const { product_id } = await shop.product(6);
    const order = (...quantities: number[]): Promise<Answer> =>
      shop.order(quantities.map((quantity) => [product_id, quantity]));
    const refused = await order(3, 4);
    t.equal(outcome(refused), '409 out-of-stock');
    const { errors } = refused.body as ProblemBody;
    t.match(errors, [
      { path: 'items[0].quantity', wanted: 7, available: 6, message: /wants 7 .* 6 are available/ },
      { path: 'items[1].quantity', wanted: 7, available: 6 },
    ]);
    t.equal(errors?.length, 2);
    t.equal(outcome(await order(3, 3)), '201');
    t.same(await shop.stock(product_id), { on_hand: 6, reserved: 6, available: 0 });
  });

  for (const key of [undefined, 'short']) {
    await t.test(`if one product is short, nothing of the others stays reserved${key ? ', with a key too' : ''}`, (t) =>
      oneIsShort(t, shop, key),
    );
  }

  await t.test(
    'whenever the process of a request dies, nothing stays reserved for no order, and what is over is released or issued once',
    (t) => dying(t, shop, other),
  );

  await t.test('cancel releases once and pay issues once, however often they are sent', async (t) => {
    const { product_id } = await shop.product(10);
    const [first, second] = [await shop.order([[product_id, 3]]), await shop.order([[product_id, 4]])];
    t.same(await shop.stock(product_id), { on_hand: 10, reserved: 7, available: 3 });
    for (let i = 0; i < 3; i++) {
      await shop.http.ok('POST', `/v1/orders/${idOf(first)}/cancel`);
      await other.http.ok('POST', `/v1/orders/${idOf(second)}/mark-paid`);
    }
    await Promise.all(Array.from({ length: 5 }, () => shop.http.ok('POST', `/v1/orders/${idOf(second)}/mark-paid`)));
    t.same(await shop.stock(product_id), { on_hand: 6, reserved: 0, available: 6 });
    t.same(await shop.events(product_id), [
      ...['StockCounted', 'StockReserved', 'StockReserved'],
      ...['StockReleased cancelled', 'StockIssued'],
    ]);
  });

  await t.test('a count below what is reserved: the next order is refused, and a receipt heals it', async (t) => {
    const { product_id } = await shop.product(10);
    t.equal(outcome(await shop.order([[product_id, 8]])), '201');
    const stock = `/v1/products/${product_id}/stock`;
    const counted = await shop.http.ok('POST', `${stock}/count`, { json: { on_hand: 5, reason: 'shelf' } });
    t.match(counted.data, { on_hand: 5, reserved: 8, available: -3 });
    t.equal(outcome(await shop.order([[product_id, 1]])), '409 out-of-stock');
    t.equal(outcome(await shop.http.send('DELETE', stock)), '409 stock-reserved');
    await shop.http.ok('POST', `${stock}/receive`, { json: { quantity: 4 } });
    t.equal(outcome(await shop.order([[product_id, 1]])), '201');
  });

  await t.test('a key sent again after a crash, to another process: one reservation, order and answer', async (t) => {
    const { product_id } = await shop.product(10);
    let sent = 0;
    const again = async (key: string): Promise<void> => {
      const send = (): Promise<Answer> =>
        other.http.send('POST', '/v1/orders', orderOf(shop.userId, [[product_id, 1]], key));
      const answer = await send();
      t.equal(answer.status, 201, key);
      t.same((await send()).body, answer.body, `${key}, once more`);
      t.same((await shop.order([[product_id, 1]], key)).body, answer.body, `${key}, at the first process`);
    };
    let key = '';
    const appends = await eachDeath(
      shop.runtime.store,
      () => shop.order([[product_id, 1]], (key = `again-${++sent}`)),
      () => again(key),
    );
    t.ok(appends >= 2, 'it reserves and places');
    t.same(await shop.stock(product_id), { on_hand: 10, reserved: sent, available: 10 - sent });
    t.equal((await shop.events(product_id)).length, 1 + sent, 'no more than one reservation each');
  });

  await t.test('tracking begins while orders are placed: each order that saw the count holds a reservation', (t) =>
    trackingBegins(t, shop),
  );

  const { ok, models, checks } = await verified(shop);
  t.ok(ok, JSON.stringify([models.map(({ differences }) => differences), checks.filter((one) => !one.ok)]));
}

async function oneIsShort(t: Test, shop: StockShop, key?: string): Promise<void> {
  const [enough, short, shorter] = [await shop.product(5), await shop.product(1), await shop.product(0)];
  const lines = [enough, short, shorter].map(({ product_id }) => [product_id, 2] as const);
  const refused = await shop.order(lines, key);
  t.equal(outcome(refused), '409 out-of-stock');
  const { errors = [] } = refused.body as ProblemBody;
  t.same(
    errors.map(({ path }) => path),
    ['items[1].quantity', 'items[2].quantity'],
  );
  t.same(await shop.stock(enough.product_id), { on_hand: 5, reserved: 0, available: 5 });
  t.same(await shop.events(enough.product_id), ['StockCounted', 'StockReserved', 'StockReleased refused']);
  t.same(await shop.events(short.product_id), ['StockCounted']);
  if (key === undefined) return;
  t.equal(outcome(await shop.order(lines, key)), '409 out-of-stock', 'the same answer again');
  t.equal((await shop.events(enough.product_id)).length, 3);
}

/** All deaths of all requests first, each with orders of its own; then one process finds what they left. */
async function dying(t: Test, shop: StockShop, other: RunningApp): Promise<void> {
  const ids = [await shop.product(100), await shop.product(100), await shop.product(0)].map((one) => one.product_id);
  const [one = 0, two = 0, none = 0] = ids;
  const counted = new Map([
    [one, 100],
    [two, 100],
    [none, 0],
  ]);
  await shop.stopProjectors();
  const { store } = shop.runtime;
  let n = 0;
  const wanted = [
    [one, 1],
    [two, 2],
  ] as const;
  t.ok((await eachDeath(store, () => shop.order(wanted))) >= 3, 'placing reserves two products and appends the order');
  t.ok((await eachDeath(store, () => shop.order(wanted, `dead-${++n}`))) >= 3, 'with a key too');
  const refused = await eachDeath(store, () => shop.order([...wanted, [none, 1]]));
  t.ok(refused >= 4, 'a refused order reserves and releases two products');
  const closing: (() => Promise<Answer>)[] = [];
  for (const path of ['cancel', 'mark-paid']) {
    const deaths = await eachDeath(store, async () => {
      const placed = await other.http.ok('POST', '/v1/orders', orderOf(shop.userId, wanted));
      const send = (): Promise<Answer> => shop.http.send('POST', `/v1/orders/${idOf(placed)}/${path}`);
      closing.push(send);
      return send();
    });
    t.ok(deaths >= 3, `${path} closes an order and the stock of two products`);
  }
  t.same(await recovered(shop, counted), [], 'a process that came after the deaths');
  for (const send of closing) t.equal((await send()).status, 200, 'sent again');
  t.same(await wrongStock(shop, counted), [], 'what was sent again changed nothing twice');
}

async function trackingBegins(t: Test, shop: StockShop): Promise<void> {
  const { product_id } = await shop.untracked();
  let position: string | null = null;
  const begin = shop.http
    .ok('POST', `/v1/products/${product_id}/stock/count`, { json: { on_hand: 1_000 } })
    .then((counted) => (position = counted.headers.get('log-position')));
  const seen: string[] = [];
  const buy = async (): Promise<void> => {
    for (let i = 0; i < 8; i++) {
      const min: string | null = position;
      const { json } = orderOf(shop.userId, [[product_id, 1]]);
      const headers = min !== null && { 'min-log-position': min, prefer: 'wait=30' };
      const answer = await shop.http.send('POST', '/v1/orders', { json, ...(headers && { headers }) });
      t.equal(answer.status, 201);
      if (min !== null) seen.push(idOf(answer));
    }
  };
  await Promise.all([begin, buy(), buy(), buy()]);
  await buy();
  t.ok(seen.length >= 8);
  const { state } = await shop.runtime.openStock.stocks.current(String(product_id));
  t.same(
    seen.filter((orderId) => !state.reservations.has(orderId)),
    [],
  );
}
