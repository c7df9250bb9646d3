import { test } from 'tap';
import { Refusal } from '../../../src/engine/core/errors.js';
import type { NewEvent } from '../../../src/engine/core/message.js';
import { MemoryEventStore } from '../../../src/engine/log/memory.js';
import { until } from '../projecting/running.js';
import { acting, allNotes, gate, job, noting, sleep } from './noting.js';

test('events that it does not handle are passed in large steps: a checkpoint is written now and then', async (t) => {
  const { pool, store, start } = await acting(t);
  await pool.query(`
    create table moved (position text);
    create function note_move() returns trigger language plpgsql as
      $$ begin insert into moved values (new.position); return null; end $$;
    create trigger moved after update of position on orderlog.checkpoints for each row
      when (old.position <> new.position) execute function note_move()`);
  for (let i = 0; i < 20; i++) {
    const events: NewEvent[] = Array.from({ length: 1_000 }, (_, n) => job(n, 'JobSeen'));
    await store.append(`job-${i}`, events, 'none');
  }
  const began = Date.now();
  start(noting());
  const head = await store.head();
  // Nobody waits for the checkpoint: for who waits, it would be written with each page.
  await until(async () => {
    const { rowCount } = await pool.query('select from orderlog.checkpoints where position = $1', [head]);
    return rowCount !== 0;
  });
  const most = 3 + Math.ceil((Date.now() - began) / 500);
  const { rowCount } = await pool.query('select from moved');
  t.ok((rowCount ?? 0) <= most, `${rowCount} writes for 20,000 events`);
  await sleep(1_200);
  t.equal((await pool.query('select from moved')).rowCount, rowCount, 'and none while nothing happens');
});

test('no more than so many events are handled at the same time', async (t) => {
  const { store, start, reached, done } = await acting(t);
  let now = 0;
  let most = 0;
  start(
    noting({
      async before() {
        now += 1;
        most = Math.max(most, now);
        await sleep(2);
        now -= 1;
      },
    }),
  );
  for (let n = 1; n < 100; n++) await done(n, n);
  t.ok(await reached(await done(100, 100)));
  t.equal((await allNotes(store)).length, 100);
  t.ok(most > 1 && most <= 16, `${most} at once`);
});

test('an event is handled once it is old enough', async (t) => {
  const { store, start, reached, done } = await acting(t);
  const ages: number[] = [];
  const [appended] = [Date.now()];
  const last = await done('a', 1, 2);
  start(noting({ before: () => void ages.push(Date.now() - appended) }, { afterMs: 700 }));
  t.notOk(await reached(last, 300));
  t.ok(await reached(last));
  t.same(await allNotes(store), [1, 2]);
  t.ok(
    ages.every((age) => age >= 650),
    `after ${ages.join(', ')} ms`,
  );
});

test('where the clock of the log is ahead of this machine, events still do not wait one after the other', async (t) => {
  const hourAhead = (): Date => new Date(Date.now() + 3_600_000);
  const { store, start, reached, done } = await acting(t, () => Promise.resolve(new MemoryEventStore(hourAhead)));
  for (let n = 1; n < 30; n++) await done(n, n);
  const last = await done(30, 30);
  start(noting({}, { afterMs: 1_000 }));
  t.notOk(await reached(last, 500), 'each of them is as old as it must be');
  t.ok(await reached(last, 10_000));
  t.equal((await allNotes(store)).length, 30);
});

test('a sweep runs again and again, in the owner of the lease alone, whatever a run says', async (t) => {
  const { startAs, log } = await acting(t);
  const runs: string[] = [];
  const sweeping = (who: string): ReturnType<typeof noting> =>
    noting(
      {},
      {
        sweep: {
          everyMs: 20,
          run({ context }) {
            runs.push(`${who} ${context('swept').commandId}`);
            if (runs.length === 3) return Promise.reject(new Refusal('read-model-behind', 'It is not there yet.'));
            return runs.length === 2 ? Promise.reject(new Error('not this time')) : Promise.resolve();
          },
        },
      },
    );
  const first = startAs('first', sweeping('first'));
  await until(() => runs.length >= 1);
  startAs('second', sweeping('second'));
  await until(() => runs.length >= 5);
  t.ok(runs.every((run) => run.startsWith('first ')));
  t.match(
    log.lines.filter(({ level }) => level === 'warn'),
    [{ message: 'a sweep failed, and is made again', fields: { reactor: 'noting', message: 'not this time' } }],
  );
  t.equal(log.lines.filter(({ level }) => level === 'warn').length, 1, 'that a read model is being made is no failure');
  await first.stop();
  const before = runs.length;
  await until(() => runs.length > before);
  t.ok(runs.at(-1)?.startsWith('second '), 'the next owner takes over');
  t.equal(new Set(runs.map((run) => run.split(' ')[1])).size, 1, 'ids follow from the purpose');
});

test('stopping does not wait for a handler that hangs, and tells it', async (t) => {
  const { start, done, pool } = await acting(t);
  const held = gate();
  t.teardown(held.open);
  let told: AbortSignal | null = null;
  const running = start(
    noting({
      before(_, { signal }) {
        told = signal;
        return held.opened;
      },
    }),
  );
  await done('a', 1);
  await until(() => told !== null);
  const began = Date.now();
  await running.stop();
  t.ok(Date.now() - began < 5_000);
  t.match(told, { aborted: true });
  const { rows } = await pool.query(
    `select position, lease_until < clock_timestamp() as free from orderlog.checkpoints`,
  );
  t.same(rows, [{ position: '', free: true }], 'another process can take over at once, and handles the event again');
});

test('a stop while nothing is under way is prompt, and the checkpoint is written', async (t) => {
  const { start, done, pool, store } = await acting(t);
  const running = start(noting());
  await done('a', 1, 2, 3);
  await until(async () => (await allNotes(store)).length === 3);
  const began = Date.now();
  await running.stop();
  t.ok(Date.now() - began < 1_500, `${Date.now() - began} ms`);
  const { rows } = await pool.query('select events from orderlog.checkpoints');
  t.same(rows, [{ events: 3 }]);
});
