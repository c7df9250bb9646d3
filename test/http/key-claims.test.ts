import { createSecretKey, randomUUID } from 'node:crypto';
import t, { type Test } from 'tap';
import { KeyClaims } from '../../src/http/idempotency/key-claims.js';
import { dropResponsesOf, sweepKeys } from '../../src/http/idempotency/key-table.js';
import { testDatabase, type TestDatabase } from '../support/database.js';
import { freezingProxy } from '../support/freezing-proxy.js';
import { MemoryVault } from '../support/memory-vault.js';
import { until } from '../support/orderlog.js';

const RESPONSE = { status: 201, headers: { etag: '"0"' }, body: '{"data":{"name":"MARKER"}}' };
const DAY = 86_400;

/** From the first test on: the driver warns once a process. */
const warnings: string[] = [];
globalThis.process.on('warning', ({ message }) => warnings.push(message));

const vault = new MemoryVault();

/** The keys as another process has them. */
function process(t: Test, database: Pick<TestDatabase, 'config'>, log = 'postgres'): KeyClaims {
  const keys = new KeyClaims(database.config, { hashKey: createSecretKey(Buffer.alloc(32, 7)), vault, log });
  t.teardown(() => keys.close());
  return keys;
}

function key(fingerprint = 'one', userId: string | null = null) {
  return { commandId: randomUUID(), fingerprint, userId };
}

/** Ends the connections on which keys are claimed, as a network or a server does. */
async function cutAll({ pool }: TestDatabase): Promise<void> {
  await pool.query(
    `select pg_terminate_backend(pid, 5000) from pg_stat_activity
     where application_name = 'orderlog-keys' and datname = current_database()`,
  );
}

/** How many processes the database knows to live. */
async function living({ pool }: TestDatabase): Promise<number> {
  const { rows } = await pool.query<{ n: number }>(
    `select count(distinct objid)::int as n from pg_locks
     where locktype = 'advisory' and classid = 7402
       and database = (select oid from pg_database where datname = current_database())`,
  );
  return rows[0]?.n ?? 0;
}

void t.test('a key is one request for all processes: running, answered, or free again', async (t) => {
  const database = await testDatabase(t);
  const [one, other] = [process(t, database), process(t, database)];
  const mine = key();
  t.equal(await one.claim(mine), null);
  for (const keys of [one, other]) {
    await t.rejects(keys.claim(mine), { code: 'idempotency-in-flight' });
    await t.rejects(keys.claim({ ...mine, fingerprint: 'two' }), { code: 'idempotency-mismatch' });
  }
  t.equal(await one.finish(mine, { response: RESPONSE, userId: null }), null);
  for (const keys of [one, other]) {
    t.same(await keys.claim(mine), RESPONSE);
    await t.rejects(keys.claim({ ...mine, fingerprint: 'two' }), { code: 'idempotency-mismatch' });
  }
  const freed = key();
  t.equal(await one.claim(freed), null);
  await one.finish(freed, null);
  t.equal(await other.claim({ ...freed, fingerprint: 'two' }), null);
});

void t.test('requests that repeat one answered request at the same moment are all answered', async (t) => {
  const database = await testDatabase(t);
  const keys = process(t, database);
  const mine = key();
  t.equal(await keys.claim(mine), null);
  await keys.finish(mine, { response: RESPONSE, userId: null });
  const other = { ...mine, fingerprint: 'two' };
  for (const asked of [
    [mine, mine, other],
    [other, other, mine, mine],
  ]) {
    const answers = await Promise.all(asked.map((one) => keys.claim(one).catch((error: unknown) => error)));
    for (const [i, answer] of answers.entries()) {
      if (asked[i] === mine) t.same(answer, RESPONSE);
      else t.match(answer, { code: 'idempotency-mismatch' });
    }
  }
});

void t.test('of requests under one new key at the same moment, one runs and no other waits for it', async (t) => {
  const database = await testDatabase(t);
  const keys = process(t, database);
  const mine = key();
  const others = Array.from({ length: 49 }, (_, i) => (i % 2 ? mine : { ...mine, fingerprint: 'two' }));
  const [first, ...rest] = await Promise.allSettled([mine, ...others].map((one) => keys.claim(one)));
  t.match(first, { status: 'fulfilled', value: null });
  for (const [i, { fingerprint }] of others.entries()) {
    const code = fingerprint === 'one' ? 'idempotency-in-flight' : 'idempotency-mismatch';
    t.match(rest[i], { status: 'rejected', reason: { code } });
  }
});

void t.test('many statements on keys at the same moment go out as the driver allows, without a warning', async (t) => {
  const keys = process(t, await testDatabase(t));
  const mine = Array.from({ length: 30 }, () => key());
  for (const one of mine) await keys.claim(one);
  const answered = { response: RESPONSE, userId: null };
  await Promise.all([
    ...mine.map((one, i) => keys.finish(one, i % 2 ? answered : null)),
    ...mine.map(() => keys.claim(key())),
  ]);
  await new Promise(setImmediate);
  t.same(warnings, []);
  t.same(
    await Promise.all(mine.map((one) => keys.claim(one))),
    mine.map((_, i) => (i % 2 ? RESPONSE : null)),
  );
});

void t.test('many keys at once take few statements, and each gets its own answer', async (t) => {
  const database = await testDatabase(t);
  const keys = process(t, database);
  const known = Array.from({ length: 200 }, () => key());
  await Promise.all(known.map((one) => keys.claim(one)));
  await Promise.all(
    known.map((one, i) => keys.finish(one, { response: { ...RESPONSE, body: String(i) }, userId: null })),
  );
  const all = [...known, ...Array.from({ length: 200 }, () => key())];
  const answers = await Promise.all(all.map((one) => keys.claim(one)));
  t.same(
    answers.map((answer) => answer?.body ?? null),
    [...known.map((_, i) => String(i)), ...Array<null>(200).fill(null)],
  );
});

void t.test('of many processes that claim one key at once, one gets it', async (t) => {
  const database = await testDatabase(t);
  const processes = Array.from({ length: 4 }, () => process(t, database));
  for (let round = 0; round < 20; round++) {
    const contested = key();
    const won = await Promise.allSettled(processes.map((keys) => keys.claim(contested)));
    t.equal(won.filter(({ status }) => status === 'fulfilled').length, 1);
  }
});

void t.test('the claim of a process that is gone is taken over at once', async (t) => {
  const database = await testDatabase(t);
  const [dead, other] = [process(t, database), process(t, database)];
  const taken = key();
  t.equal(await dead.claim(taken), null);
  await dead.close();
  await until(async () => (await living(database)) === 0);
  t.equal(await other.claim({ ...taken, fingerprint: 'two' }), null, 'whatever it was for: it has come to nothing');
});

void t.test('a process that lost its connection keeps its claims, unless another one was faster', async (t) => {
  const database = await testDatabase(t);
  const [one, other] = [process(t, database), process(t, database)];
  const [kept, lost, running] = [key(), key(), key()];
  for (const mine of [kept, lost, running]) t.equal(await one.claim(mine), null);
  await cutAll(database);
  // It connects again as it holds claims; before that, they count as abandoned.
  await until(async () => (await living(database)) === 1);
  await t.rejects(other.claim(kept), { code: 'idempotency-in-flight' });
  t.equal(await one.finish(kept, { response: RESPONSE, userId: null }), null);
  t.same(await other.claim(kept), RESPONSE);

  await database.pool.query(
    'update orderlog.idempotency_keys set held_by = held_by + 1 where command_id = any($1::uuid[])',
    [[lost.commandId, running.commandId]],
  );
  t.equal(await other.claim(lost), null);
  const first = { ...RESPONSE, body: 'first' };
  t.equal(await other.finish(lost, { response: first, userId: null }), null);
  t.same(
    await one.finish(lost, { response: RESPONSE, userId: null }),
    first,
    'the stored response is the one that counts',
  );
  t.equal(await other.claim(running), null);
  await t.rejects(one.finish(running, { response: RESPONSE, userId: null }), { code: 'idempotency-in-flight' });
});

void t.test('when the database is away, a claim fails in time, and is no obstacle afterwards', async (t) => {
  const database = await testDatabase(t);
  const proxy = await freezingProxy(t, database.config);
  const [far, near] = [process(t, { config: proxy.config }), process(t, database)];
  const [before, asked] = [key(), key()];
  t.equal(await far.claim(before), null);
  proxy.freeze('to-client');
  const claimed = far.claim(asked);
  await until(async () => (await database.pool.query('select from orderlog.idempotency_keys')).rowCount === 2);
  await t.rejects(claimed, { code: /ETIMEDOUT|ECONNRESET/ });
  // The row is there, and its process lives; it takes its leftover back.
  await until(async () => (await near.claim(asked).catch(() => undefined)) === null, 20_000);
  t.equal(await far.finish(before, { response: RESPONSE, userId: null }), null);
  t.same(await near.claim(before), RESPONSE);
});

void t.test('a response about a user can not be read once the key of the user is destroyed', async (t) => {
  const database = await testDatabase(t);
  const keys = process(t, database);
  const userId = randomUUID();
  const [before, during, registration] = [key('one', userId), key('one', userId), key()];
  for (const one of [before, during, registration]) await keys.claim(one);
  await keys.finish(before, { response: RESPONSE, userId: null });
  await keys.finish(registration, { response: RESPONSE, userId });
  await dropResponsesOf(database.pool, userId);
  const { rows: left } = await database.pool.query<{ id: string }>(
    'select command_id as id from orderlog.idempotency_keys',
  );
  t.same(left, [{ id: during.commandId }], 'dropped by what the request names, and by what the response names');
  const stored = key();
  await keys.claim(stored);
  await keys.finish(stored, { response: RESPONSE, userId });
  vault.destroy(userId);
  await keys.finish(during, { response: RESPONSE, userId });
  t.equal(await keys.claim(stored), null, 'the command is decided again');
  const { rows } = await database.pool.query<{ n: number }>(
    'select count(response)::int as n from orderlog.idempotency_keys',
  );
  t.equal(rows[0]?.n, 0);
});

void t.test('a response tells positions of its log, so it is none once the log has moved', async (t) => {
  const database = await testDatabase(t);
  const [before, after] = [process(t, database), process(t, database, 'eventstoredb')];
  const asked = key();
  await before.claim(asked);
  await before.finish(asked, { response: RESPONSE, userId: null });
  t.equal(await after.claim(asked), null);
});

void t.test('what was kept long enough is swept in batches, by one process at a time', async (t) => {
  const { pool, config } = await testDatabase(t);
  const keys = process(t, { config });
  for (const one of Array.from({ length: 5 }, () => key())) {
    await keys.claim(one);
    await keys.finish(one, { response: RESPONSE, userId: null });
  }
  const fresh = key();
  await keys.claim(fresh);
  await pool.query(
    "update orderlog.idempotency_keys set claimed_at = now() - interval '25 hours' where response is not null",
  );
  t.equal(await sweepKeys(pool, 2 * DAY, 3), 0);
  const client = await pool.connect();
  await client.query('begin');
  await client.query('select pg_advisory_xact_lock(7402, 0)');
  t.equal(await sweepKeys(pool, DAY, 3), 0, 'another process sweeps');
  await client.query('commit');
  client.release();
  t.same([await sweepKeys(pool, DAY, 3), await sweepKeys(pool, DAY, 3), await sweepKeys(pool, DAY, 3)], [3, 2, 0]);
  t.equal((await pool.query('select from orderlog.idempotency_keys')).rowCount, 1);
});
