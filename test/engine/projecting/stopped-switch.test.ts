import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'tap';
import { stage, until } from './running.js';
import { append, counted, tally } from './tally.js';

test('a process that is stopped in the transaction of a switch holds up the live model for seconds only', async (t) => {
  const { pool, store, start, reached, connectionString } = await stage(t);
  start(tally('live'));
  t.ok(await reached('live', await append(store, counted())));
  await pool.query(`insert into orderlog.builds (model, number, version, state) values ('live', 2, 1, 'ready')`);
  await pool.query(`insert into orderlog.checkpoints (model, build) values ('live', 2)`);
  const child = spawn(process.execPath, [join(import.meta.dirname, 'switching-process.js'), connectionString, 'live']);
  t.teardown(() => child.kill('SIGKILL'));
  // Stopped at some moment of it: again, until it is one that counts.
  const isHeld = async (): Promise<boolean> => {
    const { rowCount } = await pool.query(
      `select from orderlog.checkpoints where model = 'live' and build = 1 for update skip locked`,
    );
    return rowCount === 0;
  };
  const isSwitching = async (): Promise<boolean> => {
    const { rowCount } = await pool.query(
      `select from pg_stat_activity where application_name = 'orderlog-switching' and state = 'idle in transaction'
         and datname = current_database()`,
    );
    return rowCount === 1;
  };
  await until(async () => {
    child.kill('SIGSTOP');
    if ((await isSwitching()) && (await isHeld())) return true;
    child.kill('SIGCONT');
    return false;
  });
  const stopped = Date.now();
  t.ok(await reached('live', await append(store, counted()), 25_000));
  t.ok(Date.now() - stopped < 25_000, `after ${Date.now() - stopped} ms`);
});
