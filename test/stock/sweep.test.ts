import { randomUUID } from 'node:crypto';
import t from 'tap';
import { MemoryEventStore, testContext } from '../../src/engine/testing.js';
import { sweepPending } from '../../src/stock/sweep.js';
import { event } from '../support/unreadable.js';
import { StockProcess } from './stock-in-memory.js';

t.test('an order that can not be read keeps what it reserved, and nobody else waits for it', async (t) => {
  const store = new MemoryEventStore();
  const shop = new StockProcess(store, true);
  await shop.stock(1, { type: 'CountStock', on_hand: 5, reason: null });
  const [unreadable, other] = [randomUUID(), randomUUID()];
  for (const order of [unreadable, other])
    await shop.orderStock.reserve(order, [{ product_id: 1, quantity: 2 }], testContext());
  await store.append(`order-${unreadable}`, [event('OrderShipped', { order_id: unreadable })], 'none');

  const placed = await shop.place([[1, 3]], testContext(), () => randomUUID());
  t.match(placed, { status: 'placed' }, 'who lacks stock gets what the other one reserved');
  const { ended, unreadable: why } = await sweepPending(shop.sweepDeps, () => testContext());
  t.equal(ended, 0, 'the placed order keeps its stock');
  t.match(why?.message, new RegExp(`OrderShipped at order-${unreadable}@0`));
});
