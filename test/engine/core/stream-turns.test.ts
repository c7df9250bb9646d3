import { randomUUID } from 'node:crypto';
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { CachedTree } from '../../../src/category/cached-tree.js';
import { CommandHandler, type Outcome } from '../../../src/engine/core/command-handler.js';
import type { EventStore } from '../../../src/engine/core/event-store.js';
import { StreamTurns } from '../../../src/engine/core/stream-turns.js';
import { MemoryEventStore } from '../../../src/engine/log/memory.js';
import { MemoryVault, testContext } from '../../../src/engine/testing.js';
import type { Tree } from '../../../src/category/decider.js';
import { beforeAppends } from '../../support/before-appends.js';
import { tally } from '../../support/tally.js';

const at = '2026-01-02T00:00:00.000Z';
const MANY = 50;

/** A log whose appends take a turn of the event loop, as those of a server do. */
function slowLog(): EventStore {
  return beforeAppends(new MemoryEventStore(), () => turn());
}

function treeOn(store: EventStore): CachedTree {
  return new CachedTree(new CommandHandler(store, new MemoryVault()));
}

function add(tree: CachedTree, cat_id: number, parent_cat_id: number | null = null): Promise<Outcome<Tree>> {
  return tree.execute({ type: 'AddCategory', cat_id, code: null, name: 'Lamps', parent_cat_id, at }, testContext());
}

function move(tree: CachedTree, parent_cat_id: number | null): Promise<Outcome<Tree>> {
  return tree.execute({ type: 'ChangeCategory', cat_id: 1, parent_cat_id, at }, testContext());
}

function times<T>(count: number, make: (i: number) => T): T[] {
  return Array.from({ length: count }, (_, i) => make(i));
}

void t.test('commands sent to one stream at once are all carried out, in the order of their arrival', async (t) => {
  const tree = treeOn(slowLog());
  for (const cat_id of [1, 2, 3]) await add(tree, cat_id);
  const outcomes = await Promise.all(times(MANY, (i) => move(tree, 2 + (i % 2))));
  t.same(
    outcomes.map(({ revision }) => revision),
    times(MANY, (i) => 3 + i),
  );
  t.same(new Set(outcomes.map(({ appended }) => appended)), new Set([1]));
});

void t.test('commands on other streams do not wait for each other', async (t) => {
  const turns = new StreamTurns();
  await turns.of('order-1').take();
  await turns.of('order-2').take();
  t.pass();
});

void t.test('what the making of a command waits for holds up no other command', async (t) => {
  const tree = treeOn(slowLog());
  for (const cat_id of [1, 2, 3]) await add(tree, cat_id);
  let isThere = (_: boolean): void => undefined;
  const asked = new Promise<boolean>((resolve) => (isThere = resolve));
  const removal = tree.execute(
    async () => ({ type: 'RemoveCategory', cat_id: 3, holdsProducts: await asked, at }),
    testContext(),
  );
  await Promise.all(times(MANY, (i) => move(tree, i % 2 === 0 ? 2 : null)));
  await add(tree, 4, 3);
  isThere(false);
  await t.rejects(removal, { code: 'category-not-empty' }, 'decided on what was appended meanwhile');
});

void t.test('of two processes one still loses a race, and decides again', async (t) => {
  const log = slowLog();
  const [one, other] = [treeOn(log), treeOn(log)];
  await add(one, 1);
  const taken = await Promise.allSettled([one, other].map((tree) => add(tree, 2)));
  t.same(taken.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
  t.match(taken.find((result) => result.status === 'rejected')?.reason, { code: 'category-exists' });
});

void t.test(
  'one that loses again and again to another process is told so, and the next one has its turn',
  async (t) => {
    const store = new MemoryEventStore();
    const stranger = treeOn(store);
    let id = 100;
    let strangers = 3;
    const tree = treeOn(
      beforeAppends(store, async () => {
        if (strangers-- > 0) await add(stranger, ++id);
      }),
    );
    t.same(await tally([add(tree, 1), add(tree, 2)]), { 'revision-conflict': 1, done: 1 });
  },
);

void t.test('no more commands wait for a stream than there is room for', async (t) => {
  const handler = new CommandHandler(slowLog(), new MemoryVault(), { mostWaiting: 10 });
  const tree = new CachedTree(handler);
  t.same(await tally(times(20, (i) => add(tree, i + 1))), { done: 11, overloaded: 9 });
  t.same(await tally(times(5, (i) => add(tree, i + 50))), { done: 5 }, 'there is room again');
});

void t.test('a command whose caller left while it waited is not carried out, and holds no place', async (t) => {
  const handler = new CommandHandler(slowLog(), new MemoryVault(), { mostWaiting: 10 });
  const tree = new CachedTree(handler);
  let hasLeft = false;
  const context = { ...testContext(), isCallerGone: () => hasLeft };
  const first = add(tree, 1);
  const left = times(10, (i) =>
    tree.execute(
      { type: 'AddCategory', cat_id: i + 2, code: null, name: 'x', parent_cat_id: null, at },
      { ...context, commandId: randomUUID() },
    ),
  );
  hasLeft = true;
  const later = times(5, (i) => add(tree, i + 50));
  const [stayed, gone] = await Promise.all([tally([first, ...later]), tally(left)]);
  t.same([stayed, gone], [{ done: 6 }, { overloaded: 10 }]);
  const { categories } = (await tree.current()).state;
  t.same([...categories.values()].map(({ cat_id }) => cat_id).sort(), [1, 50, 51, 52, 53, 54]);
});

void t.test('a turn that does not end holds the others up for a bounded time only', async (t) => {
  const turns = new StreamTurns({ turnMs: 20, waitMs: 10_000 });
  const stuck = turns.of('order-1');
  await stuck.take();
  const next = turns.of('order-1');
  await next.take();
  const third = turns.of('order-1').take();
  stuck.end();
  let isThird = false;
  void third.then(() => (isThird = true));
  await turn();
  t.notOk(isThird, 'an end that comes late ends no other turn');
  next.end();
  await third;
});

void t.test('a wait is bounded, too', async (t) => {
  const turns = new StreamTurns({ turnMs: 10_000, waitMs: 20 });
  const stuck = turns.of('order-1');
  await stuck.take();
  await t.rejects(turns.of('order-1').take(), { code: 'overloaded', message: /waited 0.02 s for earlier commands/ });
  stuck.end();
  await turns.of('order-1').take();
  await sleep(1);
});
