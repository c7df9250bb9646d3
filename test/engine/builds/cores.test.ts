/** How much of the database server a rebuild or a verification takes. */
import { availableParallelism } from 'node:os';
import { setImmediate } from 'node:timers/promises';
import t from 'tap';
import { coresToUse, shareOf } from '../../../src/engine/builds/cores.js';
import { forEachInFlight } from '../../../src/engine/in-flight.js';
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

void t.test(
  'pieces of work at once take no more cores together than there are, and the last one takes all',
  async (t) => {
    const tooMany: string[] = [];
    for (let cores = 1; cores <= 9; cores++) {
      for (let pieces = 1; pieces <= 9; pieces++) {
        const underWay = new Set<{ readonly share: number }>();
        let left = pieces;
        let most = 0;
        await forEachInFlight(Array.from({ length: pieces }), cores, async () => {
          const one = { share: shareOf(cores, left) };
          underWay.add(one);
          most = Math.max(
            most,
            [...underWay].reduce((sum, { share }) => sum + share, 0),
          );
          await setImmediate();
          underWay.delete(one);
          left -= 1;
        });
        if (most > cores) tooMany.push(`${pieces} pieces take ${most} of ${cores} cores`);
      }
      t.equal(shareOf(cores, 1), cores);
    }
    t.same(tooMany, []);
  },
);
