import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import t, { type Test } from 'tap';
import { startEmbedded } from '../../src/embedded-postgres/embedded.js';
import {
  dataFolder,
  ended,
  inDatabase,
  locationOf,
  madeFolder,
  serverPid,
  serversOver,
  startUser,
} from './embedded-processes.js';

async function until(t: Test, what: string, isSo: () => boolean): Promise<void> {
  for (let tries = 0; tries < 2_400 && !isSo(); tries++) await new Promise((resolve) => setTimeout(resolve, 25));
  t.ok(isSo(), what);
}

async function kept(folder: string): Promise<number | null> {
  return inDatabase(folder, async (client) => (await client.query('TABLE kept')).rowCount);
}

t.test('five processes that start at once share one server, which the last one stops', async (t) => {
  const folder = dataFolder(t);
  const users = await Promise.all(Array.from({ length: 5 }, () => startUser(t, folder)));
  const location = locationOf(folder);
  t.same(new Set(users.map((user) => user.location)), new Set([location]));
  t.equal(serversOver(location), 1);
  const [last, ...others] = users;
  t.same(await Promise.all(others.map((user) => user.say('stop'))), Array<string>(4).fill('stopped'));
  t.equal(await last?.say('query'), 'answered', 'the one that is left is still served');
  t.equal(await last?.say('stop'), 'stopped');
  await ended(t, location);
});

t.test('two that use it within one process are counted as two', async (t) => {
  const folder = await madeFolder(t);
  const [one, other] = await Promise.all([startEmbedded(folder), startEmbedded(folder)]);
  await one.stop();
  await one.stop();
  t.equal(serversOver(other.location), 1);
  await other.stop();
  await ended(t, other.location);
});

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  t.test(`${signal} to everything of the terminal leaves the server for its users to stop last`, async (t) => {
    const folder = await madeFolder(t);
    const user = await startUser(t, folder);
    process.kill(-(user.child.pid ?? 0), signal);
    t.equal(await user.next(), 'answered');
    t.equal(await user.next(), 'stopped');
    await ended(t, user.location);
  });
}

t.test('a process that was killed is not counted, and its server is joined', async (t) => {
  const folder = await madeFolder(t);
  const user = await startUser(t, folder);
  const pid = serverPid(user.location);
  await user.kill();
  t.equal(serverPid(user.location), pid, 'the server goes on');
  const server = await startEmbedded(folder);
  t.equal(serverPid(server.location), pid);
  const client = new pg.Client(server.config);
  await client.connect();
  // The server takes a moment to see that a connection has gone.
  for (let users: number | undefined; users !== 1;) {
    const keepers = "SELECT count(*)::int AS n FROM pg_stat_activity WHERE application_name = 'orderlog-keeper'";
    users = (await client.query<{ n: number }>(keepers)).rows[0]?.n;
  }
  await client.end();
  await server.stop();
  await ended(t, server.location);
});

t.test('after a kill of process and server the next start has the data within ten seconds', async (t) => {
  const folder = await madeFolder(t);
  await inDatabase(folder, (client) => client.query('CREATE TABLE kept AS SELECT 7'));
  const user = await startUser(t, folder);
  const pid = serverPid(user.location) ?? 0;
  process.kill(pid, 'SIGKILL');
  await user.kill();
  t.ok(existsSync(join(user.location, 'postmaster.pid')), 'a stale lock file is left');
  const begun = Date.now();
  t.equal(await kept(folder), 1);
  t.ok(Date.now() - begun < 10_000);
  await ended(t, user.location);
});

t.test('a process killed while it starts leaves nothing in the way of the next', async (t) => {
  const folder = await madeFolder(t);
  for (const ms of [150, 400, 700, 1_000]) {
    const program = join(import.meta.dirname, 'embedded-user.js');
    const child = spawn(process.execPath, [program, folder], { stdio: ['ignore', 'ignore', 'inherit'] });
    const ended = once(child, 'exit');
    await new Promise((resolve) => setTimeout(resolve, ms));
    child.kill('SIGKILL');
    t.same(await ended, [null, 'SIGKILL']);
  }
  t.equal(await inDatabase(folder, async (client) => (await client.query('SELECT 1')).rowCount), 1);
  await ended(t, locationOf(folder));
});

t.test('a server that is still ending is waited for', async (t) => {
  const folder = await madeFolder(t);
  const user = await startUser(t, folder);
  // Smart shutdown: it ends when the last one has left, and takes nobody in until then.
  process.kill(serverPid(user.location) ?? 0, 'SIGTERM');
  const joining = startEmbedded(folder);
  await new Promise((resolve) => setTimeout(resolve, 500));
  await user.kill();
  const server = await joining;
  t.equal(serversOver(server.location), 1);
  await server.stop();
  await ended(t, server.location);
});

t.test('a server killed under its users is started again, with the data', async (t) => {
  const folder = await madeFolder(t);
  const server = await startEmbedded(folder);
  const client = new pg.Client(server.config);
  client.on('error', () => undefined);
  await client.connect();
  await client.query('CREATE TABLE kept AS SELECT 7');
  const pid = serverPid(server.location) ?? 0;
  process.kill(pid, 'SIGKILL');
  await until(t, 'another one runs', () => ![null, pid].includes(serverPid(server.location)));
  t.equal(await kept(folder), 1);
  await server.stop();
  await ended(t, server.location);
});

t.test('a stale lock file that names another process by now does not keep the server from starting', async (t) => {
  const folder = dataFolder(t);
  await inDatabase(folder, (client) => client.query('SELECT 1'));
  const location = locationOf(folder);
  const { uid, gid } = statSync(location);
  const other = spawn('sleep', ['60'], process.getuid?.() === 0 ? { uid, gid } : {});
  t.teardown(() => other.kill());
  await once(other, 'spawn');
  writeFileSync(join(location, 'postmaster.pid'), `${other.pid ?? 0}\n${location}\n`);
  t.equal(await inDatabase(folder, async (client) => (await client.query('SELECT 1')).rowCount), 1);
  t.equal(other.exitCode, null, 'and the other process is left alone');
});
