import { randomUUID } from 'node:crypto';
import t from 'tap';
import { categoryStream, TREE_ID } from '../../../src/category/stream.js';
import { CommandHandler, decideOn } from '../../../src/engine/core/command-handler.js';
import { Refusal } from '../../../src/engine/core/errors.js';
import type { OrderCommand, PlaceOrder } from '../../../src/order/commands.js';
import { orderStream } from '../../../src/order/stream.js';
import { MemoryEventStore } from '../../../src/engine/log/memory.js';
import { beforeAppends } from '../../support/before-appends.js';
import { testContext } from '../../support/context.js';
import { MemoryVault } from '../../support/memory-vault.js';

const at = '2026-01-02T00:00:00.000Z';
const cancel: OrderCommand = { type: 'CancelOrder', reason: 'late', at };
const pay: OrderCommand = { type: 'MarkPaid', reference: null, at };

function placing(order_id: string): PlaceOrder {
  const pen = { sku: 'PEN', name: 'Pen', price: 150, currency: 'EUR', status: 'active', tracked: false } as const;
  const items = [{ product_id: 1, quantity: 2 }];
  const buyer = { status: 'active', hasIdProof: true } as const;
  const ids = { order_id, user_id: '018f0000-0000-7000-8000-000000000002', number: 1, external: null, reserved: [] };
  return { type: 'PlaceOrder', ...ids, items, placed_at: at, buyer, products: new Map([[1, pen]]) };
}

/** A log in memory that holds one order. */
async function shop(): Promise<{ store: MemoryEventStore; handler: CommandHandler; id: string }> {
  const store = new MemoryEventStore();
  const handler = new CommandHandler(store, new MemoryVault());
  const id = randomUUID();
  await handler.execute(orderStream, id, placing(id), testContext(), { isNew: true });
  return { store, handler, id };
}

t.test('loads, decides, appends, and returns the state and the position of the last event', async (t) => {
  const { store, handler, id } = await shop();
  const outcome = await handler.execute(orderStream, id, cancel, testContext());
  t.match(outcome, { revision: 1, appended: 1, replayed: false, state: { status: 'cancelled' } });
  t.equal(outcome.position, await store.head());
  const { state, revision } = await handler.load(orderStream, id);
  t.same({ state, revision }, { state: outcome.state, revision: 1 }, 'as if it had been read');
});

t.test('the events of one command follow each other, and the state given is that of the stream', async (t) => {
  const { store, handler } = await shop();
  const categories = [1, 2, 3].map((cat_id) => ({ cat_id, code: null, name: 'c', parent_cat_id: null }));
  await handler.execute(categoryStream, TREE_ID, { type: 'ImportCategories', categories, at }, testContext());
  const change = { type: 'ChangeCategory', cat_id: 3, name: 'd', parent_cat_id: 2, at } as const;
  const { state, revision, position } = await handler.execute(categoryStream, TREE_ID, change, testContext());
  const read = await handler.load(categoryStream, TREE_ID);
  t.same([...state.categories.values()], [...read.state.categories.values()]);
  t.equal(state.categories.get(3)?.revision, 4);
  t.same({ revision, position }, { revision: 4, position: await store.head() });
});

t.test('a command that changes nothing records nothing and returns the position of the last event', async (t) => {
  const { store, handler, id } = await shop();
  const { position } = await handler.execute(orderStream, id, cancel, testContext());
  await handler.execute(orderStream, randomUUID(), placing(randomUUID()), testContext());
  const head = await store.head();
  const again = await handler.execute(orderStream, id, cancel, testContext());
  t.match(again, { revision: 1, position, appended: 0, replayed: false, state: { status: 'cancelled' } });
  t.equal(await store.head(), head);
});

t.test('a lost race is decided again, on what the winner made of it', async (t) => {
  const { store, handler, id } = await shop();
  let others: OrderCommand | null = cancel;
  const racing = new CommandHandler(
    beforeAppends(store, async () => {
      const other = others;
      others = null;
      if (other) await handler.execute(orderStream, id, other, testContext());
    }),
    handler.vault,
  );
  await t.rejects(racing.execute(orderStream, id, pay, testContext()), { code: 'order-cancelled' });
});

t.test('a new thing whose id is taken after all is loaded and decided again', async (t) => {
  const { handler, id } = await shop();
  const placed = handler.execute(orderStream, id, placing(id), testContext(), { isNew: true });
  await t.rejects(placed, { code: 'idempotency-mismatch' });
});

t.test('a race that is lost three times is a conflict', async (t) => {
  const { store, handler, id } = await shop();
  let races = 0;
  const racing = new CommandHandler(
    beforeAppends(store, async (stream) => {
      races += 1;
      const event = { id: randomUUID(), type: 'OrderNoted', data: {}, metadata: {} };
      await store.append(stream, [event], 'any');
    }),
    handler.vault,
  );
  const loaded = await handler.load(orderStream, id);
  const lost = racing.execute(orderStream, id, cancel, testContext(), { load: () => Promise.resolve(loaded) });
  await t.rejects(lost, { code: 'revision-conflict' });
  t.equal(races, 3);
});

t.test('what the store fails with is not taken for a lost race', async (t) => {
  const { store, handler, id } = await shop();
  let tries = 0;
  const failing = beforeAppends(store, () => {
    tries += 1;
    return Promise.reject(new Error('away'));
  });
  await t.rejects(new CommandHandler(failing, handler.vault).execute(orderStream, id, cancel, testContext()), /away/);
  t.equal(tries, 1);
});

t.test('a precondition is asked of the loaded state, before the rules and before each try', async (t) => {
  const { store, handler, id } = await shop();
  const seen: number[] = [];
  const guard = (_: unknown, revision: number): void => {
    seen.push(revision);
    if (revision > 0) throw new Refusal('revision-mismatch', 'no');
  };
  const racing = new CommandHandler(
    beforeAppends(store, () => handler.execute(orderStream, id, pay, testContext())),
    handler.vault,
  );
  const lost = racing.execute(orderStream, id, cancel, testContext(), { guard });
  await t.rejects(lost, { code: 'revision-mismatch' }, 'not that the order is paid');
  t.same(seen, [0, 1]);
});

t.test('a command carried out before is answered as then, whatever has happened since', async (t) => {
  const { store, handler, id } = await shop();
  const key = testContext({ key: 'k-place' });
  const order = placing(randomUUID());
  const first = await handler.execute(orderStream, order.order_id, order, key, { isNew: true });
  await handler.execute(orderStream, order.order_id, pay, testContext());
  const head = await store.head();
  const guard = (): never => {
    throw new Refusal('revision-mismatch', 'a retry has no precondition');
  };
  const again = await handler.execute(orderStream, order.order_id, order, key, { guard });
  t.same(again, { ...first, appended: 0, replayed: true });
  t.equal(await store.head(), head);

  const other = testContext({ key: 'k-place', fingerprint: 'another' });
  const misused = handler.execute(orderStream, order.order_id, pay, other);
  await t.rejects(misused, { code: 'idempotency-mismatch' }, 'the key was used for something else');
  const elsewhere = await handler.execute(orderStream, id, cancel, testContext({ key: 'k-cancel' }));
  t.equal(elsewhere.replayed, false);
});

t.test('with a clock that was set back, no event of a stream has an earlier time than the one before it', async (t) => {
  const back = '2025-12-31T23:00:00.000Z';
  for (const command of [
    { ...cancel, at: back },
    { ...pay, at: back },
  ]) {
    const { handler, id } = await shop();
    const { state } = await handler.execute(orderStream, id, command, testContext());
    t.same(
      state?.history.map((entry) => entry.at),
      [at, at],
    );
    t.same((await handler.load(orderStream, id)).state, state, 'as it was recorded');
  }
  const { handler } = await shop();
  const added = { cat_id: 1, code: null, name: 'c', parent_cat_id: null };
  await handler.execute(categoryStream, TREE_ID, { type: 'AddCategory', ...added, at }, testContext());
  const rename = { type: 'ChangeCategory', cat_id: 1, name: 'd', at: back } as const;
  await handler.execute(categoryStream, TREE_ID, rename, testContext());
  t.equal((await handler.load(categoryStream, TREE_ID)).latest, at);
});

t.test('a business time keeps its precision, and moves on with the clock', async (t) => {
  const store = new MemoryEventStore();
  const handler = new CommandHandler(store, new MemoryVault());
  const id = randomUUID();
  const precise = '2026-01-02T00:00:00.000123Z';
  await handler.execute(orderStream, id, { ...placing(id), placed_at: precise }, testContext(), { isNew: true });
  const same = decideOn(orderStream, await handler.load(orderStream, id), pay);
  t.match(same, [{ data: { paid_at: precise } }], 'the same millisecond is not before it');
  const next = { ...pay, at: '2026-01-02T00:00:00.001Z' };
  t.match(decideOn(orderStream, await handler.load(orderStream, id), next), [{ data: { paid_at: next.at } }]);
});
