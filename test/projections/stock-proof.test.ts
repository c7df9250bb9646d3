/** What verification checks of the stock, each shown by a log or by rows that are wrong in one way. */
import t, { type Test } from 'tap';
import { stock as projection } from '../../projections/stock/projection.js';
import type { EventStore, Position } from '../../src/engine/core/event-store.js';
import type { JsonObject } from '../../src/engine/core/message.js';
import { verify, type Verified } from '../../src/engine/verifying/verify.js';
import type { AnyProjection } from '../../src/engine/projecting/projection.js';
import { witnessedStreams } from '../../src/streams.js';
import { storeOf } from '../support/made-up-store.js';
import { orderId, PlainStock } from '../support/plain-stock.js';
import { type ServedModel, servedModel } from '../support/served-model.js';
import { Shop } from '../support/shop.js';

interface Scene {
  readonly on: ServedModel<unknown>;
  readonly shop: Shop;
  readonly stock: PlainStock;
  readonly verified: (of?: AnyProjection) => Promise<Verified>;
}

async function scene(t: Test): Promise<Scene> {
  const on = (await servedModel(t, projection)) as ServedModel<unknown>;
  const { log } = on;
  const options = { signal: new AbortController().signal, stretch: () => undefined, done: () => undefined };
  return {
    on,
    shop: new Shop(log),
    stock: new PlainStock(log),
    verified: async (of = projection): Promise<Verified> => {
      await on.catchUp();
      const store = Object.assign(storeOf(log.events), { holds: () => Promise.resolve(true) }) as EventStore;
      return verify({ pool: on.projected.pool, store, streams: witnessedStreams }, [of], options);
    },
  };
}

const findings = ({ checks }: Verified): readonly string[] =>
  checks.find(({ check }) => check === 'stock')?.findings ?? [];

/** Orders 1 to 3 hold some of products 7 and 8; one is paid, one is cancelled. */
function good({ shop, stock }: Scene): void {
  stock.count(7, 100);
  stock.count(8, 50);
  for (const order of [1, 2, 3]) {
    stock.reserve(7, order, 2);
    stock.reserve(8, order, order);
    shop.placeHolding(order, { 7: 2, 8: order });
  }
  shop.pay(2);
  for (const product of [7, 8]) stock.issue(product, 2);
  shop.cancel(3);
  for (const product of [7, 8]) stock.release(product, 3);
  stock.receive(7, 5);
}

t.test('a shop in order has no findings, and neither has one without stock', async (t) => {
  const one = await scene(t);
  one.shop.place(9, 7);
  t.match(await one.verified(), { ok: true, notes: [] });
  good(one);
  t.match(await one.verified(), { ok: true, notes: [] });
  t.equal((await one.verified()).checks.filter(({ check }) => check === 'stock').length, 1);
});

t.test('wrong sums are findings, product by product', async (t) => {
  for (const [change, message] of [
    ['on_hand = on_hand + 1', 'product 7: on_hand is 104, counted again 103'],
    ['reserved = reserved + 1', 'product 7: reserved is 3, counted again from the orders 2'],
  ] as const) {
    const one = await scene(t);
    good(one);
    const { bulk } = projection;
    if (!bulk) return t.fail('no bulk path');
    // As a projection would that adds up wrongly, live and in bulk.
    const wrong = { ...bulk, finish: [...bulk.finish, `update {schema}.stock set ${change} where product_id = 7`] };
    t.same(findings(await one.verified({ ...projection, bulk: wrong })), [message]);
  }
});

/** Recorded a moment ago. The events of these tests are years old otherwise. */
function justNow({ on }: Scene): void {
  const last = on.log.events.pop();
  if (last) on.log.events.push({ ...last, recordedAt: new Date().toISOString() });
}

t.test('a difference that the next sweep repairs is a note for a minute, then a finding', async (t) => {
  const ends: readonly (readonly [(one: Scene) => void, string])[] = [
    [() => undefined, 'holds 3 of product 7, but is not placed with it'],
    [({ shop }) => shop.pay(1), 'is paid, but still holds 3 of product 7'],
    [({ shop }) => shop.cancel(1), 'is cancelled, but still holds 3 of product 7'],
    [({ shop }) => shop.abandon(1), 'is abandoned, but still holds 3 of product 7'],
  ];
  for (const [index, [end, what]] of ends.entries()) {
    for (const isYoung of [true, false]) {
      const one = await scene(t);
      one.stock.count(7, 10);
      one.stock.reserve(7, 1, 3);
      if (index === 1 || index === 2) one.shop.placeHolding(1, { 7: 3 });
      end(one);
      if (isYoung) justNow(one);
      const verified = await one.verified();
      const message = `order ${orderId(1)} ${what}`;
      t.same(isYoung ? verified.notes : findings(verified), [message]);
      t.equal(verified.ok, isYoung, message);
    }
  }
});

t.test('an order and what it holds are findings where they differ', async (t) => {
  const wrongs: readonly (readonly [(one: Scene) => void, readonly string[]])[] = [
    [
      ({ shop }) => shop.placeHolding(1, { 7: 3 }),
      [
        `order ${orderId(1)} is placed with 3 of product 7, but holds 0`,
        'product 7: reserved is 0, counted again from the orders 3',
      ],
    ],
    [
      ({ shop, stock }) => {
        stock.reserve(7, 1, 2);
        shop.placeHolding(1, { 7: 3 });
      },
      [
        `order ${orderId(1)} is placed with 3 of product 7, but holds 2`,
        'product 7: reserved is 2, counted again from the orders 3',
      ],
    ],
    [
      ({ shop, stock }) => {
        stock.reserve(7, 1, 3);
        shop.placeHolding(1, { 7: 3 });
        shop.pay(1);
        stock.release(7, 1);
      },
      [`order ${orderId(1)} is paid, and 0 of product 7 were issued to it`],
    ],
    [
      ({ shop, stock }) => {
        stock.reserve(7, 1, 3);
        shop.placeHolding(1, { 7: 3 });
        shop.cancel(1);
        stock.issue(7, 1);
      },
      [`order ${orderId(1)} is cancelled, and 3 of product 7 were issued to it`],
    ],
    [
      ({ shop }) => shop.place(1, 7),
      [`order ${orderId(1)} was placed without a reservation of product 7, tracked since 2023-11-14T22:13:20.000Z`],
    ],
  ];
  for (const [wrong, messages] of wrongs) {
    const one = await scene(t);
    one.stock.count(7, 10);
    // Longer ago than it takes to become visible.
    wrong(one);
    const later = one.on.log.events.splice(1).map((event) => ({ ...event, recordedAt: '2023-11-15T00:00:00.000Z' }));
    one.on.log.events.push(...later);
    t.same(findings(await one.verified()), messages);
  }
});

t.test(
  'an order without a reservation is a note if the count may not have been visible to it, and nothing if cancelled',
  async (t) => {
    const one = await scene(t);
    one.stock.count(7, 10);
    one.shop.place(1, 7);
    t.match(await one.verified(), {
      ok: true,
      notes: [/^order \S+1 was placed without a reservation of product 7, tracked since /],
    });
    one.shop.cancel(1);
    t.match(await one.verified(), { ok: true, notes: [] });
    one.stock.end(7);
    one.shop.place(2, 7);
    t.match(await one.verified(), { ok: true, notes: [] });
  },
);

t.test('an order event of others without data is no reason to fail: other checks tell of it', (t) => {
  const notes = projection.proof?.begin();
  const at = { id: 'a', position: '1' as Position, recordedAt: '2026-01-01T00:00:00.000Z', metadata: {} };
  for (const data of [null, 'text', [], { reserved: 7 }]) {
    const event = { ...at, stream: 'order-1', revision: 0, type: 'OrderPlaced', data: data as JsonObject };
    t.doesNotThrow(() => notes?.see(event), JSON.stringify(data));
  }
  t.end();
});
