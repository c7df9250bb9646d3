import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { projections } from '../../projections/index.js';
import { testDatabase } from '../support/database.js';
import { ended, orderlog, serving, settingsFor, start, temporaryFolder, until } from '../support/orderlog.js';
import { writeShop } from '../support/shop-folder.js';
import { buildRows, buildsIn, leftovers } from '../engine/builds/rebuilding.js';

const KILLS = 8;

t.test('a rebuild killed at random moments leaves the active build alone; the next run ends it', async (t) => {
  const database = await testDatabase(t);
  const { pool } = database;
  const folder = temporaryFolder(t);
  const settings = settingsFor(database, `${folder}/data`);
  const shop = await writeShop(`${folder}/shop`, { products: 200, users: 300, orders: 6_000 });
  t.equal((await orderlog(settings, 'import', shop)).code, 0);
  const server = await serving(t, settings, '--projectors-only');
  const { rows: heads } = await pool.query<{ head: string }>(
    `select lpad(to_hex(max(position)), 16, '0') as head from orderlog.events`,
  );
  await until(async () => {
    const { rows } = await pool.query('select from orderlog.checkpoints where position >= $1 and build > 0', [
      heads[0]?.head,
    ]);
    return rows.length === projections.length;
  }, 60_000);
  const before = await Promise.all(projections.map((one) => buildRows(pool, one, 1)));
  const began = Date.now();
  await ended(start(settings, 'rebuild', '--no-switch', 'users'));
  const whole = Date.now() - began;
  for (let kill = 0; kill < KILLS; kill++) {
    const child = start(settings, 'rebuild', '--no-switch');
    const exit = once(child, 'exit');
    await sleep(Math.random() * whole * 2);
    child.kill('SIGKILL');
    await exit;
    if (kill % 3 === 2) await server.stop('SIGKILL');
    for (const [i, one] of projections.entries())
      t.same(await buildRows(pool, one, 1), before[i], `${one.name} is untouched`);
  }
  const last = await orderlog(settings, 'rebuild', '--json');
  t.equal(last.code, 0, last.stderr);
  t.same(await leftovers(pool), [], 'nothing of a load is left');
  const builds = await buildsIn(pool);
  for (const [i, one] of projections.entries()) {
    const own = builds.filter(({ model }) => model === one.name);
    t.same(
      own.map(({ state }) => state),
      ['standby', 'active'],
      `${one.name}: two builds, whatever was killed`,
    );
    t.same(await buildRows(pool, one, own[1]?.number ?? 0), before[i], `${one.name} has the same rows`);
  }
});
