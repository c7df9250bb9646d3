import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { createPool } from '../../../src/engine/postgres/pool.js';
import { testDatabase } from '../../support/database.js';
import { until } from '../../support/orderlog.js';

const IDLE_MS = 50;

t.test('a bigint is a safe integer, and beyond that an error', async (t) => {
  const { pool } = await testDatabase(t);
  t.same((await pool.query('SELECT 9007199254740991::bigint AS n')).rows, [{ n: 9007199254740991 }]);
  await t.rejects(pool.query('SELECT 9007199254740992::bigint AS n'), { name: 'RangeError' });
});

t.test('a time is ISO 8601 in UTC, with milliseconds', async (t) => {
  const { pool } = await testDatabase(t);
  const { rows } = await pool.query(`SELECT '2026-11-24T05:06:07.8+02:00'::timestamptz AS at`);
  t.same(rows, [{ at: '2026-11-24T03:06:07.800Z' }]);
});

t.test('every time is read as JavaScript would', async (t) => {
  const { pool } = await testDatabase(t);
  const given = ['', '.1', '.12', '.123', '.1239', '.999999', '.000001'].map((part) => `2026-02-28T23:59:59${part}Z`);
  given.push('0001-01-01T00:00:00Z', '9999-12-31T23:59:59.999Z');
  const { rows } = await pool.query<{ at: string }>(
    `SELECT at FROM unnest($1::timestamptz[]) WITH ORDINALITY AS g (at, n)
     UNION ALL SELECT timestamptz '12026-11-24 05:06:07.8+00'`,
    [given],
  );
  t.same(
    rows.map(({ at }) => at),
    [...given.map((text) => new Date(text).toISOString()), '+012026-11-24T05:06:07.800Z'],
  );
});

t.test('a connection that is lost while somebody has it ends his work, and not the process', async (t) => {
  const { pool } = await testDatabase(t);
  const client = await pool.connect();
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  const lost = new Promise<void>((resolve) => client.once('end', resolve));
  await pool.query('SELECT pg_terminate_backend($1)', [rows[0]?.pid]);
  await lost;
  await t.rejects(client.query('SELECT 1'));
  client.release(true);
  t.equal((await pool.query('SELECT 1')).rowCount, 1);
});

t.test('a plan made while a table is small goes by its index all the same', async (t) => {
  const { pool } = await testDatabase(t);
  await pool.query('CREATE TABLE small (id int PRIMARY KEY); INSERT INTO small VALUES (1); ANALYZE small');
  const { rows } = await pool.query<Record<string, string>>('EXPLAIN SELECT * FROM small WHERE id = 1');
  t.match(rows[0]?.['QUERY PLAN'], /Index/);
});

t.test('a process that has long been idle is still seen by its connection', async (t) => {
  const { config, pool: onlooker } = await testDatabase(t);
  const pool = createPool(config, { max: 3, applicationName: 'orderlog-idle', idleMs: IDLE_MS });
  t.teardown(() => pool.end());
  const clients = await Promise.all([pool.connect(), pool.connect(), pool.connect()]);
  for (const client of clients) client.release();
  await until(() => pool.totalCount < clients.length);
  await sleep(4 * IDLE_MS);
  const { rowCount } = await onlooker.query(
    `select from pg_stat_activity where datname = current_database() and application_name = 'orderlog-idle'`,
  );
  t.equal(rowCount, 1);
});
