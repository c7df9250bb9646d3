/** What orders are decided on: kept in each process, and right all the same (docs/decisions/0030). */
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { CommandHandler } from '../../src/engine/core/command-handler.js';
import { type Position, START } from '../../src/engine/core/event-store.js';
import { Changes } from '../../src/engine/log/changes.js';
import { MemoryEventStore } from '../../src/engine/log/memory.js';
import { type OrderFacts, placeOrderFacts } from '../../src/order-facts.js';
import { openRuntime, type Runtime } from '../../src/runtime.js';
import { newEvent } from '../support/event-store/case.js';
import { outcome } from '../support/http-client.js';
import { MemoryVault } from '../support/memory-vault.js';
import { until } from '../support/orderlog.js';
import { runningApp } from '../support/running-app.js';

t.setTimeout(300_000);

const anyTime = { min: null, waitMs: 5_000, lenient: false };
const ada = '00000000-0000-7000-8000-000000000001';
const pen = { sku: 'PEN', name: 'Pen', price: 100, currency: 'EUR', status: 'active', tracked: false } as const;

interface Counted {
  readonly store: MemoryEventStore;
  readonly changes: Changes;
  readonly facts: OrderFacts;
  /** What the read models say from now on. */
  say(position: Position, says?: { user?: object | null; pen?: object }): void;
  /** How often they were asked. */
  asked(): number;
}

async function counted(t: Test): Promise<Counted> {
  const store = new MemoryEventStore();
  await store.append('log-main', [newEvent()], 'none');
  const changes = new Changes(store, ['user', 'product', 'stock'], { everyMs: 10, staleMs: 60_000 });
  t.teardown(() => changes.close());
  let asked = 0;
  let found: object = { user: null, products: new Map(), position: START };
  const lookUp = {
    find: () => {
      asked += 1;
      return Promise.resolve(found as never);
    },
  };
  const facts = placeOrderFacts(lookUp, new CommandHandler(store, new MemoryVault()), changes);
  await until(() => changes.heard() !== null);
  return {
    ...{ store, changes, facts },
    say(position, says = {}) {
      const { user = { status: 'active', hasIdProof: true } } = says;
      found = { user, products: new Map([[1, { ...pen, ...says.pen }]]), position };
    },
    asked: () => asked,
  };
}

void t.test('facts from the read models are kept, and read again once they have changed', async (t) => {
  const { store, changes, facts, say, asked } = await counted(t);
  say(await store.head());
  const first = await facts(ada, [1, 1], anyTime);
  t.strictSame(await facts(ada, [1], anyTime), first);
  t.equal(asked(), 1);
  for (const stream of [`user-${ada}`, 'product-1', 'stock-1']) {
    const before = asked();
    const { position } = await store.append(stream, [newEvent()], 'none');
    await until(() => changes.heard() === position);
    say(position);
    await facts(ada, [1], anyTime);
    await facts(ada, [1], anyTime);
    t.equal(asked(), before + 1, stream);
  }
});

void t.test('of a product that is tracked the stock may change', async (t) => {
  const { store, changes, facts, say, asked } = await counted(t);
  say(await store.head(), { pen: { tracked: true } });
  await facts(ada, [1], anyTime);
  const { position } = await store.append('stock-1', [newEvent()], 'none');
  await until(() => changes.heard() === position);
  t.equal((await facts(ada, [1], anyTime)).products.get(1)?.tracked, true);
  t.equal(asked(), 1);
});

void t.test('a fact that leads to a refusal is never kept', async (t) => {
  const good = { status: 'active', hasIdProof: true };
  const bad = [
    { user: null },
    { user: { ...good, hasIdProof: false } },
    { user: { ...good, status: 'erased' } },
    { pen: { status: 'retired' } },
  ];
  for (const says of bad) {
    const { store, facts, say, asked } = await counted(t);
    say(await store.head(), says);
    await facts(ada, [1], anyTime);
    await facts(ada, [1], anyTime);
    t.equal(asked(), 2, JSON.stringify(says));
  }
});

void t.test('what the read models knew before this process began to listen is not kept', async (t) => {
  const { facts, say, asked } = await counted(t);
  say(START);
  await facts(ada, [1], anyTime);
  await facts(ada, [1], anyTime);
  t.equal(asked(), 2);
});

void t.test('an order that must know of a position asks the read models until that is heard', async (t) => {
  const { store, changes, facts, say, asked } = await counted(t);
  say(await store.head());
  await facts(ada, [1], anyTime);
  const min = 'f'.repeat(16) as Position;
  await facts(ada, [1], { ...anyTime, min });
  t.equal(asked(), 2);
  const { position } = await store.append('order-1', [newEvent()], 'none');
  await until(() => changes.heard() === position);
  await facts(ada, [1], { ...anyTime, min: position });
  t.equal(asked(), 2);
});

/** As soon as the other process has heard of it. */
async function untilFacts(
  runtime: Runtime,
  userId: string,
  productId: number,
  isSo: (facts: Awaited<ReturnType<OrderFacts>>) => boolean,
): Promise<void> {
  await until(async () => isSo(await runtime.orderFacts(userId, [productId], anyTime)));
}

void t.test('a change holds in every process at once, even while the read models stand still', async (t) => {
  const shop = await runningApp(t);
  const { runtime, http } = shop;
  const elsewhere = await openRuntime(runtime.config);
  t.teardown(() => elsewhere.close());
  const user = await shop.registerUser();
  const { cat_id } = await shop.addCategory();
  const { product_id } = await shop.addProduct([cat_id], { price: 100 });
  await runtime.engine.catchUp(await runtime.store.head(), 30_000);
  const all = [runtime, elsewhere];
  for (const one of all)
    await untilFacts(one, user.user_id, product_id, ({ products }) => !products.get(product_id)?.tracked);
  await shop.stopProjectors();
  await http.ok('PATCH', `/v1/products/${product_id}`, { json: { price: 101 } });
  for (const one of all)
    await untilFacts(one, user.user_id, product_id, (now) => now.products.get(product_id)?.price === 101);
  await http.ok('POST', `/v1/products/${product_id}/retire`);
  for (const one of all)
    await untilFacts(one, user.user_id, product_id, (now) => now.products.get(product_id)?.status === 'retired');
  await http.ok('POST', `/v1/users/${user.user_id}/erase`);
  for (const one of all) await untilFacts(one, user.user_id, product_id, (now) => now.buyer?.status === 'erased');
});

/** A product without a count that the read models know, and a user who orders one of it. */
async function untracked(t: Test) {
  const shop = await runningApp(t);
  const { runtime, http } = shop;
  const user = await shop.registerUser();
  const { cat_id } = await shop.addCategory();
  const { product_id } = await shop.addProduct([cat_id]);
  await runtime.engine.catchUp(await runtime.store.head(), 30_000);
  const json = { user_id: user.user_id, items: [{ product_id, quantity: 1 }] };
  return {
    /** The read models stand still from here on, and so know nothing of the count. */
    async countNone(): Promise<void> {
      await shop.stopProjectors();
      await http.ok('POST', `/v1/products/${product_id}/stock/count`, { json: { on_hand: 0 } });
    },
    order: async (): Promise<string> => outcome(await http.send('POST', '/v1/orders', { json })),
  };
}

void t.test(
  'a product whose stock begins to be tracked is not sold without stock, though the read models stand still',
  async (t) => {
    const { countNone, order } = await untracked(t);
    t.match(await order(), /^201/);
    await countNone();
    await until(async () => (await order()) === '409 out-of-stock');
  },
);

void t.test('nor by a process that has just started, and has heard of no change yet', async (t) => {
  const { countNone, order } = await untracked(t);
  await countNone();
  // The first one before anything is heard; those that follow with the head heard, which is behind the count.
  for (let n = 0; n < 20; n++) {
    t.equal(await order(), '409 out-of-stock', `order ${n}`);
    await sleep(20);
  }
});
