import t from 'tap';
import { EventStoreUnavailable, Refusal } from '../../../src/engine/core/errors.js';
import type { Outcome } from '../../../src/engine/core/command-handler.js';
import { type EventStore, START } from '../../../src/engine/core/event-store.js';
import { MemoryEventStore, MemoryVault, testContext } from '../../../src/engine/testing.js';
import { HotStreams } from '../../../src/engine/streams/hot-streams.js';
import { beforeAppends } from '../../support/before-appends.js';
import { tally } from '../../support/tally.js';
import { type Counter, type CounterCommand, type CounterFact, counters } from './counter.js';

type Counters = HotStreams<Counter, CounterCommand, CounterFact>;

function countersOn(store: EventStore): Counters {
  return new HotStreams({ store, vault: new MemoryVault() }, counters);
}

const raise = { type: 'Raise', by: 1, who: 'w' } as const;

t.test('commands that wait at the same moment go to the log in one append, each with its own outcome', async (t) => {
  let appends = 0;
  const store = beforeAppends(new MemoryEventStore(), async () => {
    appends++;
  });
  const hot = countersOn(store);
  const sent = Array.from({ length: 200 }, () => hot.execute('1', raise, testContext()));
  t.same(await tally(sent), { done: 10, 'too-high': 190 });
  t.equal(appends, 1);
  const revisions = (await Promise.allSettled(sent)).flatMap((one) =>
    one.status === 'fulfilled' ? [one.value.revision] : [],
  );
  t.same(revisions, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  t.same((await hot.current('1')).state, { total: 10, limit: 10 });
});

t.test('several processes together never pass the limit', async (t) => {
  const store = new MemoryEventStore();
  const processes = Array.from({ length: 4 }, () => countersOn(beforeAppends(store, () => Promise.resolve())));
  const sent = Array.from({ length: 80 }, (_, i) => (processes[i % 4] as Counters).execute('1', raise, testContext()));
  t.same(await tally(sent), { done: 10, 'too-high': 70 });
  t.same((await countersOn(store).current('1')).state, { total: 10, limit: 10 });
});

t.test('what is known may be old: a command is refused only by what the log says now', async (t) => {
  const store = new MemoryEventStore();
  const [one, other] = [countersOn(store), countersOn(store)];
  await one.execute('1', { ...raise, by: 10 }, testContext());
  await other.execute('1', { type: 'MoveLimit', limit: 11 }, testContext());
  t.equal((await one.execute('1', raise, testContext())).state.total, 11);
  await t.rejects(one.execute('1', raise, testContext()), { code: 'too-high' });
});

t.test('what changes nothing is told by what the log says now, too', async (t) => {
  const store = new MemoryEventStore();
  const [one, other] = [countersOn(store), countersOn(store)];
  await one.execute('1', { type: 'MoveLimit', limit: 11 }, testContext());
  await other.execute('1', { type: 'MoveLimit', limit: 12 }, testContext());
  t.equal((await one.execute('1', { type: 'MoveLimit', limit: 11 }, testContext())).appended, 1);
});

t.test('the precondition of one command is no other one’s', async (t) => {
  const hot = countersOn(new MemoryEventStore());
  const guard = (_state: unknown, revision: number): void => {
    if (revision !== 0) throw new Refusal('another-revision', `it is ${revision}`);
  };
  const sent = [
    hot.execute('1', raise, testContext()),
    hot.execute('1', raise, testContext(), { guard }),
    hot.execute('1', raise, testContext(), { guard }),
  ];
  t.same(await tally(sent), { done: 2, 'another-revision': 1 });
});

t.test('while the log is away, its callers are told so, and the state stays right', async (t) => {
  const log = new MemoryEventStore();
  let isAway = true;
  const hot = countersOn(
    beforeAppends(log, async () => {
      if (isAway) throw new EventStoreUnavailable('away');
    }),
  );
  const sent = [hot.execute('1', raise, testContext()), hot.execute('1', { ...raise, by: 99 }, testContext())];
  const [first, second] = await Promise.allSettled(sent);
  t.match(first, { status: 'rejected', reason: { name: 'EventStoreUnavailable' } });
  t.match(second, { status: 'rejected' });
  isAway = false;
  t.equal((await hot.execute('1', raise, testContext())).state.total, 1);
});

t.test('no more commands wait than there is room for', async (t) => {
  const hot = countersOn(new MemoryEventStore());
  const sent = Array.from({ length: 4_100 }, () => hot.execute('1', raise, testContext()));
  t.same(await tally(sent), { done: 10, 'too-high': 4_086, overloaded: 4 });
});

t.test('a command whose caller left while it waited is not carried out, and holds no place', async (t) => {
  let begin = (): void => undefined;
  let go = (): void => undefined;
  const begun = new Promise<void>((resolve) => (begin = resolve));
  const mayGo = new Promise<void>((resolve) => (go = resolve));
  const hot = countersOn(
    beforeAppends(new MemoryEventStore(), () => {
      begin();
      return mayGo;
    }),
  );
  const first = hot.execute('1', raise, testContext());
  await begun;
  let hasLeft = false;
  const left = Array.from({ length: 4_096 }, () =>
    hot.execute('1', raise, { ...testContext(), isCallerGone: () => hasLeft }),
  );
  await t.rejects(hot.execute('1', raise, testContext()), { code: 'overloaded' }, 'they hold all places');
  hasLeft = true;
  let isGoneToo = false;
  const later = [
    hot.execute('1', raise, testContext()),
    hot.execute('1', raise, { ...testContext(), isCallerGone: () => isGoneToo }),
  ];
  isGoneToo = true;
  go();
  t.same(await tally(left), { overloaded: 4_096 });
  t.same(await tally([first, ...later]), { done: 2, overloaded: 1 });
  t.equal((await hot.current('1')).state.total, 2);
});

t.test('a command whose events are in the log already is not taken for carried out: its stream is read', async (t) => {
  const store = new MemoryEventStore();
  const [one, other] = [countersOn(store), countersOn(store)];
  await other.current('1');
  const context = testContext({ key: 'hot-stream-again' });
  await one.execute('1', raise, context);
  // The same event at the same revision: the log adds nothing.
  const replayed = ({ total }: Counter): Outcome<Counter> | null =>
    total === 1 ? { state: { total, limit: 10 }, revision: 0, position: START, appended: 0, replayed: true } : null;
  t.match(await other.execute('1', raise, context, { replayed }), { replayed: true, state: { total: 1 } });
  t.equal((await one.current('1')).revision, 0);
});

t.test('what the log has lost is read again from its start', async (t) => {
  let store: EventStore = new MemoryEventStore();
  const hot = countersOn(
    new Proxy(store, {
      get: (_target, name) => (store[name as keyof EventStore] as (...a: unknown[]) => unknown).bind(store),
    }),
  );
  for (let i = 0; i < 5; i++) await hot.execute('1', raise, testContext());
  store = new MemoryEventStore();
  await countersOn(store).execute('1', { ...raise, by: 7 }, testContext());
  t.equal((await hot.execute('1', raise, testContext())).state.total, 8);
  t.equal((await hot.current('1')).revision, 1);
});
