import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { test } from 'tap';
import type { Position } from '../../../src/engine/core/event-store.js';
import { CheckpointWatch } from '../../../src/engine/projecting/watch.js';
import { stage, until } from './running.js';
import { append, counted, tallied, tally } from './tally.js';

const BEYOND = 'f'.repeat(16) as Position;

test('a wait ends with the commit that reaches the position, not with an earlier one', async (t) => {
  const { pool, store, start, reached } = await stage(t);
  start(tally('wakes'));
  await reached('wakes', await append(store, counted()));
  const second = ((await store.head()).slice(0, -1) + '3') as Position;
  let woken = false;
  const wait = reached('wakes', second).then((is) => (woken = is));
  await append(store, counted());
  await until(async () => (await tallied(pool, 'wakes')).noted === 2);
  t.notOk(woken);
  t.equal(await append(store, counted()), second);
  t.ok(await wait);
  t.equal((await tallied(pool, 'wakes')).position, second);
});

test('nobody waits for a position that has been reached', async (t) => {
  const { store, start, reached, pool } = await stage(t);
  start(tally('been'));
  const position = await append(store, counted());
  await reached('been', position);
  const asked: unknown[] = [];
  const query = pool.query.bind(pool) as (statement: pg.QueryConfig) => Promise<pg.QueryResult>;
  Object.assign(pool, {
    query: (statement: pg.QueryConfig) => {
      asked.push(statement.name);
      return query(statement);
    },
  });
  for (let i = 0; i < 100; i++) t.ok(await reached('been', position, 1_000));
  t.notOk(asked.includes('checkpoints-all'), 'nor asked for');
  const stranger = new CheckpointWatch(pool);
  t.ok(await stranger.waitFor('been', 1, position, 1_000), 'by one who knows nothing yet either');
  t.ok(asked.includes('checkpoints-all'), 'who has to ask');
  await stranger.close();
});

test('a wait that is not fulfilled ends in time; an aborted or closed one at once', async (t) => {
  const { pool, start, reached } = await stage(t);
  start(tally('in_vain'));
  await until(async () => (await tallied(pool, 'in_vain').catch(() => null)) !== null);
  for (const watch of [new CheckpointWatch(pool), new CheckpointWatch(pool)]) {
    const started = performance.now();
    t.notOk(await watch.waitFor('in_vain', 1, BEYOND, 300));
    const waited = performance.now() - started;
    t.ok(waited > 295 && waited < 3_000, `${waited} ms`);
    await watch.close();
  }
  t.notOk(await reached('in_vain', BEYOND, 50));
  t.notOk(await reached('no_such_model', '' as Position, 50));
  const watch = new CheckpointWatch(pool);
  const abort = new AbortController();
  const started = performance.now();
  const waits = [watch.waitFor('in_vain', 1, BEYOND, 9_000), watch.waitFor('in_vain', 1, BEYOND, 9_000, abort.signal)];
  abort.abort();
  t.notOk(await waits[1]);
  await watch.close();
  t.notOk(await waits[0]);
  t.notOk(await watch.waitFor('in_vain', 1, BEYOND, 9_000));
  t.ok(performance.now() - started < 5_000);
});

test('events that are none of its business move a checkpoint at once for a reader, and soon without one', async (t) => {
  const { pool, store, start, reached } = await stage(t);
  start(tally('idle'));
  await reached('idle', await append(store, counted()));
  const waits: number[] = [];
  for (let i = 0; i < 20; i++) {
    const position = await append(store, counted(1, 'Unheard'));
    const started = performance.now();
    t.ok(await reached('idle', position));
    waits.push(performance.now() - started);
  }
  const middle = waits.sort((a, b) => a - b)[10] as number;
  t.ok(middle < 150, `${middle.toFixed(1)} ms with a reader`);
  const unread = await append(store, counted(1, 'Unheard'));
  const since = performance.now();
  await sleep(100);
  const { position } = await tallied(pool, 'idle');
  // Half a second later it would, and a slow machine may be that late.
  if (performance.now() - since < 400) t.not(position, unread, 'not for its own sake');
  await until(async () => (await tallied(pool, 'idle')).position === unread);
});

test('waits of another process are served while both are busy, and miss no commit', async (t) => {
  const { pool, store, start } = await stage(t);
  start(tally('busy'));
  const elsewhere = new CheckpointWatch(pool);
  t.teardown(() => elsewhere.close());
  const waits: number[] = [];
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      for (let i = 0; i < 40; i++) {
        const position = await append(store, counted(1, i % 2 === 0 ? 'Counted' : 'Unheard'));
        const started = performance.now();
        t.ok(await elsewhere.waitFor('busy', 1, position, 5_000));
        waits.push(performance.now() - started);
      }
    }),
  );
  waits.sort((a, b) => a - b);
  const [middle = 0, high = 0] = [waits[160], waits[288]];
  t.ok(
    high < 190,
    `waits are not left to the poll: median ${middle.toFixed(1)} ms, 90th percentile ${high.toFixed(1)} ms`,
  );
});

test('who begins to wait during a look does not have to wait for the poll', async (t) => {
  const { pool, store, start, reached } = await stage(t);
  const projectors = start(tally('slow_look'));
  const position = await append(store, counted());
  await reached('slow_look', position);
  await projectors.stop();
  const query = async (statement: pg.QueryConfig): Promise<pg.QueryResult> => {
    const result = await pool.query(statement);
    await sleep(60);
    return result;
  };
  const slow = Object.create(pool, { query: { value: query } }) as pg.Pool;
  const watch = new CheckpointWatch(slow);
  t.teardown(() => watch.close());
  t.notOk(await watch.waitFor('slow_look', 1, BEYOND, 50), 'it listens');
  const waits: number[] = [];
  // Once is proof: left to the poll, none can be so short.
  for (let turn = 2; turn < 6 && !waits.some((waited) => waited < 180); turn++) {
    const next = `${position.slice(0, -1)}${turn}` as Position;
    await sleep(100);
    const inVain = watch.waitFor('slow_look', 1, BEYOND, 600);
    await sleep(30);
    // The look under way has read its row by now.
    await pool.query('update orderlog.checkpoints set position = $1', [next]);
    const started = performance.now();
    t.ok(await watch.waitFor('slow_look', 1, next, 5_000));
    waits.push(performance.now() - started);
    t.notOk(await inVain);
  }
  t.ok(Math.min(...waits) < 180, `${waits.map(Math.round).join(', ')} ms`);
});

test('a request that is heard after the commit it is about is answered at once', async (t) => {
  const { pool, store, start, reached } = await stage(t);
  start(tally('heard_late'));
  const position = await append(store, counted());
  await reached('heard_late', position);
  const listening = await pool.connect();
  t.teardown(() => listening.release(true));
  const heard: unknown[] = [];
  listening.on('notification', ({ payload }) => heard.push(JSON.parse(payload ?? 'null')));
  await listening.query('listen orderlog_checkpoint');
  const request = JSON.stringify(['heard_late:1', position]);
  await until(async () => {
    // Said again, as who waits does: the projector's process may not listen yet.
    await pool.query('select pg_notify($1, $2)', ['orderlog_waiting', request]);
    await sleep(50);
    return heard.length > 0;
  });
  t.same(heard[0], ['heard_late:1', position]);
});

test('a lost listening connection is made again, and a wait meanwhile is served by looking', async (t) => {
  const { pool, store, start, reached } = await stage(t);
  start(tally('deaf'));
  await reached('deaf', await append(store, counted()));
  const elsewhere = new CheckpointWatch(pool);
  t.teardown(() => elsewhere.close());
  t.notOk(await elsewhere.waitFor('deaf', 1, BEYOND, 100));
  const listening = async (): Promise<number> => {
    const { rows } = await pool.query<{ n: number }>(
      `select count(*) as n from pg_stat_activity where datname = current_database() and query ilike 'listen %'`,
    );
    return rows[0]?.n ?? 0;
  };
  await until(async () => (await listening()) === 2);
  await pool.query(
    `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and query ilike 'listen %'`,
  );
  t.ok(await elsewhere.waitFor('deaf', 1, await append(store, counted()), 5_000));
  await until(async () => (await listening()) === 2);
});
