import { join } from 'node:path';
import t from 'tap';
import { projections } from '../../projections/index.js';
import { temporaryFolder, until } from '../support/orderlog.js';
import { demo, runningApp } from '../support/running-app.js';
import { backUp, emptyTarget, primaryRows, remade, restoreTo } from './installations.js';

const WRITERS = 4;
const BACKUPS = 3;

t.test(
  'a backup under constant writes holds every event up to its position, with its key and its document',
  async (t) => {
    const shop = await runningApp(t, { seed: demo });
    const folder = temporaryFolder(t);
    let isOver = false;
    let registered = 0;
    const writing = Array.from({ length: WRITERS }, async () => {
      while (!isOver) {
        const { user_id } = await shop.registerUser();
        registered += 1;
        await shop.placeOrder(user_id, [1, 2]);
        await shop.addProduct([1]);
      }
    });
    const backups = [];
    for (let i = 0; i < BACKUPS; i++) {
      await until(() => registered > 10 * (i + 1), 60_000);
      backups.push(await backUp(shop, join(folder, `${i}.tar`)));
    }
    isOver = true;
    await Promise.all(writing);
    const events = backups.map((one) => one.events);
    t.same(
      events.toSorted((a, b) => a - b),
      events,
    );
    t.ok((events[2] ?? 0) > (events[0] ?? 0), 'there were writes meanwhile');
    const all = (await primaryRows(shop.runtime.pool))['events'] ?? [];

    const last = backups.at(-1) as (typeof backups)[number];
    t.equal(last.notes.length, 1, 'no document is missing');
    const target = await emptyTarget(t);
    await restoreTo(target, last.file);
    const restored = await runningApp(t, { ...target, projectors: false });
    const rows = (await primaryRows(target.database.pool))['events'] ?? [];
    t.equal(rows.length, last.events);
    t.ok(
      rows.every((row) => all.includes(row)),
      'all of them are events of the log',
    );
    const { rows: ends } = await target.database.pool.query<{ last: number }>(
      'select max(position)::int as last from orderlog.events',
    );
    t.equal(ends[0]?.last, rows.length, 'without a gap');
    await remade(restored);
    const nothing = { signal: new AbortController().signal, stretch: () => undefined, done: () => undefined };
    t.match(await restored.runtime.engine.verify(projections, nothing), { ok: true });
    const { data } = await restored.http.ok('GET', '/v1/users?limit=100');
    const users = data as { user_id: string; name: string }[];
    t.ok(users.length > WRITERS);
    for (const { user_id, name } of users) {
      t.equal(name, 'Ada');
      const proof = await restored.http.ok('GET', `/v1/users/${user_id}/id-proof`);
      t.match(proof.bytes.toString('latin1'), /^%PDF-/);
    }
  },
);

t.test('a user who registers between two tables of a backup is in none of them', async (t) => {
  const shop = await runningApp(t, { seed: demo, projectors: false });
  await shop.registerUser();
  const { position } = shop.http;
  const { pool } = shop.runtime;
  const blocker = await pool.connect();
  await blocker.query('begin; lock table orderlog.skipped_events in access exclusive mode');
  const file = join(temporaryFolder(t), 'backup.tar');
  const backingUp = backUp(shop, file);
  await until(async () => {
    const { rowCount } = await pool.query(
      `select from pg_stat_activity
       where datname = current_database() and application_name = 'orderlog-backup' and wait_event_type = 'Lock'`,
    );
    return rowCount === 1;
  });
  // The keys are in the file by now, the log is not.
  await shop.registerUser();
  await blocker.query('commit');
  blocker.release();
  t.match(await backingUp, { users: 1, documents: 2, position });

  const target = await emptyTarget(t);
  await restoreTo(target, file);
  const { rows } = await target.database.pool.query<{ stream: string }>(
    `select stream from orderlog.events where type = 'UserRegistered'`,
  );
  t.equal(rows.length, 1);
});
