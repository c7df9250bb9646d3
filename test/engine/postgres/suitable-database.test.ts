import net from 'node:net';
import type pg from 'pg';
import t, { type Test } from 'tap';
import { migrations } from '../../../migrations/index.js';
import { refuseUnsuitable, UnsuitableDatabase } from '../../../src/engine/postgres/suitable-database.js';
import { testDatabase } from '../../support/database.js';
import { orderlog, settingsFor, temporaryFolder } from '../../support/orderlog.js';

t.test('a database of another encoding is refused at the start, and by doctor with the remedy', async (t) => {
  const { config, pool, connectionString } = await testDatabase(t);
  for (const encoding of ['LATIN1', 'SQL_ASCII']) {
    const name = `${config.database}_${encoding.toLowerCase()}`;
    await pool.query(`create database ${name} template template0 encoding '${encoding}' locale 'C'`);
    t.teardown(() => pool.query(`drop database ${name} with (force)`));
    await t.rejects(refuseUnsuitable({ ...config, database: name }, migrations), { name: 'UnsuitableDatabase' });
    if (encoding !== 'LATIN1') continue;
    const url = connectionString.replace(`/${config.database}`, `/${name}`);
    const settings = settingsFor({ connectionString: url }, temporaryFolder(t));
    const started = await orderlog(settings, 'serve');
    t.equal(started.code, 2);
    t.match(
      started.stderr,
      /encoding LATIN1.*Orderlog needs UTF8\. To mend it, make another one with CREATE DATABASE/s,
    );
    const doctor = await orderlog(settings, 'doctor');
    t.equal(doctor.code, 1);
    t.match(doctor.stdout, /FINDING database: .*encoding LATIN1.*\n +→ make another one with CREATE DATABASE/);
    t.match((await orderlog(settings, 'migrate')).stderr, /encoding LATIN1/);
  }
  await refuseUnsuitable(config, migrations);
});

t.test('a role for which triggers do not act is refused', async (t) => {
  const { config, pool } = await testDatabase(t);
  await pool.query(`alter database ${config.database} set session_replication_role = 'replica'`);
  await t.rejects(refuseUnsuitable(config, migrations), { message: /session_replication_role is replica/ });
});

t.test('a schema orderlog of something else is refused, and the message names its tables and a remedy', async (t) => {
  const { config, pool, connectionString } = await testDatabase(t);
  const knex = `create table orderlog.migrations (id serial, name text, batch integer, migration_time timestamptz);
    create table orderlog.migrations_lock (index serial, is_locked integer);`;
  const foreign: Record<string, string> = {
    'create table orderlog.events (id integer)': 'events. To mend it',
    'create view orderlog.checkpoints as select 1 as id': 'checkpoints. To mend it',
    'create table orderlog.migrations (version integer)': 'migrations. To mend it',
    [`${knex} insert into orderlog.migrations (name) values ('20200101_carts')`]: 'migrations, migrations_lock. To',
    [`${knex} create table orderlog.a (); create table orderlog.z ();`]:
      'a, migrations, migrations_lock, and 1 more. To',
  };
  const [first = ''] = Object.keys(foreign);
  for (const [index, sql] of ['', knex, ...Object.keys(foreign)].entries()) {
    await pool.query(`drop schema if exists orderlog cascade; create schema orderlog; ${sql}`);
    const told = foreign[sql];
    const refused = refuseUnsuitable(config, migrations);
    if (told === undefined) await t.resolves(refused, `new schema ${index}`);
    else await t.rejects(refused, { name: 'UnsuitableDatabase', message: `did not make: it holds ${told}` }, sql);
  }
  await pool.query(`drop schema orderlog cascade; create schema orderlog; ${first}`);
  const settings = settingsFor({ connectionString }, temporaryFolder(t));
  for (const command of ['migrate', 'serve']) {
    const { code, stderr } = await orderlog(settings, command);
    t.match({ code, stderr }, { code: 2, stderr: /schema orderlog that this Orderlog did not make.*RENAME TO/ });
  }
  const { stdout } = await orderlog(settings, 'doctor');
  t.match(stdout, /FINDING database: .* did not make.*\n +→ name another database in DATABASE_URL, or/);
});

/** What is read at once may be several messages, or a part of one; here they are small. */
function rewrite(message: Buffer, change: (type: string, body: Buffer) => void): Buffer {
  for (let at = 0; at + 5 <= message.length;) {
    const length = message.readUInt32BE(at + 1);
    change(String.fromCharCode(message[at] as number), message.subarray(at + 5, at + 1 + length));
    at += 1 + length;
  }
  return message;
}

/** As a pooler: it answers the start of a session itself, with a number that it makes up for its cancel requests. */
async function pooler(t: Test, config: pg.PoolConfig, options: 'refused' | 'ignored'): Promise<pg.PoolConfig> {
  const sockets: net.Socket[] = [];
  const server = net.createServer((client) => {
    const database = net.connect(`${config.host}/.s.PGSQL.${config.port ?? 5432}`);
    sockets.push(client, database);
    for (const socket of [client, database]) socket.on('error', () => undefined);
    let isStarted = false;
    client.on('data', (data) => {
      if (!isStarted && options === 'refused') {
        const text = 'SFATAL\0C08P01\0Munsupported startup parameter in options: datestyle\0\0';
        const head = Buffer.alloc(5);
        head.write('E');
        head.writeUInt32BE(text.length + 4, 1);
        client.end(Buffer.concat([head, Buffer.from(text)]));
        return;
      }
      isStarted = true;
      database.write(data);
    });
    database.on('data', (data) => {
      client.write(
        rewrite(data, (type, body) => {
          if (type === 'K') body.writeUInt32BE(2_000_000_011, 0);
        }),
      );
    });
    client.on('close', () => database.destroy());
    database.on('close', () => client.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { ...config, host: '127.0.0.1', port: (server.address() as net.AddressInfo).port };
}

t.test(
  'a pooler between is told from the server itself, whether it takes the settings of a session or not',
  async (t) => {
    const { config } = await testDatabase(t);
    for (const options of ['refused', 'ignored'] as const) {
      const between = await pooler(t, config, options);
      const error = await refuseUnsuitable(between, migrations).catch((caught: unknown) => caught);
      t.type(error, UnsuitableDatabase, options);
      t.match(error, { message: /leads to a connection pooler .*set DATABASE_URL to the host and port/ });
    }
  },
);
