import { randomUUID } from 'node:crypto';
import t from 'tap';
import { START } from '../../../src/engine/core/event-store.js';
import { bindToLog, logIdentity, logIdOf, WrongLog } from '../../../src/engine/log/log-identity.js';
import { MemoryEventStore } from '../../../src/engine/log/memory.js';
import { PostgresEventStore } from '../../../src/engine/log/postgres/store.js';
import { testDatabase } from '../../support/database.js';
import { postgresLog } from '../../support/event-store/postgres-log.js';

/** A log in memory that says it is of another kind. */
function logOf(kind: 'eventstoredb' | 'postgres'): MemoryEventStore {
  return Object.defineProperty(new MemoryEventStore(), 'kind', { value: kind });
}

t.test('a database is bound to the first log that comes with it, and that log is taken again', async (t) => {
  const { pool, store } = await postgresLog(t);
  const logId = await bindToLog(pool, store);
  t.match(await logIdentity(pool), { log_id: logId, kind: 'postgres', since: /Z$/ });
  t.equal(await bindToLog(pool, store), logId);
  t.equal(await store.logId(), logId);
});

t.test('of processes that come at once, with the same log or with others, one log wins', async (t) => {
  const { pool } = await testDatabase(t);
  const stores = Array.from({ length: 8 }, () => logOf('eventstoredb'));
  const tries = await Promise.allSettled(stores.flatMap((store) => [bindToLog(pool, store), bindToLog(pool, store)]));
  const won = tries.filter((one) => one.status === 'fulfilled').map((one) => one.value);
  t.equal(won.length, 2, 'both of them that have the log');
  t.equal(won[0], (await logIdentity(pool))?.log_id);
  t.ok(tries.every((one) => one.status === 'fulfilled' || one.reason instanceof WrongLog));
});

t.test('another log is refused with a remedy, and nothing is written into it', async (t) => {
  const { pool, store: own } = await postgresLog(t);
  await bindToLog(pool, own);
  const empty = logOf('eventstoredb');
  await t.rejects(bindToLog(pool, empty), { name: 'WrongLog', message: /no log of Orderlog.*copy-log --to URL/ });
  t.equal(await empty.head(), START);
  const foreign = logOf('eventstoredb');
  const foreignId = await foreign.logId();
  await t.rejects(bindToLog(pool, foreign), { message: new RegExp(`holds log ${foreignId}.*unset EVENTSTORE_URL`) });

  await pool.query(`UPDATE orderlog.log_identity SET log_id = $1, kind = 'eventstoredb'`, [foreignId]);
  t.equal(await bindToLog(pool, foreign), foreignId);
  await t.rejects(bindToLog(pool, own), { message: /on another server since .*set EVENTSTORE_URL to it/ });
  await t.rejects(bindToLog(pool, empty), { message: /holds no log of Orderlog.*Set EVENTSTORE_URL to the server/ });

  await pool.query(`UPDATE orderlog.log_identity SET log_id = $1, kind = 'postgres'`, [randomUUID()]);
  await t.rejects(bindToLog(pool, own), { message: /the log was exchanged/ });
});

t.test('looking for the id of a log does not open it', async (t) => {
  const { pool, config } = await postgresLog(t);
  const store = new PostgresEventStore(pool, config);
  t.teardown(() => store.close());
  t.equal(await logIdOf(store), null);
  t.equal(await store.head(), START);
  const logId = await store.logId();
  t.equal(await logIdOf(store), logId);
});
