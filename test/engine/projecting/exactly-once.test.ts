import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'tap';
import type { EventPage, SubscribeOptions } from '../../../src/engine/core/event-store.js';
import { MemoryEventStore } from '../../../src/engine/log/memory.js';
import { stage, until } from './running.js';
import { append, counted, tallied, tally } from './tally.js';

test('one event takes effect, then another', async (t) => {
  const { store, pool, start, reached } = await stage(t);
  start(tally('one_two'));
  const first = await append(store, counted(3));
  t.ok(await reached('one_two', first));
  t.same(await tallied(pool, 'one_two'), { noted: 1, total: 3, position: first, events: 1 });
  const second = await append(store, counted(4));
  t.ok(await reached('one_two', second));
  t.same(await tallied(pool, 'one_two'), { noted: 2, total: 7, position: second, events: 2 });
});

test('a backlog is projected in pages, from where an earlier run had got to', async (t) => {
  const { store, pool, startWith, reached } = await stage(t);
  let position = await append(store, ...Array.from({ length: 250 }, () => counted()));
  const first = startWith({ pageSize: 40 }, tally('backlog'));
  t.ok(await reached('backlog', position));
  await first.stop();
  position = await append(store, ...Array.from({ length: 130 }, () => counted()));
  startWith({ pageSize: 40 }, tally('backlog'));
  t.ok(await reached('backlog', position));
  t.same(await tallied(pool, 'backlog'), { noted: 380, total: 380, position, events: 380 });
});

/** Gives each page with all that came before it, and then every earlier page once more. */
class RepeatingStore extends MemoryEventStore {
  protected override async *pages(options: SubscribeOptions): AsyncGenerator<EventPage> {
    const pages: EventPage[] = [];
    for await (const page of super.pages(options)) {
      pages.push(page);
      yield { ...page, events: pages.flatMap(({ events }) => events) };
      yield* pages;
    }
  }
}

test('an event that is delivered again has no second effect, and the checkpoint never goes back', async (t) => {
  const { pool, startWith, reached } = await stage(t);
  const store = new RepeatingStore();
  let applied = 0;
  startWith({ store }, tally('again', { apply: () => (applied += 1) }));
  t.ok(await reached('again', await append(store, counted(), counted())));
  t.ok(await reached('again', await append(store, counted())));
  const position = await append(store, counted());
  t.ok(await reached('again', position));
  await sleep(50);
  t.same(await tallied(pool, 'again'), { noted: 4, total: 4, position, events: 4 });
  t.equal(applied, 4);
});

/** Gives what the filter would keep back. */
class UnfilteredStore extends MemoryEventStore {
  protected override pages({ filter: _, ...options }: SubscribeOptions): AsyncGenerator<EventPage> {
    return super.pages(options);
  }
}

test('events of types without a handler are passed over, delivered or not', async (t) => {
  const { store, pool, startWith, start, reached } = await stage(t);
  const unfiltered = new UnfilteredStore();
  startWith({ store: unfiltered }, tally('delivered'));
  start(tally('filtered'));
  for (const [name, log] of Object.entries({ delivered: unfiltered, filtered: store })) {
    await append(log, counted(1, 'Unheard'), counted(), counted(1, 'constructor'));
    const position = await append(log, counted(1, 'Unheard'));
    t.ok(await reached(name, position));
    t.same(await tallied(pool, name), { noted: 1, total: 1, position, events: 1 }, name);
  }
});

test('a crash between rows and commit leaves neither, and the next try has the effect once', async (t) => {
  const { store, pool, start, reached, log } = await stage(t);
  let crashes = 0;
  start(
    tally('crash', {
      async flush(db) {
        if (++crashes > 3) return;
        const [own] = await db.query<{ pid: number }>('own-pid', 'select pg_backend_pid() as pid');
        await pool.query('select pg_terminate_backend($1)', [own?.pid]);
        await db.query('too-late', 'select 1');
      },
    }),
  );
  const position = await append(store, counted(), counted());
  t.ok(await reached('crash', position));
  t.equal(crashes, 4);
  t.same(await tallied(pool, 'crash'), { noted: 2, total: 2, position, events: 2 });
  t.equal(log.lines.filter(({ level }) => level === 'warn').length, 3, 'each interruption is logged');
});

test('what a projection remembers is dropped with the page that failed', async (t) => {
  const { store, pool, start, reached } = await stage(t);
  let failures = 0;
  start(
    tally('forget', {
      flush() {
        if (++failures > 1) return Promise.resolve();
        return Promise.reject(new Error('no luck'));
      },
    }),
  );
  const position = await append(store, counted(5));
  t.ok(await reached('forget', position));
  t.same(await tallied(pool, 'forget'), { noted: 1, total: 5, position, events: 1 });
});

test('a failed statement that a projection passes over does not count as a commit', async (t) => {
  const { store, pool, start, log } = await stage(t);
  start(
    tally('passed_over', {
      async flush(db) {
        await db.query('nonsense', 'select 1 / 0').catch(() => undefined);
      },
    }),
  );
  await append(store, counted());
  await until(() => log.lines.some(({ level }) => level === 'error'));
  t.same(await tallied(pool, 'passed_over'), { noted: 0, total: 0, position: '', events: 0 });
});

test('commits that a crash of the database has undone are made again', async (t) => {
  const { store, pool, start, reached } = await stage(t);
  start(tally('undone'));
  t.ok(await reached('undone', await append(store, counted(), counted())));
  // As after recovery: rows and checkpoint are both older than the projector remembers.
  await pool.query(`
    begin;
    update orderlog.checkpoints set position = '', events = 0;
    delete from rm_undone_v1.noted; update rm_undone_v1.total set total = 0;
    commit`);
  const position = await append(store, counted());
  await until(async () => (await tallied(pool, 'undone')).position === position);
  t.same(await tallied(pool, 'undone'), { noted: 3, total: 3, position, events: 3 });
});

test('a dropped read model is built again from the log', async (t) => {
  const { store, pool, start, reached } = await stage(t);
  const first = start(tally('dropped'));
  const position = await append(store, counted(2), counted(3));
  t.ok(await reached('dropped', position));
  await first.stop();
  for (const loss of ['drop schema rm_dropped_v1 cascade', 'delete from orderlog.checkpoints']) {
    await pool.query(loss);
    const next = start(tally('dropped'));
    await until(async () => (await tallied(pool, 'dropped').catch(() => null))?.position === position);
    t.same(await tallied(pool, 'dropped'), { noted: 2, total: 5, position, events: 2 }, loss);
    await next.stop();
  }
});
