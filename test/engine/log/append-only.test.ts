import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { StreamNotFound } from '../../../src/engine/core/errors.js';
import { type Position, START } from '../../../src/engine/core/event-store.js';
import { createPool } from '../../../src/engine/postgres/pool.js';
import { collect, failure, newEvent, numbered, revisions } from '../../support/event-store/case.js';
import { APPEND_EVENTS, appendArguments, postgresLog } from '../../support/event-store/postgres-log.js';

t.test('the head of an empty log is START, and reading it gives nothing', async (t) => {
  const { store } = await postgresLog(t);
  t.equal(await store.head(), START);
  t.same(await collect(store.readAll()), []);
});

t.test('the database itself refuses to change or to remove an event', async (t) => {
  const { store, pool } = await postgresLog(t);
  await store.append('order-1', numbered(2), 'none');
  const client = await pool.connect();
  for (const role of ['origin', 'replica']) {
    // Triggers are usually silent in a session of this kind.
    await client.query(`SET session_replication_role = ${role}`);
    for (const [operation, statement] of [
      ['UPDATE', `UPDATE orderlog.events SET type = 'Other'`],
      ['UPDATE', `UPDATE orderlog.events SET type = 'Other' WHERE false`],
      ['DELETE', 'DELETE FROM orderlog.events WHERE position = 1'],
      ['TRUNCATE', 'TRUNCATE orderlog.events CASCADE'],
    ] as const) {
      const message = `the log is append-only: ${operation} on orderlog.events is refused`;
      await t.rejects(client.query(statement), { message, code: '23001' }, `${statement} (${role})`);
    }
  }
  await client.query('RESET session_replication_role');
  client.release();
  t.same(await revisions(store, 'order-1'), [0, 1]);
});

t.test('an append is durable before it is acknowledged, whatever the session has set', async (t) => {
  const { pool } = await postgresLog(t);
  const client = await pool.connect();
  for (const [set, atCommit] of [
    ['off', 'on'],
    ['local', 'on'],
    ['on', 'on'],
    ['remote_apply', 'remote_apply'],
  ]) {
    await client.query(`SET synchronous_commit = ${set}`);
    await client.query('BEGIN');
    await client.query(APPEND_EVENTS, appendArguments([{ stream: `order-${set}`, expected: -1, id: newEvent().id }]));
    const { rows } = await client.query<{ synchronous_commit: string }>('SHOW synchronous_commit');
    await client.query('COMMIT');
    t.equal(rows[0]?.synchronous_commit, atCommit, `set ${set}`);
  }
  client.release();
});

t.test('an append in a transaction that could not see what others committed is refused', async (t) => {
  const { pool } = await postgresLog(t);
  const client = await pool.connect();
  for (const level of ['REPEATABLE READ', 'SERIALIZABLE']) {
    await client.query(`BEGIN ISOLATION LEVEL ${level}`);
    const values = appendArguments([{ stream: 'order-1', expected: -1, id: newEvent().id }]);
    await t.rejects(client.query(APPEND_EVENTS, values), { message: /read committed only/ });
    await client.query('ROLLBACK');
  }
  client.release();
});

t.test('an append that is wrong in itself hurts none of those that go with it', async (t) => {
  const { store } = await postgresLog(t);
  const first = newEvent();
  await store.append('order-first', [first], 'none');
  const names = Array.from({ length: 20 }, (_, n) => `order-${n}`);
  const appends = names.map((name, n) => store.append(name, [n % 7 === 3 ? first : newEvent()], 'none'));
  const outcomes = await Promise.allSettled(appends);
  t.same(
    outcomes.map((outcome) => outcome.status === 'fulfilled'),
    names.map((_, n) => n % 7 !== 3),
    'an id that stands in another stream is refused, for its own append alone',
  );
});

t.test('statements that were prepared on an empty log do not look through a long one', async (t) => {
  const { another, config, pool } = await postgresLog(t);
  await pool.query('ALTER TABLE orderlog.events SET (autovacuum_enabled = off)');
  const own = createPool(config, { max: 1, applicationName: 'orderlog-test' });
  // As after some uses of each statement.
  own.on('connect', (client) => void client.query('SET plan_cache_mode = force_generic_plan'));
  const store = another(config, {}, own);
  const use = async (n: number, from: Position): Promise<void> => {
    await store.append(`order-${n}`, [newEvent()], 'none');
    await collect(store.read(`order-${n}`));
    t.type(await failure(collect(store.read(`order-${n}-not`))), StreamNotFound);
    await collect(store.readAll({ from, limit: 3 }));
    await collect(store.readAll({ from, limit: 3, filter: { types: ['Counted'], streamPrefixes: ['many-'] } }));
    await collect(store.readAll({ from, limit: 3, filter: { streamPrefixes: ['many-'] } }));
    await collect(store.readAll({ from, until: from, filter: { streamPrefixes: ['many-', 'few-'] } }));
    await store.distances([{ position: from, filter: { streamPrefixes: ['many-'] } }], 3);
    await store.head();
  };
  const rowsRead = async (): Promise<number> => {
    await sleep(1_100);
    await own.query('SELECT pg_stat_force_next_flush()');
    const { rows } = await pool.query<{ n: number }>(
      `SELECT seq_tup_read + (SELECT sum(idx_tup_read)::bigint FROM pg_stat_user_indexes WHERE relname = 'events') AS n
       FROM pg_stat_user_tables WHERE relname = 'events'`,
    );
    return rows[0]?.n ?? Infinity;
  };
  await use(0, START);
  await pool.query(
    `INSERT INTO orderlog.events SELECT n, 'many-' || n, 0, gen_random_uuid(), 'Counted', '{}', '{}', now()
     FROM generate_series(2, 50000) n`,
  );
  const before = await rowsRead();
  await use(1, '0000000000000064' as Position);
  await store.close();
  const read = (await rowsRead()) - before;
  await own.end();
  t.ok(read < 200, `${read} rows read`);
});
