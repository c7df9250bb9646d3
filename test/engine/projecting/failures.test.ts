import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'tap';
import type { EventPage, Position, SubscribeOptions } from '../../../src/engine/core/event-store.js';
import { EventStoreUnavailable } from '../../../src/engine/core/errors.js';
import { MemoryEventStore } from '../../../src/engine/log/memory.js';
import type { ProjectionDb } from '../../../src/engine/projecting/page-part.js';
import { BackOff } from '../../../src/engine/postgres/back-off.js';
import { stage, until } from './running.js';
import { append, counted, LARGEST_TOTAL, tallied, tally } from './tally.js';

/** The error in the checkpoint's row. */
interface Stopped {
  readonly state: string;
  readonly error: { stream: string | null; revision: number | null; position: Position; message: string } | null;
  readonly free: boolean;
}

const STOPPED =
  'select state, error, lease_until < clock_timestamp() as free from orderlog.checkpoints where model = $1';

const POISON = 13;
const poisons = {
  'a handler that throws': { amount: POISON, hooks: { apply: refuse } },
  'data that is not of its schema': { amount: 1.5, hooks: {} },
  'a row that the database refuses': { amount: LARGEST_TOTAL, hooks: {} },
};

function refuse(amount: number): void {
  if (amount === POISON) throw new Error('thirteen can not be counted');
}

for (const [what, { amount, hooks }] of Object.entries(poisons)) {
  test(`an event that can not be applied stops the projection after all before it: ${what}`, async (t) => {
    const { store, pool, start, log, reached } = await stage(t);
    const before = await append(store, ...Array.from({ length: 100 }, () => counted()));
    const bad = { ...counted(), data: { amount } };
    const { position } = await store.append('test-bad', [bad, counted()], 'none');
    const last = await append(store, ...Array.from({ length: 50 }, () => counted()));
    const first = start(tally('poison', hooks));
    await until(() => log.lines.some(({ level }) => level === 'error'));
    t.same(await tallied(pool, 'poison'), { noted: 100, total: 100, position: before, events: 100 });
    const [row] = (await pool.query<Stopped>(STOPPED, ['poison'])).rows;
    t.match(row, { state: 'stopped', free: true, error: { stream: 'test-bad', revision: 0 } });
    t.ok((row?.error?.position ?? '') > before && (row?.error?.position ?? '') < position);
    t.match(log.lines.at(-1), { level: 'error', fields: { model: 'poison', stream: 'test-bad', revision: 0 } });
    t.notOk(await reached('poison', last, 300), 'it stays stopped');
    await first.stop();
    start(tally('poison', hooks));
    await until(() => log.lines.filter(({ level }) => level === 'error').length === 2);
    t.same((await tallied(pool, 'poison')).noted, 100, 'a restart tries it again');
  });
}

test('a restart with code that can apply the event resumes there', async (t) => {
  const { store, pool, start, log, reached } = await stage(t);
  await append(store, counted(), counted(POISON), counted());
  const first = start(tally('mended', { apply: refuse }));
  await until(() => log.lines.some(({ level }) => level === 'error'));
  await first.stop();
  start(tally('mended'));
  const position = await append(store, counted());
  t.ok(await reached('mended', position));
  t.same(await tallied(pool, 'mended'), { noted: 4, total: 3 + POISON, position, events: 4 });
  const [row] = (await pool.query<Stopped>(STOPPED, ['mended'])).rows;
  t.match(row, { state: 'running', error: null });
});

test('a page that fails as a whole and not in parts is applied in parts', async (t) => {
  const { store, pool, start, reached, log } = await stage(t);
  const position = await append(store, ...Array.from({ length: 20 }, () => counted()));
  start(
    tally('too_large', {
      open: (events) => (events.length > 5 ? Promise.reject(new Error('too many at once')) : Promise.resolve()),
    }),
  );
  t.ok(await reached('too_large', position));
  t.same(await tallied(pool, 'too_large'), { noted: 20, total: 20, position, events: 20 });
  t.notOk(log.lines.some(({ level }) => level === 'error'));
});

test('a checkpoint ahead of the log stops the projection with an explanation', async (t) => {
  const { store, pool, start, startWith, log, reached } = await stage(t);
  const first = start(tally('ahead'));
  const position = await append(store, counted(), counted());
  t.ok(await reached('ahead', position));
  await first.stop();
  const older = new MemoryEventStore();
  await append(older, counted());
  startWith({ store: older }, tally('ahead'));
  await until(() => log.lines.some(({ level }) => level === 'error'));
  t.match(log.lines.at(-1)?.fields, {
    model: 'ahead',
    stream: null,
    message: /the log has lost what this read model was made from/,
  });
  t.notMatch(log.lines.at(-1)?.fields, { message: /\d{4}/ }, 'a place that no command takes is of no use');
  const [row] = (await pool.query<Stopped>(STOPPED, ['ahead'])).rows;
  t.match(row, { state: 'stopped', error: { position } });
});

const notTheEvents = {
  'a deadlock': '40P01',
  'a full disk': '53100',
  'a cancelled statement': '57014',
  'a server that became a standby': '25006',
};

for (const [what, code] of Object.entries(notTheEvents)) {
  test(`an error that is not the event's fault is tried again until it has gone: ${what}`, async (t) => {
    const { store, pool, start, reached, log } = await stage(t);
    let left = 4;
    start(
      tally('again', {
        async flush(db) {
          if (left-- > 0) await db.query('fail', `do $$ begin raise 'not now' using errcode = '${code}'; end $$`);
        },
      }),
    );
    const position = await append(store, counted(), counted());
    t.ok(await reached('again', position));
    t.same(await tallied(pool, 'again'), { noted: 2, total: 2, position, events: 2 });
    t.notOk(log.lines.some(({ level }) => level === 'error'));
  });
}

test('a failure is told from those of the statements sent behind it, whichever is waited for first', async (t) => {
  const { store, pool, start, reached, log } = await stage(t);
  let left = 4;
  const fails = async (db: ProjectionDb): Promise<void> => {
    await db.query('fail', `do $$ begin raise 'not now' using errcode = '53100'; end $$`);
  };
  const late = async (work: Promise<void>): Promise<void> => {
    await Promise.allSettled([work, sleep(20)]);
    await work;
  };
  start(
    tally('behind', {
      async flush(db) {
        if (left-- > 0) {
          await Promise.all([late(fails(db)), db.query('behind', 'select 1')]);
        }
      },
    }),
  );
  const position = await append(store, counted(), counted());
  t.ok(await reached('behind', position));
  t.same(await tallied(pool, 'behind'), { noted: 2, total: 2, position, events: 2 });
  t.notOk(log.lines.some(({ level }) => level === 'error'));
});

/** Fails when it is subscribed to, ends without being asked, or breaks off in the middle. */
class UnsteadyStore extends MemoryEventStore {
  tries = 0;

  protected override async *pages(options: SubscribeOptions): AsyncGenerator<EventPage> {
    this.tries += 1;
    if (this.tries === 1) throw new EventStoreUnavailable('away');
    if (this.tries === 2) return;
    for await (const page of super.pages({ ...options, pageSize: 2 })) {
      yield page;
      if (this.tries < 5) throw new Error('broken off');
    }
  }
}

test('a subscription that fails or ends is taken up again at the checkpoint', async (t) => {
  const { pool, startWith, reached } = await stage(t);
  const store = new UnsteadyStore();
  const position = await append(store, ...Array.from({ length: 9 }, () => counted()));
  startWith({ store }, tally('unsteady'));
  t.ok(await reached('unsteady', position));
  t.same(await tallied(pool, 'unsteady'), { noted: 9, total: 9, position, events: 9 });
  t.equal(store.tries, 5);
});

test('the delay between tries grows from a tenth of a second to five seconds, and starts again after a success', (t) => {
  const longest = new BackOff(() => 1);
  t.same(
    [1, 2, 3, 4, 5, 6, 7, 8].map(() => longest.next()),
    [100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000],
  );
  longest.reset();
  t.equal(longest.next(), 100);
  t.equal(new BackOff(() => 0).next(), 50, 'no less than half of it');
  t.end();
});

test('stopping ends a projection that hangs, within five seconds', async (t) => {
  const { store, start, pool, log } = await stage(t);
  let reachedSleep = false;
  const projectors = start(
    tally('hangs', {
      async flush(db) {
        reachedSleep = true;
        await db.query('sleep', 'select pg_sleep(60)');
      },
    }),
  );
  await append(store, counted());
  await until(() => reachedSleep);
  const started = Date.now();
  await projectors.stop();
  t.ok(Date.now() - started < 5_000);
  t.match(log.lines.at(-1), { message: 'projection interrupted' }, 'its connection has been cut');
  await pool.query(
    `select pg_terminate_backend(pid) from pg_stat_activity where query like '%pg_sleep(60)%' and pid <> pg_backend_pid()`,
  );
});
