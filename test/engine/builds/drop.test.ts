import { test } from 'tap';
import { projections } from '../../../projections/index.js';
import { dropBuild } from '../../../src/engine/builds/drop.js';
import { createPool } from '../../../src/engine/postgres/pool.js';
import { demo, runningApp } from '../../support/running-app.js';
import { buildsIn, rebuildAll } from './rebuilding.js';

test('a build is left alone by a drop that meets a page of it in the other order of locks', async (t) => {
  const { runtime, database } = await runningApp(t, { seed: demo });
  const users = projections.filter(({ name }) => name === 'users');
  await rebuildAll(runtime, { switch: false }, users);
  const isThere = async (): Promise<boolean> =>
    (await buildsIn(runtime.pool)).some(({ model, number }) => model === 'users' && number === 2);
  t.ok(await isThere());
  // The drop is the one that finds out, half a second later.
  await runtime.pool.query(`alter database ${String(database.config.database)} set deadlock_timeout = '500ms'`);
  const impatient = createPool(database.config, { max: 1, applicationName: 'orderlog-test-drop' });
  const page = await runtime.pool.connect();
  try {
    await page.query("set deadlock_timeout = '60s'");
    await page.query('begin');
    await page.query('lock table rm_users_v2.users in row exclusive mode');
    const dropped = dropBuild(impatient, { name: 'users', build: 2 }, 'candidate');
    // Not before the drop has the row of the checkpoint.
    for (let rows = 1; rows > 0;) {
      const free = 'select from orderlog.checkpoints where model = $1 and build = 2 for update skip locked';
      ({ length: rows } = (await runtime.pool.query(free, ['users'])).rows);
    }
    await page.query("update orderlog.checkpoints set events = events where model = 'users' and build = 2");
    t.equal(await dropped, false);
    t.ok(await isThere());
  } finally {
    await page.query('rollback').finally(() => page.release(true));
    await impatient.end();
  }
  t.equal(await dropBuild(runtime.pool, { name: 'users', build: 2 }, 'candidate'), true);
  t.notOk(await isThere());
});
