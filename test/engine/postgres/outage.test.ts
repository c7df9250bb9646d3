import { createServer } from 'node:net';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import t from 'tap';
import { isUnavailable } from '../../../src/engine/postgres/errors.js';
import { outageOf } from '../../../src/engine/postgres/outage.js';
import { createPool } from '../../../src/engine/postgres/pool.js';
import { type Connection, sessionTo } from '../../../src/engine/postgres/session.js';
import { testDatabase } from '../../support/database.js';

const CODES = ['53100', '53200', '53300', '53400', '57P01', '57P02', '57P03', '58030'];

async function failure(work: Promise<unknown>): Promise<Error> {
  const error = await work.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof Error)) throw new Error('it did not fail');
  return error;
}

t.test('what a server says when it can not work names the database, where it is, and a remedy', async (t) => {
  const { connectionString, config } = await testDatabase(t);
  const pool = createPool(connectionString, { max: 1, applicationName: 'test' });
  t.teardown(() => pool.end());
  for (const code of CODES) {
    const error = await failure(pool.query(`do $$ begin raise 'no space left' using errcode = '${code}'; end $$`));
    t.match(error.message, `the database ${config.database} on ${config.host}:${config.port}`, code);
    t.match(error.message, /\(no space left\): \w/);
    t.match(error, { code });
    t.ok(isUnavailable(error));
    t.match(outageOf(new Error('wrapped', { cause: error })), { remedy: error.message.split('(no space left): ')[1] });
  }
  const other = await failure(pool.query(`do $$ begin raise 'no' using errcode = '23505'; end $$`));
  t.equal(other.message, 'no');
  t.equal(outageOf(other), null);
});

t.test('that of an embedded server names its data folder', async (t) => {
  const { config } = await testDatabase(t);
  const to: Connection = { ...config, folder: '/srv/orderlog/postgres' };
  const session = sessionTo(to, { kind: 'work', applicationName: 'test' });
  await session.connect();
  t.teardown(() => session.end());
  const error = await failure(session.query(`do $$ begin raise 'no space left' using errcode = '53100'; end $$`));
  t.equal(
    error.message,
    'the embedded Postgres in /srv/orderlog/postgres has no disk space left (no space left): make room on its disk',
  );
});

t.test('a server that lets nobody in is named as well', async (t) => {
  const fields = ['SFATAL', 'VFATAL', 'C53300', 'Msorry, too many clients already'];
  const body = Buffer.from(`${fields.map((field) => `${field}\0`).join('')}\0`);
  const length = Buffer.alloc(4);
  length.writeInt32BE(body.length + 4);
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => socket.end(Buffer.concat([Buffer.from('E'), length, body])));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  const { port } = server.address() as AddressInfo;
  const pool = createPool(`postgres://ada@127.0.0.1:${port}/shop`, { max: 1, applicationName: 'test' });
  t.teardown(() => pool.end());
  const error = await failure(pool.query('select 1'));
  t.match(
    error.message,
    `the database shop on 127.0.0.1:${port} takes no more connections (sorry, too many clients already): end connections`,
  );
});
