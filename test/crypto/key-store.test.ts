import { randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import type { Sealed } from '../../src/engine/core/vault.js';
import { PgKeyStore } from '../../src/crypto/key-store.js';
import { KEY_DESTROYED } from '../../src/crypto/user-keys.js';
import { WrongMasterKey } from '../../src/crypto/wrapped-key.js';
import { CheckpointWatch } from '../../src/engine/projecting/watch.js';
import { testDatabase } from '../support/database.js';
import { until } from '../support/orderlog.js';

const { pool } = await testDatabase(t);
const master = randomBytes(32);
const place = { stream: 'user-1', field: 'name', eventId: randomUUID() };

/** The key store as a process of its own sees it, and the number of queries that it has sent. */
function keyStore(options = {}): { keys: PgKeyStore; queries: () => number } {
  let queries = 0;
  const counted = new Proxy(pool, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (name !== 'query' || typeof value !== 'function') return value;
      return (...args: unknown[]): unknown => {
        queries++;
        return Reflect.apply(value, target, args) as unknown;
      };
    },
  });
  return { keys: new PgKeyStore(counted, master, options), queries: () => queries };
}

/** As another process does it, whose message is not heard here. */
async function destroy(owner: string): Promise<string> {
  return keyStore().keys.destroy(owner);
}

async function storedKeys(owners: readonly string[]): Promise<number> {
  const { rows } = await pool.query<{ n: number }>(
    'select count(*)::int as n from orderlog.user_keys where user_id = any($1::uuid[])',
    [owners],
  );
  return rows[0]?.n ?? 0;
}

const ids = (count: number): string[] => Array.from({ length: count }, () => randomUUID());

t.test('makes a key when it is first needed, and other processes open with it', async (t) => {
  const owner = randomUUID();
  const sealed = await keyStore().keys.seal(owner, place, 'Ann');
  t.equal(await keyStore().keys.open(owner, place, sealed), 'Ann');
  t.equal(await keyStore().keys.open(owner.toUpperCase(), place, sealed), 'Ann', 'however the id is written');
});

t.test('holds keys only wrapped by the master key', async (t) => {
  const owner = randomUUID();
  const sealed = await keyStore().keys.seal(owner, place, 'Ann');
  const { rows } = await pool.query<{ wrapped: Buffer }>('select wrapped from orderlog.user_keys where user_id = $1', [
    owner,
  ]);
  t.equal(rows[0]?.wrapped.length, 61);
  await t.rejects(new PgKeyStore(pool, randomBytes(32)).open(owner, place, sealed), WrongMasterKey);
});

t.test('the key of one user does not serve as that of another', async (t) => {
  const [ann, bob] = [randomUUID(), randomUUID()];
  const { keys } = keyStore();
  const sealed = await keys.seal(ann, place, 'Ann');
  await keys.createKeys([bob]);
  await t.rejects(keys.open(bob, place, sealed), { message: /does not open/ });
  await pool.query(
    `update orderlog.user_keys set wrapped = (select wrapped from orderlog.user_keys where user_id = $1)
     where user_id = $2`,
    [ann, bob],
  );
  await t.rejects(keyStore().keys.open(bob, place, sealed), WrongMasterKey, 'not even when it is copied into its row');
});

t.test('what was sealed with a destroyed key reads as null, and nothing is sealed for its owner again', async (t) => {
  const owner = randomUUID();
  const sealed = await keyStore().keys.seal(owner, place, 'Ann');
  await destroy(owner);
  const { keys } = keyStore();
  t.equal(await keys.open(owner, place, sealed), null);
  await t.rejects(keys.seal(owner, place, 'Ann'), { name: 'Refusal', code: 'user-erased' });
  await keys.createKeys([owner]);
  await t.rejects(keyStore().keys.seal(owner, place, 'Ann'), { code: 'user-erased' });
  t.equal(await keyStore().keys.open(owner, place, sealed), null, 'no second key is made');
});

t.test('a key destroyed elsewhere is in use here no longer than the cache keeps it', async (t) => {
  const owner = randomUUID();
  const { keys } = keyStore({ ttlMs: 50 });
  const sealed = await keys.seal(owner, place, 'Ann');
  await destroy(owner);
  for (let tries = 0; tries < 100 && (await keys.open(owner, place, sealed)) !== null; tries++) {
    await sleep(10);
  }
  t.equal(await keys.open(owner, place, sealed), null);
});

t.test('a key is destroyed once: its time stays, and a user without one gets none later', async (t) => {
  const [owner, stranger] = [randomUUID(), randomUUID()];
  await keyStore().keys.createKeys([owner]);
  const at = await destroy(owner);
  t.equal(await destroy(owner.toUpperCase()), at);
  await destroy(stranger);
  await t.rejects(keyStore().keys.seal(stranger, place, 'Ann'), { code: 'user-erased' });
  t.same(await keyStore().keys.undestroyed([owner, stranger]), []);
});

t.test('other processes forget a key at once when it is destroyed', async (t) => {
  const owner = randomUUID();
  const { keys } = keyStore();
  let connections = 0;
  const heard = (id: string | null): void => {
    if (id === null) connections++;
    keys.forget(id);
  };
  const watch = new CheckpointWatch(pool, { channel: KEY_DESTROYED, heard });
  t.teardown(() => watch.close());
  await until(() => connections === 1);
  const sealed = await keys.seal(owner, place, 'Ann');
  await destroy(owner);
  await until(async () => (await keys.open(owner, place, sealed)) === null);

  const other = randomUUID();
  const otherSealed = await keys.seal(other, place, 'Bob');
  // What is sent while nobody listens is made up for by forgetting all keys.
  await pool.query(
    "select pg_terminate_backend(pid) from pg_stat_activity where query like 'listen orderlog%' and datname = current_database()",
  );
  await pool.query('update orderlog.user_keys set wrapped = null, destroyed_at = now() where user_id = $1', [other]);
  await until(async () => (await keys.open(other, place, otherSealed)) === null);
  t.equal(connections, 2);
});

t.test('a key that was read just before it was destroyed is not kept', async (t) => {
  const owner = randomUUID();
  const sealed = await keyStore().keys.seal(owner, place, 'Ann');
  const slow = Object.create(pool) as typeof pool;
  const { keys } = { keys: new PgKeyStore(slow, master) };
  let read = (): void => undefined;
  const isRead = new Promise<void>((resolve) => (read = resolve));
  let answer = (): void => undefined;
  const answered = new Promise<void>((resolve) => (answer = resolve));
  Object.assign(slow, {
    query: async (query: object) => {
      const result = await pool.query(query as { text: string });
      read();
      await answered;
      return result;
    },
  });
  const opening = keys.open(owner, place, sealed);
  await isRead;
  await destroy(owner);
  keys.forget(owner);
  answer();
  t.equal(await opening, 'Ann', 'it was there when it was asked for');
  t.equal(await keys.open(owner, place, sealed), null);
});

t.test('a user without a key can not have sealed anything: that is an error, and makes no key', async (t) => {
  const owner = randomUUID();
  const sealed = await keyStore().keys.seal(randomUUID(), place, 'Ann');
  await t.rejects(keyStore().keys.open(owner, place, sealed), { message: /holds no key/ });
  t.equal(await storedKeys([owner]), 0);
});

t.test('many at once cost one query; again, none', async (t) => {
  const owners = ids(500);
  const { keys, queries } = keyStore();
  const sealed = await Promise.all(
    [...owners, ...owners].map((owner, n) => keys.seal(owner, { ...place, field: String(n) }, owner)),
  );
  t.equal(queries(), 1);
  const reader = keyStore();
  const opened = await Promise.all(
    owners.map((owner, n) => reader.keys.open(owner, { ...place, field: String(n) }, sealed[n] as Sealed)),
  );
  t.same(opened, owners);
  t.equal(reader.queries(), 1);
  await Promise.all(
    owners.map((owner, n) => reader.keys.open(owner, { ...place, field: String(n) }, sealed[n] as Sealed)),
  );
  await reader.keys.prefetch(owners);
  await reader.keys.createKeys(owners);
  t.equal(reader.queries(), 1);
});

t.test('keys made or loaded beforehand need no query when they are used', async (t) => {
  const owners = ids(6_000);
  const { keys, queries } = keyStore();
  await keys.createKeys([...owners, ...owners]);
  t.equal(await storedKeys(owners), 6_000);
  const made = queries();
  t.ok(made <= 2);
  const sealed = await keys.seal(owners[5_999] as string, place, 'x');
  t.equal(queries(), made);
  const reader = keyStore();
  await reader.keys.prefetch([...owners, randomUUID()]);
  const loaded = reader.queries();
  t.equal(await reader.keys.open(owners[5_999] as string, place, sealed), 'x');
  t.equal(reader.queries(), loaded);
});

t.test('with the key at hand the answer comes in the next microtask', async (t) => {
  const owner = randomUUID();
  const { keys } = keyStore();
  const sealed = await keys.seal(owner, place, 'Ann');
  let opened: string | null = null;
  void keys.open(owner, place, sealed).then((text) => (opened = text));
  await Promise.resolve();
  t.equal(opened, 'Ann');
});

t.test('processes that make the same keys at the same moment all end with the same ones', async (t) => {
  const owners = ids(100).sort();
  const stores = Array.from({ length: 4 }, () => keyStore().keys);
  // One key in the middle is held, until all of them have begun and stand before it or behind each other.
  const holder = await pool.connect();
  await holder.query('begin');
  await holder.query("insert into orderlog.user_keys (user_id, wrapped) values ($1, '')", [owners[50]]);
  const sealing = Promise.all(
    stores.map((keys, n) => {
      const mine = n % 2 ? owners : owners.toReversed();
      return Promise.all(mine.map(async (owner) => ({ owner, text: await keys.seal(owner, place, owner) })));
    }),
  );
  const waiting = `select count(*)::int as n from pg_stat_activity
    where datname = current_database() and wait_event_type = 'Lock'`;
  while ((await pool.query<{ n: number }>(waiting)).rows[0]?.n !== stores.length) await sleep(10);
  await holder.query('rollback');
  holder.release();
  const sealed = (await sealing).flat();
  const reader = keyStore().keys;
  const opened = await Promise.all(sealed.map(({ owner, text }) => reader.open(owner, place, text)));
  t.same(
    opened,
    sealed.map(({ owner }) => owner),
  );
});

t.test('an owner that is no UUID fails alone', async (t) => {
  const { keys } = keyStore();
  const good = keys.seal(randomUUID(), place, 'Ann');
  await t.rejects(keys.seal("x'; drop table", place, 'Ann'), TypeError);
  await t.resolves(good);
});

t.test('a master key of another length is refused', async (t) => {
  t.throws(() => new PgKeyStore(pool, randomBytes(16)), { message: /MASTER_KEY has 16 bytes/ });
});
