import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Test, test } from 'tap';
import type { Position } from '../../../src/engine/core/event-store.js';
import { PostgresEventStore } from '../../../src/engine/log/postgres/store.js';
import { acquireLease } from '../../../src/engine/projecting/checkpoints.js';
import { prepareModel } from '../../../src/engine/builds/prepare-model.js';
import { LeaseLost } from '../../../src/engine/projecting/leased-session.js';
import { Term } from '../../../src/engine/projecting/term.js';
import { collected, prepared, stage, until } from './running.js';
import { append, counted, tallied, tally } from './tally.js';

// If nobody has it, there is none to end.
const END_LEASE = `
  update orderlog.checkpoints set lease_until = clock_timestamp() - interval '1 second' where lease_owner is not null`;

test('the tables and the checkpoint are made once, however many processes start', async (t) => {
  const { pool } = await stage(t);
  await Promise.all(Array.from({ length: 8 }, () => prepareModel(pool, tally('prepared'))));
  t.same(await tallied(pool, 'prepared'), { noted: 0, total: 0, position: '', events: 0 });
});

test('a lease is had by one owner at a time, and each has an epoch of its own', async (t) => {
  const { pool } = await stage(t);
  const projection = tally('epochs');
  const of = await prepared(pool, projection);
  const leases = await Promise.all(['a', 'b', 'c', 'd', 'e'].map((owner) => acquireLease(pool, of, owner)));
  t.equal(leases.filter((lease) => lease !== null).length, 1);
  await pool.query(END_LEASE);
  t.match(await acquireLease(pool, of, 'f'), { epoch: 2 });
  t.match(await acquireLease(pool, of, 'f'), { epoch: 3 }, 'its owner can begin again');
});

test('a process that has lost its lease can write nothing', async (t) => {
  const { pool, store } = await stage(t);
  await append(store, counted(), counted());
  const { events, head } = await collected(store);
  const projection = tally('lost');
  const of = await prepared(pool, projection);
  const former = await Term.begin(pool, projection, of, { owner: 'first' });
  if (!former) return t.fail('no lease');
  await pool.query(END_LEASE);
  await acquireLease(pool, of, 'second');
  await t.rejects(former.apply(events, head), LeaseLost);
  t.same(await tallied(pool, 'lost'), { noted: 0, total: 0, position: '', events: 0 });
  await former.end(null);
  const { rows } = await pool.query('select lease_owner, state from orderlog.checkpoints');
  t.same(rows, [{ lease_owner: 'second', state: 'running' }], 'nor does it release a lease that it does not have');
});

test('a page that has begun ends before the lease changes hands', async (t) => {
  const { pool, store } = await stage(t);
  await append(store, counted());
  const { events, head } = await collected(store);
  const thieves: Promise<unknown>[] = [];
  const projection = tally('stolen', {
    async open(_events, db) {
      // With its first statement a page has begun.
      await db.query('begun', 'select 1');
      if (thieves.length > 0) return;
      thieves.push(pool.query(`update orderlog.checkpoints set lease_epoch = lease_epoch + 1`));
      await sleep(50);
    },
  });
  const of = await prepared(pool, projection);
  const term = await Term.begin(pool, projection, of, { owner: 'first' });
  if (!term) return t.fail('no lease');
  await term.apply(events, head);
  await Promise.all(thieves);
  t.same(await tallied(pool, 'stolen'), { noted: 1, total: 1, position: head, events: 1 });
  await append(store, counted());
  const later = await collected(store);
  await t.rejects(term.apply(later.events, later.head), LeaseLost);
  t.same((await tallied(pool, 'stolen')).noted, 1);
  await term.end(null);
});

test('a lease that is worked with is not taken for expired', async (t) => {
  const { pool } = await stage(t);
  const projection = tally('slow');
  const of = await prepared(pool, projection);
  await acquireLease(pool, of, 'slow');
  await pool.query(END_LEASE);
  const page = await pool.connect();
  await page.query('begin; select * from orderlog.checkpoints for update');
  const blocked = sleep(1_000, 'blocked');
  t.equal(await Promise.race([acquireLease(pool, of, 'quick'), blocked]), null);
  await page.query('rollback');
  page.release();
  t.not(await acquireLease(pool, of, 'quick'), null);
});

test('a lease is renewed while there is nothing to do', async (t) => {
  const { pool, store, start, reached } = await stage(t);
  start(tally('renewed'));
  await reached('renewed', await append(store, counted()));
  await pool.query(`update orderlog.checkpoints set lease_until = clock_timestamp() + interval '2 seconds'`);
  await until(async () => {
    const { rows } = await pool.query<{ renewed: boolean }>(
      `select lease_until > clock_timestamp() + interval '3 seconds' as renewed from orderlog.checkpoints`,
    );
    return rows[0]?.renewed ?? false;
  });
  const { rows } = await pool.query('select lease_epoch, state from orderlog.checkpoints');
  t.same(rows, [{ lease_epoch: 1, state: 'running' }]);
});

test('five projectors on one projection, stopped and robbed at random: each event once', async (t) => {
  const { pool, store, start } = await stage(t);
  const projectors = Array.from({ length: 5 }, () => start(tally('five')));
  let position = '' as Position;
  for (let round = 0; round < 40; round++) {
    position = await append(store, ...Array.from({ length: 1 + (round % 7) }, () => counted()));
    await sleep(Math.random() * 40);
    const chance = Math.random();
    if (chance < 0.25) await pool.query(END_LEASE);
    else if (chance < 0.5) {
      await pool.query(`
        select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and query ilike '%checkpoints%' and pid <> pg_backend_pid()`);
    } else if (chance < 0.75) {
      const victim = Math.floor(Math.random() * projectors.length);
      await projectors[victim]?.stop();
      projectors[victim] = start(tally('five'));
    }
  }
  await until(async () => (await tallied(pool, 'five')).position === position);
  const { events } = await collected(store);
  t.same(await tallied(pool, 'five'), { noted: events.length, total: events.length, position, events: events.length });
});

/** A process of its own that can be told what to do; killed at the end of the test. */
function otherProcess(t: Test, connection: string, name: string): ChildProcess {
  const child = fork(new URL('./other-process.js', import.meta.url), [connection, name]);
  t.teardown(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  });
  return child;
}

test('another process takes over within ten seconds of a kill, and each event has its effect once', async (t) => {
  const { pool, connectionString, startWith } = await stage(t);
  const store = new PostgresEventStore(pool, connectionString);
  t.teardown(() => store.close());
  const child = otherProcess(t, connectionString, 'killed');
  child.send('project');
  await until(async () => (await tallied(pool, 'killed').catch(() => null)) !== null);
  startWith({ store }, tally('killed'));
  let appending = true;
  const appender = (async (): Promise<void> => {
    while (appending) await append(store, ...Array.from({ length: 10 }, () => counted()));
  })();
  await until(async () => (await tallied(pool, 'killed')).events > 200);
  child.kill('SIGKILL');
  await once(child, 'exit');
  const killed = Date.now();
  const { events: before } = await tallied(pool, 'killed');
  await until(async () => (await tallied(pool, 'killed')).events > before);
  t.ok(Date.now() - killed < 10_000, `after ${Date.now() - killed} ms`);
  appending = false;
  await appender;
  const position = await store.head();
  await until(async () => (await tallied(pool, 'killed')).position === position);
  let appended = 0;
  for await (const _ of store.readAll({ filter: { types: ['Counted'] } })) appended += 1;
  t.same(await tallied(pool, 'killed'), { noted: appended, total: appended, position, events: appended });
});

test('a wait in one process ends with the commit in another', async (t) => {
  const { pool, connectionString, startWith, reached } = await stage(t);
  const store = new PostgresEventStore(pool, connectionString);
  t.teardown(() => store.close());
  startWith({ store }, tally('across'));
  t.ok(await reached('across', await append(store, counted())));
  const child = otherProcess(t, connectionString, 'across');
  const delays: number[] = [];
  for (let turn = 0; turn < 12; turn++) {
    // In every third turn an event that is none of the projection's: only its checkpoint can tell.
    const next = (parseInt(await store.head(), 16) + 1).toString(16).padStart(16, '0') as Position;
    const answer = once(child, 'message') as Promise<[{ reached: boolean; at: number }]>;
    child.send({ waitFor: next });
    await sleep(turn === 0 ? 1_000 : 130 + turn * 10);
    await append(store, counted(1, turn % 3 === 2 ? 'Unheard' : 'Counted'));
    const appended = Date.now();
    const [message] = await answer;
    t.ok(message.reached);
    delays.push(message.at - appended);
  }
  t.comment(`ms from append to wake: ${delays.join(', ')}`);
  const middle = delays.sort((a, b) => a - b)[6] ?? Infinity;
  t.ok(middle < 120, `woken by the commit, not by a poll: ${middle} ms`);
});
