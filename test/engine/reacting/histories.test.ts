/** The same on every log: owners that come, go and are robbed, handlers that fail now and then, connections that break. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Test, test } from 'tap';
import { EventStoreUnavailable } from '../../../src/engine/core/errors.js';
import type { EventStore } from '../../../src/engine/core/event-store.js';
import { MemoryEventStore } from '../../../src/engine/log/memory.js';
import { PostgresEventStore } from '../../../src/engine/log/postgres/store.js';
import {
  type EventStoreDbUnderTest,
  eventStoreDbLog,
  freshNamespace,
} from '../../support/event-store/eventstoredb-log.js';
import { Namespaced } from '../../support/event-store/namespaced.js';
import { type Acting, acting, noting, notesOf } from './noting.js';

const JOBS = 12;
const ROUNDS = 25;
const ROBBED = `update orderlog.checkpoints set lease_epoch = lease_epoch + 1, lease_until = timestamptz 'epoch' where lease_owner is not null`;
const CUT = `
  select pg_terminate_backend(pid) from pg_stat_activity
  where datname = current_database() and query ilike '%checkpoints%' and pid <> pg_backend_pid()`;

async function anyHistory<Store extends EventStore>(t: Test, stage: Acting<Store>): Promise<void> {
  const { pool, store, start, reached, done } = stage;
  const reactor = noting({
    async before() {
      await sleep(Math.random() * 4);
      if (Math.random() < 0.1) throw new EventStoreUnavailable('away for a moment');
    },
    after() {
      if (Math.random() < 0.1) throw new EventStoreUnavailable('the answer was lost');
    },
  });
  const running = [start(reactor), start(reactor), start(reactor)];
  const jobs = new Map<number, number[]>();
  let n = 0;
  let last = await store.head();
  for (let round = 0; round < ROUNDS; round++) {
    for (let i = 0; i < 6; i++) {
      const id = Math.floor(Math.random() * JOBS);
      n += 1;
      jobs.set(id, [...(jobs.get(id) ?? []), n]);
      last = await done(id, n);
    }
    await sleep(Math.random() * 30);
    const chance = Math.random();
    if (chance < 0.2) await pool.query(ROBBED);
    else if (chance < 0.4) await pool.query(CUT);
    else if (chance < 0.6) {
      const victim = Math.floor(Math.random() * running.length);
      await running[victim]?.stop();
      running[victim] = start(reactor);
    }
  }
  t.ok(await reached(last, 60_000));
  for (const [id, numbers] of jobs) {
    const taken = (await notesOf(store, id)).map(({ data }) => data['n']);
    t.same(taken, numbers, `the notes of job ${id}, each once and in order`);
  }
}

test('in memory: each effect is there once, in the order of its stream', async (t) => {
  await anyHistory(t, await acting(t, () => Promise.resolve(new MemoryEventStore())));
});

test('in Postgres: each effect is there once, in the order of its stream', async (t) => {
  await anyHistory(
    t,
    await acting(t, ({ pool, connectionString }) => Promise.resolve(new PostgresEventStore(pool, connectionString))),
  );
});

test('on EventStoreDB: each effect is there once, in the order of its stream', async (t) => {
  const log: EventStoreDbUnderTest = await eventStoreDbLog(t);
  const stage = await acting(t, () => Promise.resolve(new Namespaced(log.another(), freshNamespace())));
  await anyHistory(t, stage);
});
