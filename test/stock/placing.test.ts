import t from 'tap';
import { ownContext } from '../../src/commands/own-context.js';
import { type Answer, outcome } from '../support/http-client.js';
import { until } from '../support/orderlog.js';
import { atRest, recovered } from '../support/stock/deaths.js';
import { idOf, stockShop } from '../support/stock/shop.js';

t.test('what an order does to stock', async (t) => {
  const shop = await stockShop(t);

  await t.test('an order that its own rules refuse reserves nothing', async (t) => {
    const { product_id } = await shop.product(5);
    await shop.http.ok('POST', `/v1/products/${product_id}/retire`);
    await shop.caughtUp();
    t.equal(outcome(await shop.order([[product_id, 1]])), '422 product-retired');
    t.same(await shop.events(product_id), ['StockCounted']);
  });

  await t.test('an order is recorded with what it holds', async (t) => {
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

  await t.test('an order of products that are not tracked reads and writes no stock', async (t) => {
    const { product_id } = await shop.untracked();
    const touched: string[] = [];
    const { store } = shop.runtime;
    const { read, append } = store;
    store.read = (stream, options) => {
      touched.push(stream);
      return read.call(store, stream, options);
    };
    store.append = (stream, ...rest) => {
      touched.push(stream);
      return append.call(store, stream, ...rest);
    };
    t.equal(outcome(await shop.order([[product_id, 1]])), '201');
    Object.assign(store, { read, append });
    t.same(
      touched.map((stream) => stream.split('-')[0]),
      ['order'],
      'one append, and no read',
    );
  });

  await t.test('the answer to a cancel covers the stock that it released', async (t) => {
    const { product_id } = await shop.product(10);
    const order = await shop.order([[product_id, 3]]);
    const cancelled = await shop.http.ok('POST', `/v1/orders/${idOf(order)}/cancel`);
    const head = shop.runtime.tokens.encode(await shop.runtime.store.head());
    t.equal(cancelled.headers.get('log-position'), head);
  });

  await t.test('the same command again, when its stored response is gone, answers the same position', async (t) => {
    const products = [await shop.product(10), await shop.product(10)] as const;
    for (const path of ['cancel', 'mark-paid']) {
      const order = await shop.order(products.map(({ product_id }) => [product_id, 1]));
      const send = (): Promise<Answer> =>
        shop.http.ok('POST', `/v1/orders/${idOf(order)}/${path}`, { headers: { 'idempotency-key': 'once' } });
      const first = await send();
      // Others change the same stock meanwhile.
      await shop.http.ok('POST', `/v1/orders/${idOf(await shop.order([[products[0].product_id, 1]]))}/cancel`);
      await shop.runtime.pool.query('delete from orderlog.idempotency_keys');
      const again = await send();
      t.equal(again.headers.get('idempotency-replayed'), 'true');
      t.equal(again.headers.get('log-position'), first.headers.get('log-position'), path);
    }
  });

  await t.test('the reactor releases and issues what a command could not', async (t) => {
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
    await until(async () => (await shop.stock(product_id)).reserved === 0, 60_000);
    t.same(await shop.stock(product_id), { on_hand: 6, reserved: 0, available: 6 });
  });

  await t.test('a late attempt that dies leaves nothing reserved for an order that is over', async (t) => {
    const products = [await shop.product(10), await shop.product(10)].map((one) => one.product_id);
    const { orderStock } = shop.runtime.openStock;
    const closed: string[] = [];
    for (const path of ['cancel', 'mark-paid']) {
      const placed = await shop.order(products.map((id) => [id, 2]));
      closed.push(idOf(placed));
      await shop.http.ok('POST', `/v1/orders/${idOf(placed)}/${path}`);
    }
    // The reactor has seen to them.
    await atRest(shop);
    // The same requests, sent twice: these were held up, reserve, and get no further.
    const wanted = products.map((product_id) => ({ product_id, quantity: 2 }));
    for (const orderId of closed) await orderStock.reserve(orderId, wanted, ownContext('system', ''));
    t.same(await recovered(shop, new Map(products.map((id) => [id, 10]))), []);
  });

  await t.test('tracking that ended meanwhile reserves nothing, and the order is placed', async (t) => {
    const { product_id } = await shop.product(0);
    await shop.stopProjectors();
    await shop.http.ok('DELETE', `/v1/products/${product_id}/stock`);
    t.equal(outcome(await shop.order([[product_id, 1]])), '201');
    t.same(await shop.events(product_id), ['StockCounted', 'StockTrackingEnded']);
  });
});

t.test('a product that the read models do not know yet is reserved by its stream', async (t) => {
  const shop = await stockShop(t, { projectors: false });
  const { product_id } = await shop.addProduct([(await shop.addCategory()).cat_id]);
  await shop.http.ok('POST', `/v1/products/${product_id}/stock/count`, { json: { on_hand: 1 } });
  t.equal(outcome(await shop.order([[product_id, 1]])), '201');
  t.equal(outcome(await shop.order([[product_id, 1]])), '409 out-of-stock');
});
