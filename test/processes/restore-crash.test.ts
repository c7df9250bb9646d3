import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import t from 'tap';
import { emptyTarget, primaryRows } from '../backup/installations.js';
import { testDatabase } from '../support/database.js';
import {
  type Ended,
  ended,
  orderlog,
  type Settings,
  settingsFor,
  start,
  temporaryFolder,
  until,
} from '../support/orderlog.js';
import { writeShop } from '../support/shop-folder.js';

const KILLS = 8;

/** What a killed process held is free when the server has noticed. */
async function restored(settings: Settings, file: string): Promise<Ended> {
  let last = await orderlog(settings, 'restore', file, '--json');
  await until(async () => {
    if (!last.stderr.includes('another process')) return true;
    last = await orderlog(settings, 'restore', file, '--json');
    return false;
  });
  return last;
}

/** Somebody who reads one of the tables that a restore needs for itself. */
async function reading(pool: pg.Pool): Promise<{ isInTheWay(): Promise<boolean>; leave(): Promise<void> }> {
  const client = await pool.connect();
  await client.query('begin; lock table orderlog.events in access share mode');
  const waiting = `select from pg_locks where not granted and relation = 'orderlog.events'::regclass`;
  return {
    isInTheWay: async () => (await pool.query(waiting)).rowCount !== 0,
    leave: async () => {
      await client.query('rollback');
      client.release();
    },
  };
}

t.test('a restore killed at random moments leaves nothing or all, and the next run ends it', async (t) => {
  const source = await testDatabase(t);
  const folder = temporaryFolder(t);
  const shop = await writeShop(`${folder}/shop`, { products: 200, users: 300, orders: 4_000 });
  const from = settingsFor(source, `${folder}/source`);
  t.equal((await orderlog(from, 'import', shop)).code, 0);
  const file = `${folder}/backup.tar`;
  t.equal((await orderlog(from, 'backup', file)).code, 0);
  const primary = await primaryRows(source.pool);

  const undisturbed = await emptyTarget(t);
  const began = Date.now();
  t.equal((await restored(settingsFor(undisturbed.database, undisturbed.dataDir), file)).code, 0);
  const whole = Date.now() - began;

  const { database, dataDir } = await emptyTarget(t);
  const settings = settingsFor(database, dataDir);
  const count = async (): Promise<number> => (await database.pool.query('select from orderlog.events')).rowCount ?? 0;
  let wasEnded = false;
  for (let kill = 0; kill < KILLS; kill++) {
    // The first one for certain in the middle: its transaction can't get all tables.
    const reader = kill === 0 ? await reading(database.pool) : null;
    const child = start(settings, 'restore', file);
    const end = ended(child);
    if (reader) await until(() => reader.isInTheWay());
    // The last one when all is there but the read models.
    else if (kill === KILLS - 1) await until(async () => (await count()) > 0);
    else await sleep(Math.random() * whole * 0.4);
    child.kill('SIGKILL');
    wasEnded = (await end).code === 0;
    await reader?.leave();
    const events = await count();
    const expected = kill === 0 ? [0] : [0, primary['events']?.length];
    t.ok(expected.includes(events), `${events} events after kill ${kill + 1}`);
    // What is left of it then takes less time, and may come to its end before it is killed.
    if (events > 0) break;
  }
  if (!wasEnded) {
    const last = await restored(settings, file);
    t.equal(last.code, 0, last.stderr);
    t.match(JSON.parse(last.stdout), { models: [{ switched: true }] });
  }
  t.same(await primaryRows(database.pool), primary);
  const verified = await orderlog(settings, 'verify', '--json');
  t.equal(verified.code, 0, verified.stdout);
  const again = await orderlog(settings, 'restore', file);
  t.equal(again.code, 2);
  t.match(again.stderr, /this installation is not empty: the database holds .*events.*nothing was changed/);
});
