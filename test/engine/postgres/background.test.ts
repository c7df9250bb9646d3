import { existsSync, readFileSync, rmSync } from 'node:fs';
import { constants, getPriority } from 'node:os';
import { join } from 'node:path';
import type pg from 'pg';
import t, { type Test } from 'tap';
import { readConfig } from '../../../src/config.js';
import { createPool } from '../../../src/engine/postgres/pool.js';
import { sessionBeside } from '../../../src/engine/postgres/session.js';
import { openDatabase } from '../../../src/open-database.js';
import { testDatabase } from '../../support/database.js';
import { temporaryFolder, until } from '../../support/orderlog.js';

const { PRIORITY_BELOW_NORMAL } = constants.priority;
const bySession = existsSync('/proc/self/autogroup') ? false : 'this kernel does not share the cores out by session';

t.test('the server gives way with what it does for a pool in the background, and a connection beside it', async (t) => {
  const { config, pool } = await testDatabase(t);
  const background = createPool(config, { max: 1, applicationName: 'test', inBackground: true });
  t.teardown(() => background.end());
  t.equal(await priorityOf(background), PRIORITY_BELOW_NORMAL);
  t.ok((await priorityOf(pool)) < PRIORITY_BELOW_NORMAL);

  t.equal(await priorityBeside(t, background), PRIORITY_BELOW_NORMAL);
  t.ok((await priorityBeside(t, pool)) < PRIORITY_BELOW_NORMAL);
});

t.test('where cores are shared out by session, those of its processes give way', { skip: bySession }, async (t) => {
  const { config, pool } = await testDatabase(t);
  const background = createPool(config, { max: 1, applicationName: 'test', inBackground: true });
  t.teardown(() => background.end());
  const sessionOf = async (of: pg.Pool): Promise<string> =>
    readFileSync(`/proc/${await serverProcess(of)}/autogroup`, 'utf8').trim();
  const [theirs, ours] = [await sessionOf(pool), readFileSync('/proc/self/autogroup', 'utf8')];
  await until(async () => (await sessionOf(background)).endsWith(` nice ${PRIORITY_BELOW_NORMAL}`));
  t.equal(await sessionOf(pool), theirs);
  t.notOk(theirs.endsWith(` nice ${PRIORITY_BELOW_NORMAL}`));
  t.equal(readFileSync('/proc/self/autogroup', 'utf8'), ours);
});

t.test('a command in the background gives way, and a server that it starts does not', async (t) => {
  const dataDir = temporaryFolder(t);
  const config = readConfig({ ORDERLOG_DATA_DIR: dataDir }, dataDir);
  // From here on this process gives way itself.
  const database = await openDatabase(config, { migrate: false, inBackground: true });
  t.teardown(async () => {
    await database.close();
    rmSync(database.location as string, { recursive: true, force: true });
  });
  t.equal(getPriority(), PRIORITY_BELOW_NORMAL);
  t.equal(await priorityOf(database.pool), PRIORITY_BELOW_NORMAL);
  const server = readFileSync(join(database.location as string, 'postmaster.pid'), 'utf8').split('\n')[0];
  t.ok(getPriority(Number(server)) < PRIORITY_BELOW_NORMAL);
});

async function priorityBeside(t: Test, pool: pg.Pool): Promise<number> {
  const client = sessionBeside(pool, 'work');
  await client.connect();
  t.teardown(() => client.end());
  return priorityOf(client);
}

/** Of the server's process for a connection. */
async function priorityOf(db: Pick<pg.ClientBase, 'query'>): Promise<number> {
  return getPriority(await serverProcess(db));
}

async function serverProcess(db: Pick<pg.ClientBase, 'query'>): Promise<number> {
  const { rows } = await db.query<{ pid: number }>('select pg_backend_pid() as pid');
  return rows[0]?.pid ?? 0;
}
