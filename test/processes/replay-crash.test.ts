import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { projections } from '../../projections/index.js';
import { testDatabase } from '../support/database.js';
import { ended, orderlog, settingsFor, start, temporaryFolder } from '../support/orderlog.js';
import { forgetAsOfBuilds, asOfRows, asOfSchemas } from '../support/as-of-builds.js';
import { writeShop } from '../support/shop-folder.js';

const KILLS = 6;

interface Replayed {
  readonly models: readonly { readonly name: string; readonly schema: string; readonly reused: boolean }[];
}

t.test('a replay killed at random moments leaves nothing that is shown, and the next one ends it', async (t) => {
  const database = await testDatabase(t);
  const { pool } = database;
  const folder = temporaryFolder(t);
  const settings = settingsFor(database, `${folder}/data`);
  const shop = await writeShop(`${folder}/shop`, { products: 200, users: 100, orders: 2_000 });
  t.equal((await orderlog(settings, 'import', shop)).code, 0);
  const until = new Date(Date.now() - 1).toISOString();
  const rowsOf = async (stdout: string): Promise<unknown[]> => {
    const { models } = JSON.parse(stdout) as Replayed;
    const numbered = models.map(({ name, schema }) => ({ model: name, number: Number(schema.split('_').at(-1)) }));
    return Promise.all(numbered.map((build) => asOfRows(pool, build)));
  };
  const began = Date.now();
  const whole = await ended(start(settings, 'replay', '--until', until, '--json'));
  const took = Date.now() - began;
  const wanted = await rowsOf(whole.stdout);
  await forgetAsOfBuilds(pool);
  for (let kill = 0; kill < KILLS; kill++) {
    const child = start(settings, 'replay', '--until', until);
    const exit = once(child, 'exit');
    await sleep(Math.random() * took);
    child.kill('SIGKILL');
    await exit;
    // Begun again each time: what was ended by then is found, and would be passed over.
    if (kill < KILLS - 1) await pool.query(`delete from orderlog.as_of_builds where state = 'ready'`);
  }
  const last = await orderlog(settings, 'replay', '--until', until, '--json');
  t.equal(last.code, 0, last.stderr);
  t.same(await rowsOf(last.stdout), wanted);
  t.equal((await asOfSchemas(pool)).length, projections.length, 'nothing of the others is left');
});
