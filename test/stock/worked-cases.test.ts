/** The worked cases of the design that one process shows. */
import t, { type Test } from 'tap';
import type { ProductAnswer } from '../../src/product/answer.js';
import type { StockAnswer } from '../../src/stock/answer.js';
import { type Answer, outcome, type ProblemBody } from '../support/http-client.js';
import { until } from '../support/orderlog.js';
import { runningApp, type RunningApp, type RunningOptions } from '../support/running-app.js';

interface StockShop extends RunningApp {
  readonly userId: string;
  /** A product with so many on hand, which the read models know. */
  product(onHand: number): Promise<ProductAnswer>;
  order(lines: readonly (readonly [productId: number, quantity: number])[], key?: string): Promise<Answer>;
  /** Folded from the stream. */
  stock(productId: number): Promise<Omit<StockAnswer, 'product_id' | 'revision'>>;
  events(productId: number): Promise<string[]>;
}

export async function stockShop(t: Test, options: RunningOptions = {}): Promise<StockShop> {
  const shop = await runningApp(t, options);
  const { http, runtime } = shop;
  const { user_id: userId } = await shop.registerUser();
  const { cat_id } = await shop.addCategory();
  return Object.assign(shop, {
    userId,
    async product(onHand: number): Promise<ProductAnswer> {
      const product = await shop.addProduct([cat_id]);
      await http.ok('POST', `/v1/products/${product.product_id}/stock/count`, { json: { on_hand: onHand } });
      await runtime.engine.catchUp(await runtime.store.head(), 30_000);
      return product;
    },
    order: (lines: readonly (readonly [number, number])[], key?: string) =>
      http.send('POST', '/v1/orders', {
        json: { user_id: userId, items: lines.map(([product_id, quantity]) => ({ product_id, quantity })) },
        ...(key !== undefined && { headers: { 'idempotency-key': key } }),
      }),
    async stock(productId: number): Promise<Omit<StockAnswer, 'product_id' | 'revision'>> {
      const { on_hand, reserved } = (await runtime.openStock.stocks.current(String(productId))).state;
      return { on_hand, reserved, available: on_hand - reserved };
    },
    async events(productId: number): Promise<string[]> {
      const types: string[] = [];
      for await (const { type, data } of runtime.store.read(`stock-${productId}`)) {
        types.push(type === 'StockReleased' ? `${type} ${data['cause'] as string}` : type);
      }
      return types;
    },
  });
}

const idOf = (answer: Answer): string => (answer.data as { order_id: string }).order_id;

t.test('of the last 10, 40 buyers at once get 10, and not one more', async (t) => {
  const shop = await stockShop(t);
  const { product_id } = await shop.product(10);
  const answers = await Promise.all(Array.from({ length: 40 }, () => shop.order([[product_id, 1]])));
  const outcomes = answers.map(outcome).toSorted();
  t.same(outcomes, [...Array<string>(10).fill('201'), ...Array<string>(30).fill('409 out-of-stock')]);
  t.same(await shop.stock(product_id), { on_hand: 10, reserved: 10, available: 0 });
});

t.test('two lines of one product are added up, and both are named if they are short', async (t) => {
  const shop = await stockShop(t);
  const { product_id } = await shop.product(6);
  const refused = await shop.order([
    [product_id, 3],
    [product_id, 4],
  ]);
  t.equal(outcome(refused), '409 out-of-stock');
  const { errors } = refused.body as ProblemBody;
  t.match(errors, [
    { path: 'items[0].quantity', wanted: 7, available: 6, message: /wants 7 .* 6 are available/ },
    { path: 'items[1].quantity', wanted: 7, available: 6 },
  ]);
  t.equal(errors?.length, 2);
  t.equal(
    outcome(
      await shop.order([
        [product_id, 3],
        [product_id, 3],
      ]),
    ),
    '201',
  );
  t.same(await shop.stock(product_id), { on_hand: 6, reserved: 6, available: 0 });
});

for (const key of [undefined, 'short']) {
  t.test(`if one product is short, nothing of the others stays reserved${key ? ', with a key too' : ''}`, async (t) => {
    const shop = await stockShop(t);
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
    if (key !== undefined) {
      t.equal(outcome(await shop.order(lines, key)), '409 out-of-stock', 'the same answer again');
      t.equal((await shop.events(enough.product_id)).length, 3);
    }
  });
}

t.test('an order that its own rules refuse reserves nothing', async (t) => {
  const shop = await stockShop(t);
  const { product_id } = await shop.product(5);
  await shop.http.ok('POST', `/v1/products/${product_id}/retire`);
  await shop.runtime.engine.catchUp(await shop.runtime.store.head(), 30_000);
  t.equal(outcome(await shop.order([[product_id, 1]])), '422 product-retired');
  t.same(await shop.events(product_id), ['StockCounted']);
});

t.test('an order is recorded with what it holds', async (t) => {
  const shop = await stockShop(t);
  const [one, other] = [await shop.product(5), await shop.product(5)];
  const placed = await shop.order([
    [other.product_id, 1],
    [one.product_id, 2],
    [other.product_id, 3],
  ]);
  for await (const { type, data } of shop.runtime.store.read(`order-${idOf(placed)}`)) {
    t.equal(type, 'OrderPlaced');
    t.same(data['reserved'], [
      { product_id: one.product_id, quantity: 2 },
      { product_id: other.product_id, quantity: 4 },
    ]);
  }
});

t.test('an order of products that are not tracked reads and writes no stock', async (t) => {
  const shop = await stockShop(t);
  const { product_id } = await shop.addProduct([(await shop.addCategory()).cat_id]);
  await shop.runtime.engine.catchUp(await shop.runtime.store.head(), 30_000);
  const read: string[] = [];
  const { store } = shop.runtime;
  const original = store.read.bind(store);
  store.read = (stream, options) => {
    read.push(stream);
    return original(stream, options);
  };
  t.equal(outcome(await shop.order([[product_id, 1]])), '201');
  t.same(
    read.filter((stream) => stream.startsWith('stock-')),
    [],
  );
});

t.test('cancel releases once and pay issues once, however often they are sent', async (t) => {
  const shop = await stockShop(t);
  const { product_id } = await shop.product(10);
  const [first, second] = [await shop.order([[product_id, 3]]), await shop.order([[product_id, 4]])];
  t.same(await shop.stock(product_id), { on_hand: 10, reserved: 7, available: 3 });
  for (let i = 0; i < 3; i++) {
    const cancelled = await shop.http.ok('POST', `/v1/orders/${idOf(first)}/cancel`);
    t.equal(cancelled.status, 200);
    await shop.http.ok('POST', `/v1/orders/${idOf(second)}/mark-paid`);
  }
  await Promise.all(Array.from({ length: 5 }, () => shop.http.ok('POST', `/v1/orders/${idOf(second)}/mark-paid`)));
  t.same(await shop.stock(product_id), { on_hand: 6, reserved: 0, available: 6 });
  t.same(await shop.events(product_id), [
    ...['StockCounted', 'StockReserved', 'StockReserved'],
    ...['StockReleased cancelled', 'StockIssued'],
  ]);
});

t.test('the answer to a cancel covers the stock that it released', async (t) => {
  const shop = await stockShop(t);
  const { product_id } = await shop.product(10);
  const order = await shop.order([[product_id, 3]]);
  const cancelled = await shop.http.ok('POST', `/v1/orders/${idOf(order)}/cancel`);
  const head = shop.runtime.tokens.encode(await shop.runtime.store.head());
  t.equal(cancelled.headers.get('log-position'), head);
});

t.test('a count below what is reserved: the next order is refused, and a receipt heals it', async (t) => {
  const shop = await stockShop(t);
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

t.test('tracking that ended meanwhile reserves nothing, and the order is placed', async (t) => {
  const shop = await stockShop(t);
  const { product_id } = await shop.product(0);
  await shop.stopProjectors();
  await shop.http.ok('DELETE', `/v1/products/${product_id}/stock`);
  const placed = await shop.order([[product_id, 1]]);
  t.equal(outcome(placed), '201');
  t.same(await shop.events(product_id), ['StockCounted', 'StockTrackingEnded']);
});

t.test('a product that the read models do not know yet is reserved by its stream', async (t) => {
  const shop = await stockShop(t, { projectors: false });
  const { product_id } = await shop.addProduct([(await shop.addCategory()).cat_id]);
  await shop.http.ok('POST', `/v1/products/${product_id}/stock/count`, { json: { on_hand: 1 } });
  t.equal(outcome(await shop.order([[product_id, 1]])), '201');
  t.equal(outcome(await shop.order([[product_id, 1]])), '409 out-of-stock');
});

t.test('tracking begins while orders are placed: each order that saw the count holds a reservation', async (t) => {
  const shop = await stockShop(t);
  const { product_id } = await shop.addProduct([(await shop.addCategory()).cat_id]);
  let position: string | null = null;
  const begin = shop.http
    .ok('POST', `/v1/products/${product_id}/stock/count`, { json: { on_hand: 1_000 } })
    .then((counted) => (position = counted.headers.get('log-position')));
  const seen: string[] = [];
  const buy = async (): Promise<void> => {
    for (let i = 0; i < 8; i++) {
      const min: string | null = position;
      const answer = await shop.http.send('POST', '/v1/orders', {
        json: { user_id: shop.userId, items: [{ product_id, quantity: 1 }] },
        ...(min !== null && { headers: { 'min-log-position': min, prefer: 'wait=30' } }),
      });
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
});

t.test('the reactor releases and issues what a command could not', async (t) => {
  const shop = await stockShop(t);
  const { product_id } = await shop.product(10);
  const [first, second] = [await shop.order([[product_id, 3]]), await shop.order([[product_id, 4]])];
  // As if the process had died between both streams.
  const { orderStock } = shop.runtime.openStock;
  const original = orderStock.close.bind(orderStock);
  orderStock.close = () => Promise.resolve(null);
  await shop.http.ok('POST', `/v1/orders/${idOf(first)}/cancel`);
  await shop.http.ok('POST', `/v1/orders/${idOf(second)}/mark-paid`);
  orderStock.close = original;
  t.same(await shop.stock(product_id), { on_hand: 10, reserved: 7, available: 3 });
  await until(async () => (await shop.stock(product_id)).reserved === 0, 30_000);
  t.same(await shop.stock(product_id), { on_hand: 6, reserved: 0, available: 6 });
});
