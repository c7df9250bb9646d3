import { randomUUID } from 'node:crypto';
import { appendFileSync, copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { erasedListFile, listErased, readErased } from '../../src/backup/erased-list.js';
import type { EventStore } from '../../src/engine/core/event-store.js';
import type { JsonObject, NewEvent } from '../../src/engine/core/message.js';
import { MemoryEventStore } from '../../src/engine/log/memory.js';
import { orderlog, settingsFor, temporaryFolder } from '../support/orderlog.js';
import { demo, type RunningApp, runningApp } from '../support/running-app.js';
import { backUp, emptyTarget, remade, restoreTo } from './installations.js';

function event(type: string, data: JsonObject): NewEvent {
  const id = randomUUID();
  const trace = { command_id: id, fingerprint: '', correlation_id: id, causation_id: id };
  return { id, type, data, metadata: { schema_version: 1, ...trace, actor: { kind: 'system', id: null } } };
}

/** As an erasure does, which was killed before it had destroyed the key. */
async function erase(store: EventStore, userId: string): Promise<void> {
  const data = { user_id: userId, email_claim: 'userEmail-0', erased_at: new Date().toISOString() };
  await store.append(`user-${userId}`, [event('UserErased', data)], 0);
}

/** The log on a server of its own. */
async function elsewhere(t: Test): Promise<{ shop: RunningApp; store: MemoryEventStore }> {
  const store = Object.defineProperty(new MemoryEventStore(), 'kind', { value: 'eventstoredb' });
  // Several installations use it one after the other.
  store.close = () => Promise.resolve();
  return { shop: await runningApp(t, { seed: demo, store }), store };
}

t.test('the key of a user whose erasure is in the log is destroyed again', async (t) => {
  const shop = await runningApp(t, { seed: demo });
  const [erased, other] = [await shop.registerUser({ name: 'Marker' }), await shop.registerUser()];
  await erase(shop.runtime.store, erased.user_id);
  const file = join(temporaryFolder(t), 'backup.tar');
  t.match(await backUp(shop, file), { users: 2, notes: { length: 1 } }, 'nobody misses the document of an erased user');

  const target = await emptyTarget(t);
  t.match(await restoreTo(target, file), { destroyed: 1, lost: 0 });
  const restored = await runningApp(t, { ...target, projectors: false });
  await remade(restored);
  t.match((await restored.http.get(`/v1/users/${erased.user_id}`)).data, { name: null, email: null, status: 'erased' });
  t.match((await restored.http.get(`/v1/users/${other.user_id}`)).data, { name: 'Ada', status: 'active' });
  const { rows } = await target.database.pool.query<{ user_id: string }>(
    'select user_id from orderlog.user_keys where wrapped is null and destroyed_at is not null',
  );
  t.same(rows, [{ user_id: erased.user_id }]);
});

t.test('with the log on a server of its own, what it holds beyond the backup counts', async (t) => {
  const { store, shop } = await elsewhere(t);
  const [erased, other] = [await shop.registerUser({ name: 'Marker' }), await shop.registerUser()];
  const file = join(temporaryFolder(t), 'backup.tar');
  const document = await backUp(shop, file);
  t.match(document, { events: 0, users: 2, documents: 2, position: shop.http.position });
  t.match(document.notes, [
    /master key is not/,
    /the log is not in this file: it is log .* backed up there, and before this/,
  ]);

  const late = await shop.registerUser({ name: 'Late' });
  const { product_id } = await shop.addProduct([1]);
  const { cat_id } = await shop.addCategory();
  const { number } = await shop.placeOrder(late.user_id, [product_id]);
  await erase(store, erased.user_id);
  const target = await emptyTarget(t);
  await t.rejects(restoreTo(target, file), {
    name: 'WrongUse',
    message: /set EVENTSTORE_URL to the server that has log/,
  });
  await t.rejects(restoreTo(target, file, new MemoryEventStore()), {
    name: 'WrongUse',
    message: /belongs to log .*, but the server at EVENTSTORE_URL holds none/,
  });
  const head = await store.head();
  t.match(await restoreTo(target, file, store), { destroyed: 1, lost: 1 });
  t.equal(await store.head(), head, 'nothing is written to it');

  const restored = await runningApp(t, { ...target, store, projectors: false });
  await remade(restored);
  const names = [];
  for (const { user_id } of [erased, other, late]) {
    names.push(((await restored.http.ok('GET', `/v1/users/${user_id}`)).data as { name: string | null }).name);
  }
  t.same(names, [null, 'Ada', null], 'erased, whole, and without its key: no answer is an error');
  t.ok((await restored.addProduct([1], { sku: 'NEW' })).product_id > product_id, 'no id is given out twice');
  t.ok((await restored.addCategory()).cat_id > cat_id);
  const { user_id } = await restored.registerUser({ email: 'new@shop.test' });
  t.ok(((await restored.placeOrder(user_id, [product_id])).number ?? '') > (number ?? ''), 'nor a number of an order');
});

t.test(
  'users who were erased after the backup are erased again by a restore, from the list that no backup holds',
  async (t) => {
    const shop = await runningApp(t, { seed: demo });
    const [erased, other] = [await shop.registerUser({ name: 'Marker' }), await shop.registerUser()];
    const order = await shop.placeOrder(erased.user_id, [1]);
    await shop.http.ok('POST', `/v1/orders/${order.order_id}/cancel`, { json: { reason: 'Marker reason' } });
    const file = join(temporaryFolder(t), 'backup.tar');
    await backUp(shop, file);
    await shop.http.ok('POST', `/v1/users/${erased.user_id}/erase`);

    const target = await emptyTarget(t);
    mkdirSync(target.dataDir, { recursive: true });
    copyFileSync(erasedListFile(shop.dataDir), erasedListFile(target.dataDir));
    const settings = settingsFor(target.database, target.dataDir);
    const ended = await orderlog(settings, 'restore', file, '--json');
    t.equal(ended.code, 0, ended.stderr);
    t.match(JSON.parse(ended.stdout), { keys_destroyed: 1, users_erased: 1 });
    const restored = await runningApp(t, target);
    const user = `/v1/users/${erased.user_id}`;
    const nothing = { status: 'erased', name: null, email: null, id_proof: null };
    t.match((await restored.http.get(user)).data, nothing);
    for (const path of [`${user}/events`, `${user}/orders`, `/v1/orders/${order.order_id}/events`]) {
      t.notMatch((await restored.http.get(path)).bytes.toString(), /Marker/, path);
    }
    t.equal((await restored.http.get(`${user}/id-proof`)).status, 404);
    t.notOk(await restored.runtime.gate.store.has(erased.id_proof?.document_id ?? ''));
    t.match((await restored.http.get(`/v1/users/${other.user_id}`)).data, { name: 'Ada' });
    t.equal((await orderlog(settings, 'verify')).code, 0);
  },
);

t.test('an erasure finishes on a machine that has no data folder yet, and makes the folder for the list', async (t) => {
  const shop = await runningApp(t);
  const { user_id } = await shop.registerUser({ name: 'Marker' });
  const dataDir = join(temporaryFolder(t), 'not', 'there');
  const other = await runningApp(t, { database: shop.database, dataDir, projectors: false });
  t.notOk(existsSync(dataDir), 'nothing has made it before');
  const { status, data } = await other.http.send('POST', `/v1/users/${user_id}/erase`);
  t.equal(status, 200);
  t.match(data, { user_id, status: 'erased', key_destroyed_at: String });
  t.same(await readErased(erasedListFile(dataDir)), [user_id]);
});

t.test('of the list of erased users only ids count, whatever a crash has left of a line', async (t) => {
  const folder = temporaryFolder(t);
  const [one, other] = [randomUUID(), randomUUID()];
  t.same(await readErased(erasedListFile(folder)), [], 'no list, no users');
  await listErased(folder, one, '2026-01-02T03:04:05.678Z');
  appendFileSync(erasedListFile(folder), other.slice(0, 20));
  await listErased(folder, other, '2026-01-02T03:04:05.678Z');
  await listErased(folder, one, '2026-01-02T03:04:05.678Z');
  t.same(await readErased(erasedListFile(folder)), [one, other]);
});

t.test('a file that is named as the list of erased users, and is none, is refused with its line', async (t) => {
  const file = join(temporaryFolder(t), 'named.txt');
  const id = randomUUID();
  const read = (text: string | Buffer): Promise<string[]> => {
    writeFileSync(file, text);
    return readErased(file, true);
  };
  for (const [text, line] of [
    ['hello', 1],
    [`user-${id}`, 1],
    [`${id} 2026-01-02T03:04:05.678Z\n${randomUUID()},2026-01-02T03:04:05.678Z\n`, 2],
    [`\n"${id}"\n`, 2],
    [Buffer.from(`${id}\n`, 'utf16le'), 1],
  ] as const) {
    const message = new RegExp(`named.txt is no list of erased users: line ${line} `);
    await t.rejects(read(text), { name: 'WrongUse', message }, String(text));
  }
  t.same(
    await read(`\ufeff${id}\r\n\r\n${id.slice(0, 20)}\n`),
    [id],
    'as an editor saves it, and as a crash leaves it',
  );
  t.same(await read(''), [], 'nobody was erased');
});
