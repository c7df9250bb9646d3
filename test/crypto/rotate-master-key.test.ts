import { randomBytes, randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { doctor } from '../../src/commands/doctor.js';
import { rotateMasterResult } from '../../src/commands/rotate-master-key.js';
import { noProgress } from '../../src/commands/progress.js';
import { PgKeyStore } from '../../src/crypto/key-store.js';
import { loadOrCreateNextMasterKey, replaceMasterKey } from '../../src/crypto/master-key.js';
import { masterKey, MasterKeys, openMasterKeys } from '../../src/crypto/master-keys.js';
import { rotateMasterKey } from '../../src/crypto/rotate-master-key.js';
import { loadSecrets } from '../../src/crypto/secrets.js';
import type { Sealed } from '../../src/engine/core/vault.js';
import { testDatabase, type TestDatabase } from '../support/database.js';
import { outcome } from '../support/http-client.js';
import { runningApp, userForm } from '../support/running-app.js';

const place = { stream: 'user-1', field: 'name', eventId: randomUUID() };
const options = { progress: noProgress, signal: new AbortController().signal };
const ids = (count: number): string[] => Array.from({ length: count }, () => randomUUID());

interface Keys {
  readonly database: TestDatabase;
  readonly old: Buffer;
  readonly next: Buffer;
  readonly sealed: ReadonlyMap<string, Sealed>;
}

/** A database with keys of users that the old master key has wrapped. */
async function withKeys(t: Test, count: number): Promise<Keys> {
  const database = await testDatabase(t);
  const [old, next] = [randomBytes(32), randomBytes(32)];
  await loadSecrets(database.pool, old);
  const store = new PgKeyStore(database.pool, old);
  const sealed = new Map<string, Sealed>();
  for (const id of ids(count)) sealed.set(id, await store.seal(id, place, id));
  return { database, old, next, sealed };
}

const both = ({ old, next }: Keys): MasterKeys => new MasterKeys(() => [old, next]);

async function rotate(keys: Keys): Promise<{ keys: number; rewrapped: number }> {
  return rotateMasterKey(keys.database.pool, both(keys), masterKey(keys.next), options);
}

/** What does not open with this master key alone. */
async function unopened({ database, sealed }: Keys, master: Buffer): Promise<string[]> {
  const store = new PgKeyStore(database.pool, master);
  const lost: string[] = [];
  for (const [id, text] of sealed) {
    const opened = await store.open(id, place, text).catch(() => 'not opened');
    if (opened !== id) lost.push(id);
  }
  return lost;
}

t.test('after a rotation the new master key alone opens everything, and the old one nothing', async (t) => {
  const keys = await withKeys(t, 7);
  const { pool } = keys.database;
  const { hashKey } = await loadSecrets(pool, keys.old);
  t.same(await rotate(keys), { keys: 7, rewrapped: 7 });
  t.same(await unopened(keys, keys.next), []);
  t.same(await unopened(keys, keys.old), [...keys.sealed.keys()]);
  t.ok((await loadSecrets(pool, keys.next)).hashKey.equals(hashKey), 'the hash key stays the same');
  await t.rejects(loadSecrets(pool, keys.old), { name: 'WrongMasterKey' });
  t.same(await rotate(keys), { keys: 7, rewrapped: 0 }, 'a second run has nothing to do');
});

t.test('a rotation that was interrupted is resumed, and both keys open everything meanwhile', async (t) => {
  const keys = await withKeys(t, 1_200);
  const stop = new AbortController();
  const progress = { ...noProgress, advance: () => stop.abort(new Error('stopped')) };
  const begun = rotateMasterKey(keys.database.pool, both(keys), masterKey(keys.next), {
    progress,
    signal: stop.signal,
  });
  await t.rejects(begun, { message: 'stopped' });
  const left = (await unopened(keys, keys.next)).length;
  t.ok(left > 0 && left < 1_200, `${left} are still to be wrapped`);
  const store = new PgKeyStore(keys.database.pool, both(keys));
  for (const [id, text] of keys.sealed) if ((await store.open(id, place, text)) !== id) t.fail(id);
  t.same(await rotate(keys), { keys: 1_200, rewrapped: left });
  t.same(await unopened(keys, keys.next), []);
});

t.test('keys that are made and destroyed while a rotation runs are as they should be afterwards', async (t) => {
  const keys = await withKeys(t, 1_500);
  const { pool } = keys.database;
  // Processes that were started before the rotation, and wrap with the old key until the database says otherwise.
  const stores = [new PgKeyStore(pool, both(keys)), new PgKeyStore(pool, both(keys))];
  let isOver = false;
  const made = new Map<string, Sealed>(keys.sealed);
  const making = stores.map(async (store) => {
    while (!isOver) {
      const id = randomUUID();
      made.set(id, await store.seal(id, place, id));
    }
  });
  const [gone = '', ...others] = [...keys.sealed.keys()].sort().reverse();
  const destroying = stores[0]?.destroy(gone);
  const rotated = await rotate(keys);
  isOver = true;
  await Promise.all([...making, destroying]);
  t.ok(rotated.keys >= others.length);
  made.delete(gone);
  t.ok(made.size > 1_499, 'some were made meanwhile');
  t.same(await unopened({ ...keys, sealed: made }, keys.next), []);
  t.equal(await new PgKeyStore(pool, keys.next).open(gone, place, keys.sealed.get(gone) as Sealed), null);
});

t.test('with the key in the data folder, a process that runs finds the next one there', async (t) => {
  const { pool } = await testDatabase(t);
  const config = { dataDir: join(t.testdir(), 'data'), masterKey: null, nextMasterKey: null };
  const running = openMasterKeys(config);
  await loadSecrets(pool, running);
  const store = new PgKeyStore(pool, running, { max: 1 });
  const [before, meanwhile] = [randomUUID(), randomUUID()];
  const sealed = await store.seal(before, place, 'Ann');
  const file = join(config.dataDir, 'master.key');
  const old = readFileSync(file, 'utf8');

  const { document } = await rotateMasterResult({ pool, masters: openMasterKeys(config), config }, options);
  t.match(document, { keys: 1, rewrapped: 1 });
  t.not(readFileSync(file, 'utf8'), old);
  t.notOk(existsSync(`${file}.next`));
  const other = await store.seal(meanwhile, place, 'Bob');
  t.equal(await store.open(before, place, sealed), 'Ann');
  const later = new PgKeyStore(pool, openMasterKeys(config));
  t.equal(await later.open(before, place, sealed), 'Ann');
  t.equal(await later.open(meanwhile, place, other), 'Bob', 'it has wrapped with the new key');
});

t.test('a rotation needs the next master key, and a process without it makes no keys', async (t) => {
  const keys = await withKeys(t, 1);
  const { pool } = keys.database;
  const config = { dataDir: t.testdir(), masterKey: keys.old, nextMasterKey: null };
  await t.rejects(rotateMasterResult({ pool, masters: openMasterKeys(config), config }, options), {
    name: 'WrongUse',
    message: /MASTER_KEY_NEXT is not set/,
  });
  const stale = new PgKeyStore(pool, keys.old);
  await rotate(keys);
  const id = randomUUID();
  await t.rejects(stale.seal(id, place, 'Ann'), { name: 'WrongMasterKey' });
  t.equal((await pool.query('select from orderlog.user_keys where user_id = $1', [id])).rowCount, 0);
});

t.test('a process without the next master key answers 503 where it needs a key, and all else', async (t) => {
  const shop = await runningApp(t);
  const old = shop.runtime.masters.active.bytes;
  const next = randomBytes(32);
  await rotateMasterKey(shop.runtime.pool, new MasterKeys(() => [old, next]), masterKey(next), options);
  const sent = await shop.http.send('POST', '/v1/users', { form: userForm('Ann', 'ann@shop.test') });
  t.equal(outcome(sent), '503 database-unavailable');
  t.match(sent.headers.get('retry-after'), /^\d+$/);
  t.equal(outcome(await shop.http.send('POST', '/v1/categories', { json: { name: 'A' } })), '201');
});

t.test('doctor tells of a rotation that was interrupted, until it has ended', async (t) => {
  const { runtime, dataDir } = await runningApp(t);
  const config = { ...runtime.config, masterKey: null };
  const findings = async (): Promise<unknown> => {
    const open = () => Promise.resolve({ ...runtime, config, close: () => Promise.resolve() });
    const { document } = await doctor(() => config, open);
    return (document as { checks: { check: string }[] }).checks.filter(({ check }) => check === 'master key');
  };
  t.same(await findings(), []);
  loadOrCreateNextMasterKey(dataDir);
  t.match(await findings(), [{ ok: false, detail: /master\.key\.next/, remedy: /keys rotate-master/ }]);
  replaceMasterKey(dataDir);
  t.same(await findings(), []);
});
