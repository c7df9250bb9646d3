import { randomUUID } from 'node:crypto';
import t from 'tap';
import type { EventStore } from '../../../src/engine/core/event-store.js';
import { MemoryEventStore, MemoryVault, testContext } from '../../../src/engine/testing.js';
import { HotStreams } from '../../../src/engine/streams/hot-streams.js';
import type { SnapshotForm } from '../../../src/engine/streams/snapshots.js';
import { testDatabase, type TestDatabase } from '../../support/database.js';
import { type Counter, type CounterCommand, type CounterFact, counters, counterSnapshots } from './counter.js';

const logId = randomUUID();
const vault = new MemoryVault();

interface Opened {
  readonly hot: HotStreams<Counter, CounterCommand, CounterFact>;
  /** How many events were read. */
  readonly read: () => number;
}

/** As another process would open it: nothing is known but what the log and the table say. */
function open(
  log: EventStore,
  { pool }: TestDatabase,
  over: { readonly form?: SnapshotForm<Counter>; readonly logId?: string } = {},
): Opened {
  let events = 0;
  const store = new Proxy(log, {
    get: (target, name) => {
      if (name !== 'read') return (target[name as keyof EventStore] as (...a: unknown[]) => unknown).bind(target);
      return async function* (...args: Parameters<EventStore['read']>) {
        for await (const event of target.read(...args)) {
          events++;
          yield event;
        }
      };
    },
  });
  const place = { pool, logId, form: counterSnapshots, ...over };
  return { hot: new HotStreams({ store, vault }, counters, place), read: () => events };
}

async function raised(log: EventStore, database: TestDatabase, times: number): Promise<void> {
  const { hot } = open(log, database);
  await hot.execute('1', { type: 'MoveLimit', limit: 1_000 }, testContext());
  for (let i = 1; i < times; i++) await hot.execute('1', { type: 'Raise', by: 1, who: 'w' }, testContext());
  await hot.close();
}

t.test('a long stream is read from its snapshot on', async (t) => {
  const database = await testDatabase(t);
  const log = new MemoryEventStore();
  await raised(log, database, 25);
  const { hot, read } = open(log, database);
  const { state, revision } = await hot.current('1');
  t.same({ state, revision }, { state: { total: 24, limit: 1_000 }, revision: 24 });
  // The event that the snapshot is true for, and those behind it.
  t.equal(read(), 6);
});

t.test('a snapshot that is slow to save does not replace a newer one', async (t) => {
  const { pool } = await testDatabase(t);
  const log = new MemoryEventStore();
  let release = (): void => undefined;
  let slow: Promise<void> | null = new Promise((resolve) => (release = resolve));
  const query = async (...args: Parameters<typeof pool.query>): Promise<unknown> => {
    const isSlow = (args[0] as { name?: string }).name === 'snapshot-save' ? slow : null;
    if (isSlow) slow = null;
    await isSlow;
    return pool.query(...args);
  };
  const { hot } = open(log, { pool: { query } } as unknown as TestDatabase);
  await hot.execute('1', { type: 'MoveLimit', limit: 1_000 }, testContext());
  for (let i = 1; i < 25; i++) await hot.execute('1', { type: 'Raise', by: 1, who: 'w' }, testContext());
  release();
  await hot.close();
  const { rows } = await pool.query('select revision from orderlog.snapshots');
  t.same(rows, [{ revision: 19 }]);
});

t.test('the cache can be deleted at any time', async (t) => {
  const database = await testDatabase(t);
  const log = new MemoryEventStore();
  await raised(log, database, 25);
  await database.pool.query('delete from orderlog.snapshots');
  const { hot, read } = open(log, database);
  t.equal((await hot.current('1')).state.total, 24);
  t.equal(read(), 25);
  await hot.close();
  const { rows } = await database.pool.query('select revision from orderlog.snapshots');
  t.same(rows, [{ revision: 24 }], 'what was read once is kept');
});

t.test('without the table the stream is read all the same', async (t) => {
  const database = await testDatabase(t);
  const log = new MemoryEventStore();
  await database.pool.query('drop table orderlog.snapshots');
  await raised(log, database, 25);
  t.equal((await open(log, database).hot.current('1')).state.total, 24);
});

const useless: readonly (readonly [what: string, damage: string])[] = [
  ['beyond the end of the stream', `update orderlog.snapshots set revision = 900`],
  ['of another event', `update orderlog.snapshots set event_id = gen_random_uuid()`],
  ['of an event that is not where it says', `update orderlog.snapshots set revision = revision - 1`],
  ['changed', `update orderlog.snapshots set state = replace(state, '"total":', '"total":1')`],
  ['no JSON', `update orderlog.snapshots set state = '{', digest = sha256('{')`],
  ['of another shape', `update orderlog.snapshots set state = '{"total":"9"}', digest = sha256('{"total":"9"}')`],
];

for (const [what, damage] of useless) {
  t.test(`a snapshot that is ${what} is not used`, async (t) => {
    const database = await testDatabase(t);
    const log = new MemoryEventStore();
    await raised(log, database, 25);
    t.equal((await database.pool.query(damage)).rowCount, 1);
    const { hot } = open(log, database);
    t.same((await hot.current('1')).state, { total: 24, limit: 1_000 });
    t.equal((await hot.execute('1', { type: 'Raise', by: 1, who: 'w' }, testContext())).revision, 25);
    await hot.close();
  });
}

t.test('a snapshot of another log or of other code is not used', async (t) => {
  const database = await testDatabase(t);
  const log = new MemoryEventStore();
  await raised(log, database, 25);
  for (const over of [{ logId: randomUUID() }, { form: { ...counterSnapshots, version: 2 } }]) {
    const { hot, read } = open(log, database, over);
    t.equal((await hot.current('1')).state.total, 24);
    t.equal(read(), 25, 'all events were read');
    await hot.close();
  }
});
