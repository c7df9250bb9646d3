import t from 'tap';
import { Listener } from '../../../src/engine/postgres/listener.js';
import { testDatabase } from '../../support/database.js';
import { until } from './running.js';

t.test('a connection that is lost again and again is made again, and leaves nothing behind', async (t) => {
  const { pool } = await testDatabase(t);
  const added = t.capture(AbortSignal.prototype, 'addEventListener', AbortSignal.prototype.addEventListener);
  const removed = t.capture(AbortSignal.prototype, 'removeEventListener', AbortSignal.prototype.removeEventListener);
  const heard: string[] = [];
  const listener = new Listener(pool, ['orderlog_test'], (_, payload) => heard.push(payload));
  t.teardown(() => listener.close());
  await listener.start();
  const listening = async (): Promise<number | undefined> => {
    const { rows } = await pool.query<{ pid: number }>(
      `SELECT pid FROM pg_stat_activity WHERE query = 'listen orderlog_test' AND datname = current_database()`,
    );
    return rows[0]?.pid;
  };
  for (let i = 0; i < 3; i++) {
    const pid = await listening();
    await pool.query('SELECT pg_terminate_backend($1)', [pid]);
    await until(async () => {
      const next = await listening();
      return next !== undefined && next !== pid;
    });
  }
  await pool.query(`NOTIFY orderlog_test, 'there'`);
  await until(() => heard.length > 0);
  t.same(heard, ['there']);
  t.equal(added().length - removed().length, 1, 'only the connection that is there waits for the end');
});
