import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { hashOf, isHashOf, newApiKey, readApiKey } from '../../src/access/api-key.js';
import { ApiKeyCheck } from '../../src/access/api-key-check.js';
import { ApiKeys, type StoredKey } from '../../src/access/api-keys.js';
import { authenticator } from '../../src/access/credentials.js';
import { testDatabase } from '../support/database.js';
import { Client, outcome } from '../support/http-client.js';
import { runningApp } from '../support/running-app.js';
import { until } from '../support/orderlog.js';
import { required } from './guarded.js';

const USER = '018f0000-0000-7000-8000-00000000000a';

t.test('a key has a prefix, the id of its row and 256 random bits', async (t) => {
  const keys = Array.from({ length: 100 }, newApiKey);
  for (const key of keys) t.match(key.text, new RegExp(`^olk_${key.keyId}_[\\w-]{43}$`));
  t.equal(new Set(keys.map(({ text }) => text)).size, 100);
  t.same(readApiKey(keys[0]?.text ?? ''), keys[0]);
  const text = keys[0]?.text ?? '';
  for (const other of ['', 'olk_', text.slice(1), text.slice(0, -1), `${text}A`, text.toUpperCase(), `${text}\n`])
    t.equal(readApiKey(other), null, JSON.stringify(other));
});

t.test('a hash is compared as a whole, in constant time', async (t) => {
  const key = newApiKey();
  t.ok(isHashOf(hashOf(key), key));
  t.notOk(isHashOf(hashOf(newApiKey()), key));
  t.notOk(isHashOf(hashOf(key).subarray(1), key), 'a hash that was cut off');
  const folder = join(import.meta.dirname, '../../../src/access');
  t.match(readFileSync(join(folder, 'api-key.ts'), 'utf8'), /&& timingSafeEqual\(hash, own\)/);
  t.notMatch(readFileSync(join(folder, 'api-key-check.ts'), 'utf8'), /hash\)? *===|\.equals\(/, 'and nowhere else');
});

t.test('the database holds the hash of a key, and nothing that the key could be made from', async (t) => {
  const { pool } = await testDatabase(t);
  const keys = new ApiKeys(pool);
  const { key, key_id, ...created } = await keys.create('customer', USER);
  t.same(created, { role: 'customer', user_id: USER });
  const { rows } = await pool.query<{ row: string }>('select row_to_json(k)::text as row from orderlog.api_keys k');
  const secret = key.slice(-43);
  for (const { row } of rows)
    for (const form of [secret, Buffer.from(secret, 'base64url').toString('hex')]) t.notMatch(row, form);
  t.match(await keys.list(), [
    { key_id, role: 'customer', user_id: USER, created_at: /^\d{4}-.*Z$/, last_used_at: null, revoked_at: null },
  ]);
  t.notMatch(JSON.stringify(await keys.list()), secret);
  await t.rejects(pool.query(`update orderlog.api_keys set user_id = null`), 'a customer is bound to a user');
});

t.test('a key is its role and user; once revoked it stays so', async (t) => {
  const { pool } = await testDatabase(t);
  const keys = new ApiKeys(pool);
  const of = authenticator(new ApiKeyCheck(keys, 1), null);
  const ada = await keys.create('customer', USER);
  const clerk = await keys.create('clerk', null);
  t.same(await of(`Bearer ${ada.key}`), { kind: 'customer', id: USER, keyId: ada.key_id });
  t.same(await of(`bearer   ${clerk.key}`), { kind: 'clerk', id: clerk.key_id, keyId: clerk.key_id });
  t.equal(await of(`Bearer ${ada.key.slice(0, -43)}${clerk.key.slice(-43)}`), null, 'the secret of another key');
  t.equal(await of(`Bearer ${newApiKey().text}`), null, 'an unknown key');
  const since = await keys.revoke(ada.key_id);
  t.match(since, /Z$/);
  t.equal(await keys.revoke(ada.key_id), since, 'revoking it again changes nothing');
  t.equal(await keys.revoke('none'), null);
  await sleep(5);
  t.equal(await of(`Bearer ${ada.key}`), null);
  t.match(
    (await keys.list()).map(({ revoked_at }) => revoked_at),
    [since, null],
  );
});

t.test('there is an admin key as long as one is not revoked', async (t) => {
  const keys = new ApiKeys((await testDatabase(t)).pool);
  await keys.create('clerk', null);
  t.equal(await keys.hasAdmin(), false);
  const { key_id } = await keys.create('admin', null);
  t.equal(await keys.hasAdmin(), true);
  await keys.revoke(key_id);
  t.equal(await keys.hasAdmin(), false);
});

t.test('a key in use costs one query every few seconds, and its use is noted once a minute', async (t) => {
  const key = newApiKey();
  const asked: string[][] = [];
  const noted: string[] = [];
  const last_used_at: string | null = new Date(Date.now() - 61_000).toISOString();
  const row = (): StoredKey => ({ key_id: key.keyId, hash: hashOf(key), role: 'clerk', user_id: null, last_used_at });
  const store = {
    valid: (ids: readonly string[]) => (asked.push([...ids]), Promise.resolve(ids.includes(key.keyId) ? [row()] : [])),
    noteUse: (id: string) => (noted.push(id), Promise.reject(new Error('the database is away'))),
  };
  const check = new ApiKeyCheck(store);
  const other = newApiKey();
  await Promise.all([...Array.from({ length: 50 }, () => check.callerOf(key)), check.callerOf(other)]);
  for (let i = 0; i < 50; i++) await Promise.all([check.callerOf(key), check.callerOf(other)]);
  t.same(asked, [[key.keyId, other.keyId]], 'one query for both, and unknown keys are remembered too');
  t.same(noted, [key.keyId], 'and a failure to note it fails no request');
});

t.test('what was read while the database was slow is trusted no longer', async (t) => {
  const key = newApiKey();
  let asked = 0;
  const row = { key_id: key.keyId, hash: hashOf(key), role: 'clerk' as const, user_id: null, last_used_at: null };
  const valid = async (): Promise<StoredKey[]> => {
    asked += 1;
    await sleep(60);
    return [row];
  };
  const check = new ApiKeyCheck({ valid, noteUse: () => Promise.resolve() }, 50);
  await check.callerOf(key);
  await check.callerOf(key);
  t.equal(asked, 2);
});

t.test('the last use of a key is to be seen in the list', async (t) => {
  const { http, runtime } = await runningApp(t, { access: required, projectors: false });
  await http.ok('GET', '/metrics');
  await until(async () => (await runtime.apiKeys.list())[0]?.last_used_at !== null);
  const [used] = await runtime.apiKeys.list();
  t.ok(Date.now() - Date.parse(used?.last_used_at ?? '') < 60_000);
});

t.test('a revoked key is refused by every process within five seconds', async (t) => {
  const one = await runningApp(t, { access: required, projectors: false });
  const options = { access: required, projectors: false, database: one.database, dataDir: one.dataDir };
  const two = await runningApp(t, options);
  const { key, key_id } = await one.runtime.apiKeys.create('admin', null);
  const clients = [one, two].map(({ http }) => new Client(http.url, key));
  const statuses = async (): Promise<string[]> =>
    Promise.all(clients.map(async (client) => outcome(await client.get('/metrics'))));
  t.same(await statuses(), ['200', '200']);
  await one.runtime.apiKeys.revoke(key_id);
  const revoked = performance.now();
  await until(async () => (await statuses()).every((status) => status === '401 unauthenticated'), 15_000);
  t.ok(performance.now() - revoked < 5_000);
});

t.test('the keys of an erased user are revoked, and no others', async (t) => {
  const shop = await runningApp(t, { access: required, projectors: false });
  const ada = await shop.registerUser();
  const keys = shop.runtime.apiKeys;
  const erased = await keys.create('customer', ada.user_id);
  const other = await keys.create('customer', (await shop.registerUser()).user_id);
  await shop.http.ok('POST', `/v1/users/${ada.user_id}/erase`);
  const revoked = (await keys.list()).filter(({ revoked_at }) => revoked_at !== null).map(({ key_id }) => key_id);
  t.same(revoked, [erased.key_id]);
  t.not(revoked[0], other.key_id);
});

const malformed = [
  ...['', 'Bearer', 'Bearer ', 'Basic YTpi', 'Bearer a b', 'Token x', 'Bearer é', 'Bearer olk_0_x', 'Bearer a.b.c'],
  ...[
    'Bearer null',
    `Bearer ${'x'.repeat(8_000)}`,
    'Bearer olk_0123456789abcdef_',
    'olk_0123456789abcdef_x',
    ', Bearer x',
  ],
];

t.test('what is no valid Authorization header is 401, and says how to authenticate', async (t) => {
  const { http } = await runningApp(t, { access: required, projectors: false });
  const client = new Client(http.url);
  const missing = await client.get('/v1/products');
  t.equal(outcome(missing), '401 unauthenticated');
  t.equal(missing.headers.get('www-authenticate'), 'Bearer realm="orderlog"');
  for (const authorization of malformed) {
    const answer = await client.get('/v1/products', { authorization });
    t.equal(outcome(answer), '401 unauthenticated', authorization.slice(0, 40));
    t.equal(answer.headers.get('www-authenticate'), 'Bearer realm="orderlog", error="invalid_token"');
  }
});
