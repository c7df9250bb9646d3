import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { products } from '../../projections/products/projection.js';
import { listStatement, ORDER_SORTS, type OrderKey } from '../../projections/user-orders/list-statement.js';
import { userOrders } from '../../projections/user-orders/projection.js';
import { UserOrders } from '../../projections/user-orders/read-model.js';
import { MemoryVault } from '../support/memory-vault.js';
import { bruteForceList, orderQueries, OrderShop, orderShops } from '../support/order-lists.js';
import { codeOfAsync, pagesOf } from '../support/reading.js';
import { servedModel } from '../support/served-model.js';

t.test('every filter and every sort finds what brute force finds, page after page', async (t) => {
  const served = await servedModel(t, userOrders, products);
  const orders = new UserOrders(served.model, new MemoryVault());
  const property = fc.asyncProperty(
    orderShops,
    fc.array(orderQueries, { minLength: 25, maxLength: 25 }),
    fc.constantFrom([1], [3], []),
    async (shop, queries, pages) => {
      await served.restart(shop.log);
      await served.catchUp(...pages);
      for (const { filters: given, since, sort, limit } of queries) {
        const changedAfter = since === undefined ? undefined : shop.log.events[since]?.position;
        const filters = { ...given, changedAfter };
        const found = await pagesOf((after: OrderKey | null) => orders.list({ ...filters, sort, after, limit }));
        const expected = bruteForceList(shop.orders, filters, sort, shop.inCategory);
        const what = JSON.stringify({ filters, sort });
        assert.deepEqual(
          found.map(({ order_id }) => order_id),
          expected.map(({ order_id }) => order_id),
          what,
        );
      }
    },
  );
  await fc.assert(property, { numRuns: 12, endOnFailure: true });
});

t.test('a statement of one name always has the same text', async (t) => {
  const texts = new Map<string, string>();
  fc.assert(
    fc.property(orderQueries, ({ filters, sort, limit }) => {
      const { name, text, values } = listStatement({ ...filters, sort, limit, after: null });
      assert.equal(texts.get(name) ?? text, text, name);
      texts.set(name, text);
      assert.equal(Math.max(...[...text.matchAll(/\$(\d+)/g)].map(([, n]) => Number(n))), values.length);
    }),
    { numRuns: 2_000 },
  );
  t.ok(texts.size > 20 && texts.size <= 100, `${texts.size} texts are prepared at most`);
});

t.test('pages of every sort miss and repeat nothing while orders are placed', async (t) => {
  const served = await servedModel(t, userOrders, products);
  const orders = new UserOrders(served.model, new MemoryVault());
  for (const sort of ORDER_SORTS) {
    const shop = new OrderShop();
    const place = (n: number): void =>
      shop.act({
        ...{ kind: 'place', user: '00000000-0000-7000-8000-000000001001', day: 1 + (n % 4), currency: 'EUR' },
        ...{ products: [1 + (n % 4)], total: n % 6, reference: null, choice: 0 },
      });
    for (let n = 0; n < 20; n++) place(n * 7);
    await served.restart(shop.log);
    await served.catchUp();
    const before = shop.orders.map(({ order_id }) => order_id);
    for (const filters of [{}, { status: ['placed' as const] }, { catId: 1 }]) {
      const found = await pagesOf(
        (after: OrderKey | null) => orders.list({ ...filters, sort, after, limit: 3 }),
        async () => {
          place(shop.orders.length * 5);
          await served.catchUp();
        },
      );
      const ids = found.map(({ order_id }) => order_id);
      t.equal(new Set(ids).size, ids.length, `${sort}: none twice`);
      t.same(
        before.filter((id) => !ids.includes(id)),
        [],
        `${sort}: none is missing`,
      );
    }
  }
});

t.test('a client that synchronizes, stops anywhere and resumes from the last position sees every change', async (t) => {
  const served = await servedModel(t, userOrders);
  const orders = new UserOrders(served.model, new MemoryVault());
  const property = fc.asyncProperty(orderShops, fc.infiniteStream(fc.nat(3)), async (shop, stops) => {
    await served.restart();
    const seen = new Map<string, string>();
    const next = (): number => stops.next().value as number;
    let since = undefined;
    let after: OrderKey | null = null;
    for (const event of shop.log.events) {
      served.log.events.push(event);
      if (next() > 0) continue;
      await served.catchUp();
      // Some pages at a time; a client that has lost its cursor begins again from the last position that it has kept.
      for (let pages = next(); pages > 0; pages--) {
        const list = await orders.list({ sort: 'updated_at', changedAfter: since, after, limit: 2 });
        for (const { order_id, status } of list.orders) seen.set(order_id, status);
        after = next() === 0 ? null : list.next;
        if (list.next === null) since = list.position;
      }
    }
    await served.catchUp();
    for (const { order_id, status } of await pagesOf((key: OrderKey | null) =>
      orders.list({ sort: 'updated_at', changedAfter: since, after: key, limit: 3 }),
    ))
      seen.set(order_id, status);
    assert.deepEqual([...seen].sort(), shop.orders.map(({ order_id, status }) => [order_id, status]).sort());
  });
  await fc.assert(property, { numRuns: 15, endOnFailure: true });
});

t.test('a list of an unknown category is refused, one of an empty category is empty', async (t) => {
  const served = await servedModel(t, userOrders, products);
  const orders = new UserOrders(served.model, new MemoryVault());
  await served.restart(new OrderShop().log);
  await served.catchUp();
  t.equal(await codeOfAsync(() => orders.list({ catId: 99, limit: 1 })), 'category-not-found');
  t.match(await orders.list({ catId: 4, limit: 1 }), { orders: [], next: null });
});

t.test('an order that holds most products of a category hides no other order of the category', async (t) => {
  const served = await servedModel(t, userOrders, products);
  const orders = new UserOrders(served.model, new MemoryVault());
  const shop = new OrderShop();
  const held = [[1], [2], [3], [4], [1, 2, 3]];
  for (const products of held)
    shop.act({
      ...{ kind: 'place', user: '00000000-0000-7000-8000-000000001001', day: 1, currency: 'EUR' },
      ...{ products, total: 1, reference: null, choice: 0 },
    });
  await served.restart(shop.log);
  await served.catchUp();
  for (const limit of [1, 2, 3]) {
    const found = await pagesOf((after: OrderKey | null) => orders.list({ catId: 1, after, limit }));
    t.same(
      found.map(({ items }) => items.map(({ product_id }) => product_id)),
      held.toReversed(),
      `pages of ${limit}`,
    );
  }
});
