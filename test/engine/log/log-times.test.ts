import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import type pg from 'pg';
import t, { type Test } from 'tap';
import { type EventStore, type Mark, type Position, START } from '../../../src/engine/core/event-store.js';
import type { LogTimes } from '../../../src/engine/core/log-times.js';
import { IndexedTimes } from '../../../src/engine/log/indexed-times.js';
import { logTimes } from '../../../src/engine/log/log-times.js';
import { MemoryEventStore } from '../../../src/engine/log/memory.js';
import { PostgresEventStore } from '../../../src/engine/log/postgres/store.js';
import { testDatabase } from '../../support/database.js';
import { codeOfAsync } from '../../support/reading.js';
import { collect, newEvent } from '../../support/event-store/case.js';
import { fill, onStandIn } from '../../support/event-store/on-stand-in.js';
import { Log } from '../../support/stand-in/log.js';
import type { LoggedEvent } from '../../support/stand-in/logged-event.js';

const BEGIN = Date.parse('2026-01-31T23:59:59.000Z');
const iso = (ms: number): string => new Date(ms).toISOString();

interface Timed {
  readonly store: EventStore;
  readonly times: LogTimes;
}

/** A new log of events that were recorded at these times. */
type Recorded = (t: Test, stamps: readonly number[]) => Promise<Timed>;

const { pool } = await testDatabase(t);
/** Small, so that there are many entries. */
const STEP = 3;

const inMemory: Recorded = async (_, stamps) => {
  let at = 0;
  const store = new MemoryEventStore(() => new Date(at));
  for (const stamp of stamps) {
    at = stamp;
    await store.append(`timed-${randomUUID()}`, [newEvent()], 'none');
  }
  return { store, times: logTimes(pool, store) };
};

const inPostgres: Recorded = async (t, stamps) => {
  const database = await testDatabase(t);
  await database.pool.query(
    `insert into orderlog.events
     select n, 'timed-' || n, 0, gen_random_uuid(), 'Counted', '{}', '{}', at
     from unnest($1::timestamptz[]) with ordinality as u (at, n)`,
    [stamps.map(iso)],
  );
  const store = new PostgresEventStore(database.pool, database.config);
  t.teardown(() => store.close());
  return { store, times: logTimes(database.pool, store) };
};

const onEventStoreDb: Recorded = async (t, stamps) => {
  const log = new Log();
  for (const created of stamps) {
    fill(log, `timed-${randomUUID()}`, 1);
    Object.assign(log.events.at(-1) as LoggedEvent, { created });
  }
  const { store } = await onStandIn(t, { log });
  await pool.query('delete from orderlog.log_times');
  return { store, times: new IndexedTimes(pool, store, STEP) };
};

/** By the definition: before the first event that was recorded after the moment. */
async function expected(store: EventStore, ms: number): Promise<Position> {
  const events = await collect(store.readAll());
  const first = events.findIndex(({ recordedAt }) => Date.parse(recordedAt) > ms);
  return (first < 0 ? events.at(-1) : events[first - 1])?.position ?? START;
}

const MINUTE = 60_000;
const stamps = fc.array(fc.integer({ min: 0, max: 30 }), { maxLength: 40 });
const questions = fc.array(fc.integer({ min: -2, max: 33 }), { minLength: 1, maxLength: 6 });

async function rules(name: string, recorded: Recorded, arbitrary: typeof stamps, numRuns: number): Promise<void> {
  await t.test(`${name}: a time means the position before the first event recorded after it`, async (t) => {
    const property = fc.asyncProperty(arbitrary, questions, async (offsets, asked) => {
      const { store, times } = await recorded(
        t,
        offsets.map((offset) => BEGIN + offset),
      );
      for (const offset of asked) {
        assert.equal(await times.positionAt(iso(BEGIN + offset), MINUTE), await expected(store, BEGIN + offset));
      }
      await times.close();
    });
    await fc.assert(property, { numRuns });
    t.pass();
  });

  await t.test(`${name}: now is the head of the log, and nothing beyond it is a position`, async (t) => {
    const { store, times } = await recorded(t, [BEGIN, BEGIN, BEGIN + 5]);
    const last = await expected(store, Date.now());
    t.equal(await times.positionAt(iso(Date.now() - 1_000), MINUTE), last);
    t.equal(await times.positionAt(iso(Date.now() + MINUTE), MINUTE), null);
    t.equal(await times.positionAt(iso(BEGIN - 1), MINUTE), START);
    t.not(await times.positionAt(iso(BEGIN + 4), MINUTE), START, 'of equal times all are before it');
  });

  await t.test(`${name}: what the log has recorded is not beyond now, whatever the clock says here`, async (t) => {
    const ahead = Date.now() + MINUTE;
    const { store, times } = await recorded(t, [BEGIN, ahead]);
    t.equal(await times.positionAt(iso(ahead), MINUTE), await expected(store, ahead));
    t.equal(await times.positionAt(iso(ahead + 1), MINUTE), null);
  });
}

const forwards = stamps.map((all) => all.toSorted((a, b) => a - b));

await rules('memory', inMemory, stamps, 100);
await rules('postgres', inPostgres, forwards, 10);
await rules('eventstoredb', onEventStoreDb, stamps, 25);

/** Counts what is read from its start, and can stop there. */
function watched(store: EventStore): { store: EventStore; readonly read: string[]; hold: Promise<void> } {
  const watch = { read: [] as string[], hold: Promise.resolve(), store };
  watch.store = {
    head: () => store.head(),
    holds: (mark: Mark) => store.holds(mark),
    async *readAll(options: Parameters<EventStore['readAll']>[0]) {
      for await (const event of store.readAll(options)) {
        await watch.hold;
        watch.read.push(event.position);
        yield event;
      }
    },
  } as unknown as EventStore;
  return watch;
}

async function entries(db: pg.Pool): Promise<number> {
  return (await db.query('select from orderlog.log_times')).rowCount ?? 0;
}

t.test('an index is made once and kept: of what it covers, only a few events are read again', async (t) => {
  await pool.query('delete from orderlog.log_times');
  const { store: log } = await inMemory(
    t,
    Array.from({ length: 100 }, (_, n) => BEGIN + n),
  );
  const watch = watched(log);
  const times = new IndexedTimes(pool, watch.store, 10);
  await times.positionAt(iso(BEGIN + 98), MINUTE);
  t.equal(await entries(pool), 10);
  watch.read.length = 0;
  const again = new IndexedTimes(pool, watch.store, 10);
  t.equal(await again.positionAt(iso(BEGIN + 42), MINUTE), await expected(log, BEGIN + 42));
  t.ok(watch.read.length <= 10, `${watch.read.length} events were read`);
});

t.test(
  'what was read up to the head for one question is not read again for the next, until the log is another',
  async (t) => {
    await pool.query('delete from orderlog.log_times');
    const stampsOf = (count: number): number[] => Array.from({ length: count }, (_, n) => BEGIN + n);
    const { store: log } = await inMemory(t, stampsOf(9));
    const watch = watched(log);
    const times = new IndexedTimes(pool, watch.store, 10);
    const last = await expected(log, BEGIN + 8);
    t.equal(await times.positionAt(iso(BEGIN + 8), MINUTE), last);
    watch.read.length = 0;
    t.equal(await times.positionAt(iso(BEGIN + 8), MINUTE), last);
    t.same(watch.read, []);
    t.equal(await times.positionAt(iso(BEGIN + 3), MINUTE), await expected(log, BEGIN + 3));
    const { store: other } = await inMemory(
      t,
      stampsOf(12).map((at) => at + 5),
    );
    Object.assign(watch.store, watched(other).store);
    t.equal(await times.positionAt(iso(BEGIN + 8), MINUTE), await expected(other, BEGIN + 8));
  },
);

t.test('a reader waits for a slow index only as long as it wants, and the index is finished meanwhile', async (t) => {
  await pool.query('delete from orderlog.log_times');
  const { store: log } = await inMemory(
    t,
    Array.from({ length: 50 }, (_, n) => BEGIN + n),
  );
  const watch = watched(log);
  let release = (): void => undefined;
  watch.hold = new Promise((resolve) => (release = resolve));
  const times = new IndexedTimes(pool, watch.store, 10);
  t.equal(await codeOfAsync(() => times.positionAt(iso(BEGIN + 20), 0)), 'read-model-behind');
  release();
  t.equal(await times.positionAt(iso(BEGIN + 20), MINUTE), await expected(log, BEGIN + 20));
  t.equal(await entries(pool), 5);
});

t.test('an index whose making was interrupted is resumed where it stopped', async (t) => {
  await pool.query('delete from orderlog.log_times');
  const { store: log } = await inMemory(
    t,
    Array.from({ length: 50 }, (_, n) => BEGIN + n),
  );
  const [first, second] = [watched(log), watched(log)];
  const times = new IndexedTimes(pool, first.store, 10);
  const broken = new Error('the server is gone');
  const { readAll } = first.store;
  first.store.readAll = async function* (options) {
    for await (const event of readAll(options)) {
      if (first.read.length > 25) throw broken;
      yield event;
    }
  };
  await t.rejects(times.positionAt(iso(BEGIN + 49), MINUTE), broken);
  t.equal(await entries(pool), 2);
  const other = new IndexedTimes(pool, second.store, 10);
  t.equal(await other.positionAt(iso(BEGIN + 49), MINUTE), await expected(log, BEGIN + 49));
  t.ok(!second.read.includes((await collect(log.readAll()))[19]?.position ?? ''), 'not from the start');
});

t.test('a position is found in a log that others write to faster than it is read', { timeout: 30_000 }, async (t) => {
  await pool.query('delete from orderlog.log_times');
  const { store: log } = await inMemory(
    t,
    Array.from({ length: 50 }, (_, n) => BEGIN + n),
  );
  const { store } = watched(log);
  const last = (await collect(log.readAll())).at(-1);
  const { readAll } = store;
  store.readAll = async function* (options = {}) {
    yield* readAll(options);
    // Without an end there is always one more.
    while (last && options.until === undefined) yield await Promise.resolve({ ...last, recordedAt: iso(BEGIN) });
  };
  const times = new IndexedTimes(pool, store, 10);
  t.equal(await times.positionAt(iso(BEGIN + 60), MINUTE), last?.position);
});
