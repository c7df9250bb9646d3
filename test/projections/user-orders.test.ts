import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import fc from 'fast-check';
import t from 'tap';
import type { OrderKey } from '../../projections/user-orders/list-statement.js';
import { UserOrders } from '../../projections/user-orders/read-model.js';
import { userOrders } from '../../projections/user-orders/projection.js';
import { orderEvents } from '../../src/order/events.js';
import { productEvents } from '../../src/product/events.js';
import { MemoryVault } from '../support/memory-vault.js';
import { alice, bob, OrdersInTheLog, orderSteps } from '../support/plain-orders.js';
import { pagesOf } from '../support/reading.js';
import { servedModel } from '../support/served-model.js';
import { unnamed } from '../support/unnamed.js';

const at = '2026-01-02T03:04:05.678Z';
const later = '2026-01-03T00:00:00.000Z';

t.test('one event makes an order, a second one moves it on', async (t) => {
  const vault = new MemoryVault();
  const served = await servedModel(t, userOrders);
  const orders = new UserOrders(served.model, vault);
  const log = new OrdersInTheLog(served.log, vault);
  const id = log.place(alice, at);
  await served.catchUp();
  const by = { kind: 'anonymous', id: null };
  const placed = {
    order_id: id,
    user_id: alice,
    number: null,
    external_reference: null,
    status: 'placed',
    currency: 'EUR',
    total: 1010,
    items: [
      { line: 1, product_id: 7, sku: 'PEN', name: 'Pen, "blue" \\ ✓', quantity: 2, unit_price: 150, line_total: 300 },
      { line: 2, product_id: 8, sku: 'INK', name: 'Ink', quantity: 1, unit_price: 710, line_total: 710 },
    ],
    history: [{ status: 'placed', at, by }],
    placed_at: at,
    allowed_actions: ['cancel', 'mark-paid'],
    revision: 0,
  };
  const position = served.log.events.at(-1)?.position;
  const standing = { position, degraded: 0, builds: String(userOrders.version) };
  t.strictSame(await orders.order(id), { ...standing, order: placed });

  await log.pay(id, later, null);
  await served.catchUp();
  const history = [...placed.history, { status: 'paid', at: later, by }];
  const paid = { ...placed, status: 'paid', history, allowed_actions: [], revision: 1 };
  t.strictSame((await orders.order(id)).order, paid);
  t.equal((await orders.order(randomUUID())).order, null, 'an unknown order is null');
});

t.test('a page that comes twice changes nothing, and what it does not know is passed over', async (t) => {
  const vault = new MemoryVault();
  const served = await servedModel(t, userOrders);
  const log = new OrdersInTheLog(served.log, vault);
  await log.cancel(log.place(alice, at), later, 'changed my mind');
  served.log.add('product-1', productEvents.ProductRetired, { product_id: 1, retired_at: at });
  await served.catchUp();
  const rows = await served.projected.rows();
  await served.projected.apply(served.log.events);
  t.same(await served.projected.rows(), rows);
});

t.test('an event of an order that was never placed can not be applied', async (t) => {
  const served = await servedModel(t, userOrders);
  const order_id = randomUUID();
  served.log.add(`order-${order_id}`, orderEvents.OrderPaid, {
    order_id,
    user_id: alice,
    reference: null,
    reserved: [],
    paid_at: at,
  });
  await t.rejects(served.catchUp(), /has not been placed/);
});

t.test('reason and reference are sealed in the rows, opened on read, and left out once the key is gone', async (t) => {
  const vault = new MemoryVault();
  const served = await servedModel(t, userOrders);
  const orders = new UserOrders(served.model, vault);
  const log = new OrdersInTheLog(served.log, vault);
  const [paid, cancelled] = [log.place(alice, at), log.place(alice, at)];
  await log.pay(paid, later, 'wire-transfer');
  await log.cancel(cancelled, later, 'changed-my-mind');
  await served.catchUp();
  t.notMatch(JSON.stringify(await served.projected.rows()), /wire-transfer|changed-my-mind/);
  t.equal((await orders.order(paid)).order?.history[1]?.reference, 'wire-transfer');
  t.equal((await orders.order(cancelled)).order?.history[1]?.reason, 'changed-my-mind');
  vault.destroy(alice);
  const { orders: shown } = await orders.list({ userId: alice, limit: 10 });
  t.equal(shown.length, 2);
  t.notMatch(JSON.stringify(shown), /"reason|"reference/);
});

t.test('the history says who, as recorded', async (t) => {
  const served = await servedModel(t, userOrders);
  const orders = new UserOrders(served.model, new MemoryVault());
  const log = new OrdersInTheLog(served.log, new MemoryVault());
  const id = log.place(alice, at);
  const [event] = served.log.events.splice(0);
  assert(event);
  served.log.events.push({ ...event, metadata: { ...event.metadata, actor: { kind: 'clerk', id: 'c-1' } } });
  await served.catchUp();
  t.same((await orders.order(id)).order?.history[0]?.by, { kind: 'clerk', id: 'c-1' });
});

t.test('a user sees only the own orders, and a status only its own', async (t) => {
  const vault = new MemoryVault();
  const served = await servedModel(t, userOrders);
  const orders = new UserOrders(served.model, vault);
  const log = new OrdersInTheLog(served.log, vault);
  const [one, two, three] = [log.place(alice, at), log.place(bob, at), log.place(alice, later)];
  await log.pay(one, later, null);
  await served.catchUp();
  const ids = (list: { orders: { order_id: string }[] }): string[] => list.orders.map((order) => order.order_id);
  t.same(ids(await orders.list({ userId: alice, limit: 10 })), [three, one]);
  t.same(ids(await orders.list({ userId: alice, limit: 10, status: ['paid'] })), [one]);
  t.same(ids(await orders.list({ userId: bob, limit: 10, status: ['paid'] })), []);
  t.same(ids(await orders.list({ limit: 10 })), [three, two, one]);
  t.same(ids(await orders.list({ limit: 10, status: ['placed'] })), [three, two]);
  t.same(ids(await orders.list({ userId: randomUUID(), limit: 10 })), []);
});

t.test('rows and lists are those of a plain model, whatever the history and the pages it comes in', async (t) => {
  const served = await servedModel(t, userOrders);
  const vault = new MemoryVault();
  const orders = new UserOrders(served.model, vault);
  const pageSizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(orderSteps, pageSizes, fc.integer({ min: 1, max: 5 }), async (steps, sizes, limit) => {
      await served.restart();
      const plain = new OrdersInTheLog(served.log, vault);
      for (const step of steps) await plain.carryOut(step);
      await served.catchUp(...sizes);
      const inPages = await served.projected.rows();

      for (const status of [undefined, 'placed', 'paid', 'cancelled'] as const) {
        const all = await pagesOf((after: OrderKey | null) =>
          orders.list({ status: status && [status], after, limit }),
        );
        assert.deepEqual(all, plain.newest({ status }));
        for (const user of [alice, bob]) {
          const own = await pagesOf((after: OrderKey | null) =>
            orders.list({ userId: user, status: status && [status], after, limit }),
          );
          assert.deepEqual(own, plain.newest({ status, user }));
        }
      }
      await served.restart(served.log);
      await served.catchUp();
      assert.deepEqual(await served.projected.rows(), inPages, 'the same rows in one page');
    }),
    { numRuns: 30 },
  );
});

t.test('pages are stable while orders come in: each that was there is seen once, in order', async (t) => {
  const served = await servedModel(t, userOrders);
  const vault = new MemoryVault();
  const orders = new UserOrders(served.model, vault);
  await fc.assert(
    fc.asyncProperty(orderSteps, orderSteps, fc.integer({ min: 1, max: 4 }), async (before, meanwhile, limit) => {
      await served.restart();
      const plain = new OrdersInTheLog(served.log, vault);
      for (const step of before) await plain.carryOut(step);
      await served.catchUp();
      const there = plain.newest({}).map((order) => order.order_id);
      const coming = [...meanwhile];
      const seen = await pagesOf(
        (after: OrderKey | null) => orders.list({ after, limit }),
        async () => {
          for (const step of coming.splice(0, 3)) await plain.carryOut(step);
          await served.catchUp();
        },
      );
      const ids = seen.map((order) => order.order_id);
      assert.deepEqual(
        ids.filter((id) => there.includes(id)),
        there,
      );
      assert.equal(new Set(ids).size, ids.length, 'none is seen twice');
    }),
    { numRuns: 30 },
  );
});

t.test('a page of large orders ends early, and the pages behind it have all the others', async (t) => {
  const served = await servedModel(t, userOrders);
  const orders = new UserOrders(served.model, new MemoryVault());
  const placed = Array.from({ length: 10 }, (_, n) => {
    const order_id = randomUUID();
    const items = Array.from({ length: 2_000 }, (_, i) => {
      const name = `${i} ${randomBytes(80).toString('hex')}`;
      return { line: i + 1, product_id: i + 1, sku: `SKU-${i}`, name, quantity: 1, unit_price: 1 };
    });
    const placed_at = `2026-01-02T03:04:${10 + n}.000Z`;
    const data = { order_id, user_id: alice, ...unnamed, currency: 'EUR', items, total: 2_000, placed_at };
    served.log.add(`order-${order_id}`, orderEvents.OrderPlaced, data);
    return order_id;
  }).reverse();
  await served.catchUp(3);
  for (const list of [
    (after: OrderKey | null) => orders.list({ limit: 100, after }),
    (after: OrderKey | null) => orders.list({ limit: 100, after, status: ['placed'] }),
    (after: OrderKey | null) => orders.list({ userId: alice, limit: 100, after }),
  ]) {
    const seen: string[] = [];
    let after: OrderKey | null = null;
    let pages = 0;
    do {
      const page: Awaited<ReturnType<typeof list>> = await list(after);
      t.ok(page.orders.length > 0 && page.orders.length < 8, `${page.orders.length} orders of half a MiB`);
      seen.push(...page.orders.map(({ order_id }) => order_id));
      after = page.next;
      pages += 1;
    } while (after);
    t.same(seen, placed);
    t.ok(pages > 1);
  }
  const exact = await orders.list({ limit: 3, after: null });
  t.same([exact.orders.length, exact.next === null], [3, false], 'what fits is as many as asked for');
});
