/** How much of the database server a rebuild or a verification takes. */
import { availableParallelism } from 'node:os';
import t from 'tap';
import { coresToUse } from '../../../src/engine/builds/cores.js';
import { testDatabase } from '../../support/database.js';

void t.test('half of the cores are left to others while a process projects, and none otherwise', async (t) => {
  const { pool } = await testDatabase(t);
  const all = availableParallelism();
  t.equal(await coresToUse(pool), all);
  await pool.query(`insert into orderlog.checkpoints (model, build, lease_owner, lease_until)
    values ('tally', 1, 'one', clock_timestamp() + interval '1 minute')`);
  t.equal(await coresToUse(pool), Math.max(1, Math.floor(all / 2)));
  await pool.query(`update orderlog.checkpoints set lease_until = clock_timestamp() - interval '1 second'`);
  t.equal(await coresToUse(pool), all);
});
