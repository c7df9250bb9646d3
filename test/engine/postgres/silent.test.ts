import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { isUnavailable } from '../../../src/engine/postgres/errors.js';
import { createPool } from '../../../src/engine/postgres/pool.js';
import { DatabaseSilent, sessionTo } from '../../../src/engine/postgres/session.js';
import type { SessionKind } from '../../../src/engine/postgres/session-kinds.js';
import { testDatabase } from '../../support/database.js';
import { type Direction, freezingProxy } from '../../support/freezing-proxy.js';
import { until } from '../../support/orderlog.js';

// They mostly wait for silence to be noticed, each on a database and a proxy of its own: all wait at once.
t.jobs = 8;

/** Any of them is far below it, on a machine that is not busy. */
const SOON_MS = 30_000;

async function failure(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => null,
    (error: unknown) => error,
  );
}

t.test('a pool whose connections are silent fails the queries under way, and no later one', async (t) => {
  const { config } = await testDatabase(t);
  const proxy = await freezingProxy(t, config);
  const pool = createPool(proxy.config, { max: 4, applicationName: 'orderlog-test', kind: 'request' });
  t.teardown(() => pool.end());
  const idle = await Promise.all([pool.connect(), pool.connect(), pool.connect()]);
  for (const client of idle) client.release();
  proxy.freeze();
  const begun = Date.now();
  const error = await failure(pool.query('select 1'));
  t.type(error, DatabaseSilent);
  t.ok(isUnavailable(error));
  t.ok(Date.now() - begun < SOON_MS, `after ${Date.now() - begun} ms`);
  for (let n = 0; n < 4; n++) t.equal((await pool.query('select 1')).rowCount, 1, 'not one silent connection was kept');
});

t.test('the end of a pool waits neither for silent connections nor for those who have one', async (t) => {
  const { config } = await testDatabase(t);
  const proxy = await freezingProxy(t, config);
  const pool = createPool(proxy.config, { max: 3, applicationName: 'orderlog-test', kind: 'work' });
  const [idle] = await Promise.all([pool.connect(), pool.connect()]);
  idle.release();
  proxy.freeze();
  const underWay = failure(pool.query('select 1'));
  const begun = Date.now();
  await pool.end();
  t.ok(Date.now() - begun < 3_000, `after ${Date.now() - begun} ms`);
  t.ok(isUnavailable(await underWay));
});

t.test('a long statement is waited for; one whose answer is lost is not, wherever it was lost', async (t) => {
  const { config, pool } = await testDatabase(t);
  const proxy = await freezingProxy(t, config);
  const holder = await pool.connect();
  t.teardown(() => {
    holder.release();
  });
  const open = async (kind: SessionKind) => {
    const session = sessionTo(proxy.config, { kind, applicationName: 'orderlog-test' });
    await session.connect();
    t.teardown(() => session.end());
    return session;
  };
  const direct = sessionTo(config, { kind: 'work', applicationName: 'orderlog-test' });
  await direct.connect();
  t.teardown(() => direct.end());
  // Longer than silence is taken for granted.
  const long = direct.query('select pg_sleep(8)');
  const waitsForLock = async (): Promise<boolean> => {
    const { rowCount } = await pool.query(
      `select from pg_locks where locktype = 'advisory' and not granted
         and database = (select oid from pg_database where datname = current_database())`,
    );
    return rowCount === 1;
  };
  /** The server answers only after the way back is shut. */
  const lost = async (kind: SessionKind, ...directions: Direction[]): Promise<unknown> => {
    const session = await open(kind);
    await session.query('begin');
    await holder.query('select pg_advisory_lock(1)');
    const answer = failure(session.query('select pg_advisory_xact_lock(1)'));
    await until(waitsForLock);
    proxy.freeze(...directions);
    await holder.query('select pg_advisory_unlock(1)');
    return answer;
  };
  const begun = Date.now();
  t.type(await lost('work', 'to-client'), DatabaseSilent, 'the answer');
  const idle = await open('work');
  proxy.freeze('to-server');
  t.type(await failure(idle.query('select 1')), DatabaseSilent, 'the statement');
  t.type(await lost('projector'), DatabaseSilent, 'both');
  t.ok(Date.now() - begun < 2 * SOON_MS, `after ${Date.now() - begun} ms`);
  t.equal((await long).rowCount, 1);
});

t.test('a session that only listens finds out that nothing will come any more', async (t) => {
  const { config } = await testDatabase(t);
  const proxy = await freezingProxy(t, config);
  const session = sessionTo(proxy.config, { kind: 'listen', applicationName: 'orderlog-test' });
  const ended = new Promise<void>((resolve) => session.once('end', resolve));
  await session.connect();
  await session.query('listen orderlog_test');
  proxy.forget();
  const begun = Date.now();
  await ended;
  t.ok(Date.now() - begun < SOON_MS, `after ${Date.now() - begun} ms`);
});

t.test('a server that takes connections and says nothing is not waited for', async (t) => {
  const { config } = await testDatabase(t);
  const proxy = await freezingProxy(t, config);
  proxy.silence(true);
  const begun = Date.now();
  const session = sessionTo(proxy.config, { kind: 'work', applicationName: 'orderlog-test' });
  t.ok(isUnavailable(await failure(session.connect())));
  t.ok(Date.now() - begun < SOON_MS, `after ${Date.now() - begun} ms`);
});

t.test(
  'a transaction whose client says nothing is ended by the server, and one that is thought about is not',
  async (t) => {
    const { config, pool } = await testDatabase(t);
    const open = async (kind: SessionKind) => {
      const session = sessionTo(config, { kind, applicationName: 'orderlog-test' });
      await session.connect();
      t.teardown(() => session.end());
      return session;
    };
    const [frozen, thinking] = [await open('append'), await open('listen')];
    const begun = Date.now();
    for (const session of [frozen, thinking]) await session.query('begin');
    await until(async () => {
      const { rows } = await pool.query<{ there: boolean }>(
        'select exists (select from pg_stat_activity where pid = $1) as there',
        [(frozen as unknown as { processID: number }).processID],
      );
      return rows[0]?.there === false;
    }, SOON_MS);
    t.ok(isUnavailable(await failure(frozen.query('select 1'))));
    // Longer than it may say nothing.
    await sleep(10_000 - (Date.now() - begun));
    t.equal((await thinking.query('select 1')).rowCount, 1, 'its heartbeat is there');
  },
);

t.test('locks of a process that was killed in a long statement are free in seconds', async (t) => {
  const { config, pool } = await testDatabase(t);
  const child = spawn(process.execPath, [join(import.meta.dirname, 'holding-process.js'), JSON.stringify(config)], {
    stdio: 'inherit',
  });
  t.teardown(() => child.kill('SIGKILL'));
  const holding = async (): Promise<boolean> => {
    const { rowCount } = await pool.query(
      `select from pg_stat_activity where application_name = 'orderlog-holding' and query like '%pg_sleep%'
         and datname = current_database()`,
    );
    return rowCount === 1;
  };
  await until(holding, SOON_MS);
  child.kill('SIGKILL');
  const begun = Date.now();
  await pool.query('select from orderlog.checkpoints');
  t.ok(Date.now() - begun < SOON_MS, `after ${Date.now() - begun} ms`);
});
