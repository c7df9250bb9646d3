import type pg from 'pg';
import t, { type Test } from 'tap';
import { SESSION_KINDS, type SessionKind } from '../../../src/engine/postgres/session-kinds.js';
import { type Session, sessionBeside, sessionTo } from '../../../src/engine/postgres/session.js';
import { createPool } from '../../../src/engine/postgres/pool.js';
import { migrations } from '../../../migrations/index.js';
import { migrate } from '../../../src/engine/postgres/migrate.js';
import { testDatabase } from '../../support/database.js';
import { runningApp } from '../../support/running-app.js';

/** What an administrator may have set for a role or a database, and what a session has all the same. */
const SETTINGS: Readonly<Record<string, readonly [set: string, has: string]>> = {
  DateStyle: ['SQL, DMY', 'ISO, MDY'],
  IntervalStyle: ['sql_standard', 'postgres'],
  TimeZone: ['Pacific/Chatham', 'UTC'],
  client_encoding: ['LATIN1', 'UTF8'],
  bytea_output: ['escape', 'hex'],
  extra_float_digits: ['-15', '1'],
  array_nulls: ['off', 'on'],
  search_path: ['nowhere', 'public'],
  transform_null_equals: ['on', 'off'],
  gin_fuzzy_search_limit: ['1', '0'],
  quote_all_identifiers: ['on', 'off'],
  row_security: ['on', 'off'],
  default_transaction_isolation: ['serializable', 'read committed'],
  default_transaction_read_only: ['on', 'off'],
  default_transaction_deferrable: ['on', 'off'],
  exit_on_error: ['on', 'off'],
  lock_timeout: ['1', '0'],
  idle_session_timeout: ['1000', '0'],
  synchronous_commit: ['off', 'on'],
  enable_seqscan: ['on', 'off'],
  jit: ['on', 'off'],
  client_connection_check_interval: ['0', '2s'],
};
/** Those that are not the same for every kind of session. */
const BY_KIND = {
  statement_timeout: '1',
  idle_in_transaction_session_timeout: '1',
  transaction_timeout: '1000',
  plan_cache_mode: 'force_custom_plan',
};

async function hostileDatabase(t: Test) {
  const database = await testDatabase(t);
  const { database: name = '', user = '' } = database.config;
  const all = Object.entries({
    ...BY_KIND,
    ...Object.fromEntries(Object.entries(SETTINGS).map(([n, [s]]) => [n, s])),
  });
  for (const [n, [setting, value]] of all.entries()) {
    const who = n % 2 === 0 ? `database ${name}` : `role ${user} in database ${name}`;
    // A newer server only.
    const known = await database.pool.query('select from pg_settings where lower(name) = lower($1)', [setting]);
    if (known.rowCount === 1) await database.pool.query(`alter ${who} set ${setting} = '${value}'`);
  }
  return database;
}

async function settingsOf(session: Pick<Session | pg.Pool, 'query'>): Promise<Record<string, string>> {
  const { rows } = await session.query<{ name: string; value: string }>(
    `select s as name, current_setting(s) as value from unnest($1::text[]) s`,
    [[...Object.keys(SETTINGS), ...Object.keys(BY_KIND)]],
  );
  return Object.fromEntries(rows.map(({ name, value }) => [name, value]));
}

function inMs(text: string | undefined): number {
  const [, n = '', unit = ''] = /^(\d+)(\w*)$/.exec(text ?? '') ?? [];
  return Number(n) * ({ min: 60_000, s: 1_000 }[unit] ?? 1);
}

t.test('whatever role and database set, every session has what the code relies on', async (t) => {
  const { config, connectionString } = await hostileDatabase(t);
  const expected = Object.fromEntries(Object.entries(SETTINGS).map(([name, [, has]]) => [name, has]));
  const pool = createPool(config, { max: 1, applicationName: 'orderlog-test' });
  t.teardown(() => pool.end());
  t.match(await settingsOf(pool), expected, 'of a pool');
  for (const kind of Object.keys(SESSION_KINDS) as SessionKind[]) {
    const url = `${connectionString}?options=-c%20DateStyle=German&statement_timeout=1&application_name=psql&query_timeout=1`;
    const sessions = [sessionBeside(pool, kind), sessionTo(url, { kind, applicationName: 'orderlog-test' })];
    for (const session of sessions) {
      await session.connect();
      const found = await settingsOf(session);
      t.match(found, expected, kind);
      t.equal(inMs(found['statement_timeout']), SESSION_KINDS[kind].statementMs);
      t.equal(inMs(found['idle_in_transaction_session_timeout']), SESSION_KINDS[kind].idleInTransactionMs);
      t.equal(found['transaction_timeout'], '0');
      t.equal(found['plan_cache_mode'], SESSION_KINDS[kind].plansOnce ? 'force_generic_plan' : 'auto');
      const { rows } = await session.query(`select current_setting('application_name') as name`);
      t.same(rows, [{ name: 'orderlog-test' }]);
      await session.end();
    }
  }
});

t.test('migrations run, and the application works, whatever role and database set', async (t) => {
  const database = await hostileDatabase(t);
  await database.pool.query('drop schema orderlog cascade');
  t.same(await migrate(database.config, migrations), Object.keys(migrations));
  const app = await runningApp(t, { database });
  const { user_id } = await app.registerUser({ name: 'Zoë 日本' });
  const { cat_id } = await app.addCategory({ name: '日本' });
  const { product_id } = await app.addProduct([cat_id]);
  const before = Date.now();
  const { order_id } = await app.placeOrder(user_id, [product_id]);
  const { data } = await app.http.ok('GET', `/v1/orders/${order_id}`);
  const { placed_at } = data as { placed_at: string };
  t.ok(Math.abs(Date.parse(placed_at) - before) < 60_000, placed_at);
  const events = await app.http.ok('GET', `/v1/orders/${order_id}/events`);
  const [placed] = events.data as readonly { readonly recorded_at: string }[];
  t.ok(Math.abs(Date.parse(placed?.recorded_at ?? '') - before) < 60_000, String(placed?.recorded_at));
});
