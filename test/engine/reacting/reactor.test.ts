import { test } from 'tap';
import { defineReactor } from '../../../src/engine/reacting/reactor.js';
import { until } from '../projecting/running.js';
import { acting, allNotes, checkpoint, gate, job, jobEvents, noting, notesOf } from './noting.js';

test('each event that a reactor follows reaches its handler, and those that it does not follow are passed over', async (t) => {
  const { store, start, reached, done, pool } = await acting(t);
  await done(1, 1, 2);
  await store.append('other-1', [job(3)], 'none');
  await store.append('job-2', [job(4, 'JobSeen'), job(5)], 'none');
  start(noting());
  t.ok(await reached(await store.head()));
  const last = await done(3, 6);
  t.ok(await reached(last));
  t.same(await allNotes(store), [1, 2, 5, 6]);
  t.match(await checkpoint(pool), { events: 4, state: 'running', quarantined: 0 });
});

test('events of one stream are handled in order, those of others meanwhile', async (t) => {
  const { store, start, reached, done } = await acting(t);
  const held = gate();
  const begun: number[] = [];
  start(
    noting({
      async before(n) {
        begun.push(n);
        if (n === 1) await held.opened;
      },
    }),
  );
  await done('slow', 1, 2, 3);
  const last = await done('quick', 4, 5);
  await until(async () => (await notesOf(store, 'quick')).length === 2);
  t.same(begun, [1, 4, 5], 'what is behind the slow one waits');
  t.same(await notesOf(store, 'slow'), []);
  held.open();
  t.ok(await reached(last));
  t.same(
    (await notesOf(store, 'slow')).map(({ data }) => data['n']),
    [1, 2, 3],
  );
});

test('the checkpoint stays behind the oldest event that is not done, and moves past all that are done', async (t) => {
  const { store, start, reached, done, pool } = await acting(t);
  const held = gate();
  start(
    noting({
      async before(n) {
        if (n === 2) await held.opened;
      },
    }),
  );
  const first = await done('a', 1);
  await done('b', 2);
  const last = await done('c', 3);
  await until(async () => (await notesOf(store, 'c')).length === 1);
  t.ok(await reached(first));
  t.notOk(await reached(last, 1_500));
  t.match(await checkpoint(pool), { position: first }, 'the log was appended to by the notes too');
  held.open();
  t.ok(await reached(last));
});

test('a handler for events that the reactor does not read is a mistake of its author', async (t) => {
  const reactor = { name: 'odd', version: 1, reads: { job: jobEvents } };
  const handlers = { JobLost: () => Promise.resolve() };
  t.throws(() => defineReactor({ ...reactor, handlers: handlers as object }), /reads no event of type JobLost/);
});
