/** The embedded server belongs to one data folder, and takes nothing from the user's own Postgres. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import t, { type Test } from 'tap';
import { whyNotMade } from '../../src/embedded-postgres/cluster.js';
import { socketFolder } from '../../src/embedded-postgres/place.js';
import { startEmbedded } from '../../src/embedded-postgres/embedded.js';
import { dataFolder, ended, inDatabase, madeFolder, serverPid } from './embedded-processes.js';

async function answers(folder: string): Promise<boolean> {
  return inDatabase(folder, async (client) => (await client.query('SELECT 1')).rowCount === 1);
}

t.test("variables for the user's own Postgres do not reach the embedded server or its clients", async (t) => {
  const variables = {
    ...{ PGSSLMODE: 'require', PGOPTIONS: '-c nosuch=1', PGHOST: '192.0.2.1', PGPORT: '1', PGUSER: 'nobody' },
    ...{ PGDATABASE: 'nowhere', PGPASSWORD: 'wrong', PGPASSFILE: '/nowhere', PGSERVICE: 'none', PGDATA: '/nowhere' },
    ...{ PGSSLNEGOTIATION: 'direct', PGCLIENT_ENCODING: 'LATIN1', PGREPLICATION: 'database', PGTZ: 'Asia/Tokyo' },
  };
  Object.assign(process.env, variables);
  t.ok(await answers(await madeFolder(t)));
  t.same(
    Object.keys(variables).filter((name) => name in process.env),
    [],
  );
});

t.test('a copied data folder whose database lies elsewhere is refused; one that was moved is not', async (t) => {
  const made = await madeFolder(t);
  const folder = dataFolder(t);
  // As where the server's user can't enter the data folder.
  const elsewhere = join(made, 'postgres');
  writeFileSync(join(folder, 'postgres.location'), elsewhere);
  renameSync(join(made, 'postgres.password'), join(folder, 'postgres.password'));
  await inDatabase(folder, (client) => client.query('CREATE TABLE kept AS SELECT 7'));
  const copy = `${folder}-copy`;
  t.teardown(() => {
    rmSync(copy, { recursive: true, force: true });
  });
  cpSync(folder, copy, { recursive: true });
  const server = await startEmbedded(folder);
  await t.rejects(startEmbedded(copy), { message: new RegExp(`copy of the data folder ${folder}.*orderlog backup`) });
  await server.stop();
  await t.rejects(startEmbedded(copy), /copy of the data folder/, 'also while nobody uses it');
  renameSync(folder, `${folder}-moved`);
  t.teardown(() => {
    rmSync(`${folder}-moved`, { recursive: true, force: true });
  });
  t.ok(await answers(`${folder}-moved`));
  await t.rejects(startEmbedded(copy), new RegExp(`${folder}-moved`), 'it has taken its database along');
  await ended(t, elsewhere);
});

t.test('a data folder copied while its server runs is refused, and that server continues', async (t) => {
  const folder = await madeFolder(t);
  const server = await startEmbedded(folder);
  const pid = serverPid(server.location);
  const copy = dataFolder(t);
  const isFile = (source: string): boolean => !statSync(source).isSocket();
  cpSync(folder, copy, { recursive: true, filter: isFile });
  await t.rejects(startEmbedded(copy), /copied from .* while its server ran.*copy the folder again/);
  t.equal(serverPid(server.location), pid);
  const client = new pg.Client(server.config);
  await client.connect();
  t.equal((await client.query('SELECT 1')).rowCount, 1);
  await client.end();
  await server.stop();
  await ended(t, server.location);
  await t.rejects(startEmbedded(copy), /copied from/, 'even if that server has ended');
  // What cleans the folder up would signal the process that it names.
  rmSync(join(copy, 'postgres/postmaster.pid'));
});

t.test('the path of a socket is short in bytes and means one folder only', async (t) => {
  for (const path of [
    '/data/a,b',
    '/data/a b',
    '/data/"a"',
    "/data/a'b",
    `/data/${'数'.repeat(40)}`,
    `/${'a'.repeat(90)}`,
  ]) {
    t.match(socketFolder(path), /^\/tmp\/orderlog-[0-9a-f]{16}$/, path);
  }
  t.equal(socketFolder('/data/plain-1.2_x/postgres'), '/data/plain-1.2_x/postgres');
  const folder = join(dataFolder(t), 'a, "b" 数数');
  mkdirSync(folder, { mode: 0o711 });
  const made = await madeFolder(t);
  for (const name of readdirSync(made)) renameSync(join(made, name), join(folder, name));
  const server = await startEmbedded(folder);
  const socket = String(server.config.host);
  t.teardown(() => {
    rmSync(socket, { recursive: true, force: true });
  });
  t.match(socket, /^\/tmp\/orderlog-/);
  await server.stop();
  await ended(t, server.location);
});

t.test(
  'a refusal that waiting does not mend ends the wait with its cause, and the server that was started',
  async (t) => {
    const folder = await madeFolder(t);
    const location = await inDatabase(folder, async (client) => {
      await client.query('ALTER DATABASE postgres ALLOW_CONNECTIONS false');
      return join(folder, 'postgres');
    });
    const begun = Date.now();
    await t.rejects(startEmbedded(folder), /refuses a connection: .*not currently accepting connections/);
    t.ok(Date.now() - begun < 60_000, 'not after five minutes');
    await ended(t, location);
  },
);

t.test('the wait for a server ends with the signal', async (t) => {
  const folder = await madeFolder(t);
  const standIn = await refusing(t, folder);
  const ending = new AbortController();
  const starting = startEmbedded(folder, { signal: ending.signal });
  setTimeout(() => {
    ending.abort(new Error('it is to end'));
  }, 300);
  await t.rejects(starting, { message: 'it is to end' });
  standIn.kill('SIGKILL');
});

t.test('a server that runs, but accepts no connection and does nothing, is started again', async (t) => {
  const folder = await madeFolder(t);
  const standIn = await refusing(t, folder);
  const ended = once(standIn, 'exit');
  t.ok(await answers(folder));
  t.same(await ended, [null, 'SIGQUIT']);
});

t.test('a user without an entry in the list of users is told what to do', (t) => {
  const said = 'initdb: error: could not look up effective user ID 12345: user does not exist';
  t.match(whyNotMade('/data', said), /user id 12345 has no entry in \/etc\/passwd.*set DATABASE_URL/);
  t.match(whyNotMade('/data', 'initdb: error: no room'), /free space\?\):\ninitdb: error: no room/);
  t.end();
});

/** A process over the cluster that refuses everybody as a server does whose recovery failed. */
async function refusing(t: Test, folder: string): Promise<ReturnType<typeof spawn>> {
  const cluster = join(folder, 'postgres');
  const child = spawn(
    process.execPath,
    [join(import.meta.dirname, '../engine/postgres/refusing-server.js'), socketFolder(cluster)],
    {
      cwd: cluster,
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  t.teardown(() => child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  writeFileSync(join(cluster, 'postmaster.pid'), `${child.pid ?? 0}\n${cluster}\n`);
  return child;
}
