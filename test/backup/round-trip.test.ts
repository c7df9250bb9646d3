import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { projections } from '../../projections/index.js';
import { orderlog, type Settings, settingsFor, temporaryFolder } from '../support/orderlog.js';
import { noProgress } from '../../src/commands/progress.js';
import { outcome } from '../support/http-client.js';
import { tinyPdf } from '../support/tiny-pdf.js';
import { demo, type RunningApp, proofForm, runningApp, userForm } from '../support/running-app.js';
import { backUp, emptyTarget, primaryRows } from './installations.js';

/** Users with proofs, one replaced, orders in every status, and ids that were drawn for nothing. */
async function shopWithOrders(t: Parameters<typeof runningApp>[0]): Promise<{ shop: RunningApp; paths: string[] }> {
  const shop = await runningApp(t, { seed: demo });
  const users = [await shop.registerUser(), await shop.registerUser({ name: 'Bö "\\n' })];
  const orders = [];
  for (const { user_id } of users) {
    for (let i = 0; i < 3; i++) orders.push(await shop.placeOrder(user_id, [1, 2 + i]));
  }
  await shop.http.ok('POST', `/v1/orders/${orders[0]?.order_id}/mark-paid`, { json: { reference: 'INV 1' } });
  await shop.http.ok('POST', `/v1/orders/${orders[1]?.order_id}/cancel`, { json: { reason: 'naïve ☃' } });
  await shop.addProduct([1], { name: 'A \\ tab \\t and \\.' });
  await shop.runtime.productIds.next();
  await shop.runtime.pool.query(
    `insert into orderlog.skipped_events (model, stream, revision, position, type, message, reason)
     values ('gone', 'order-1', 0, '', 'OrderPlaced', '', 'what an operator has decided')`,
  );
  const paths = [
    ...['/v1/categories', '/v1/products?limit=100', '/v1/users', '/v1/orders?limit=100'],
    ...users.flatMap(({ user_id: id }) => [`/v1/users/${id}`, `/v1/users/${id}/events`, `/v1/users/${id}/id-proof`]),
    ...orders.flatMap(({ order_id: id }) => [`/v1/orders/${id}`, `/v1/orders/${id}/events`]),
  ];
  return { shop, paths };
}

async function answers({ http }: RunningApp, paths: readonly string[]): Promise<readonly { status: number }[]> {
  const all = [];
  for (const path of paths) {
    const { status, bytes, headers } = await http.get(path);
    all.push({ path, status, bytes: bytes.toString('latin1'), etag: headers.get('etag') });
  }
  return all;
}

t.test('an installation restored elsewhere answers as before, passes verify, and continues from there', async (t) => {
  const { shop, paths } = await shopWithOrders(t);
  const file = join(temporaryFolder(t), 'backup.tar');
  const before = await answers(shop, paths);
  const seal = await shop.runtime.engine.seals?.seal({ signal: new AbortController().signal, progress: noProgress });
  const document = await backUp(shop, file);
  const primary = await primaryRows(shop.runtime.pool);
  t.match(document, { file, bytes: statSync(file).size, events: primary['events']?.length, users: 2, documents: 2 });
  t.equal(document.position, shop.http.position, 'the head of the log, as answers name it');
  t.match(document.notes, [/^the master key is not in this file.*keep MASTER_KEY/]);
  t.equal(statSync(file).mode & 0o777, 0o600);

  const target = await emptyTarget(t);
  const { code, stdout, stderr } = await orderlog(
    settingsFor(target.database, target.dataDir),
    'restore',
    file,
    '--json',
  );
  t.equal(code, 0, stderr);
  t.match(JSON.parse(stdout), {
    ...{ events: document.events, users: 2, documents: 2, position: document.position, keys_destroyed: 0 },
    models: projections.map(({ name }) => ({ name, switched: true })),
  });
  t.same(await primaryRows(target.database.pool), primary, 'positions, revisions, ids and times of recording too');
  t.match(primary['skipped_events'], [/what an operator has decided/]);
  const checked = await orderlog(settingsFor(target.database, target.dataDir), 'seal', '--check', seal?.line ?? '');
  t.match(checked, { code: 0, stdout: /the log fits the seal/ }, 'a line of the auditor fits the restored log');
  t.notOk(readdirSync(target.dataDir).includes('restoring'));

  const restored = await runningApp(t, { ...target, seed: demo });
  // Tokens of before are those of the same log.
  restored.http.position = shop.http.position;
  const after = await answers(restored, paths);
  t.same(after, before);
  t.ok(
    after.every(({ status }) => status === 200),
    'every one of them',
  );
  t.same(await primaryRows(target.database.pool), primary, 'no seed was sown into it');
  const { runtime } = restored;
  const nothing = { signal: new AbortController().signal, stretch: () => undefined, done: () => undefined };
  t.match(await runtime.engine.verify(projections, nothing), { ok: true });
  const ids = await runtime.pool.query<{ last: number }>(
    `select last from orderlog.id_sequences where name = 'product'`,
  );
  t.equal((await restored.addProduct([1])).product_id, (ids.rows[0]?.last ?? 0) + 1, 'no id is given out twice');
  const taken = await restored.http.send('POST', '/v1/users', { form: userForm('Eve', 'user-1@shop.test') });
  t.equal(outcome(taken), '409 email-taken');
  const { user_id } = await restored.registerUser({ email: 'new@shop.test' });
  t.match(await restored.placeOrder(user_id, [1]), { status: 'placed' });
});

t.test(
  'also into a database without a schema, and one that has been opened, but never a file over another',
  async (t) => {
    const { shop } = await shopWithOrders(t);
    const file = join(temporaryFolder(t), 'backup.tar');
    await backUp(shop, file);
    const again = await orderlog(settingsFor(shop.database, shop.dataDir), 'backup', file);
    t.equal(again.code, 2);
    t.match(again.stderr, /is there already/);
    t.equal((await orderlog(settingsFor(shop.database, shop.dataDir), 'backup', '/no/folder/x')).code, 2);
    const primary = await primaryRows(shop.runtime.pool);

    const opened = await emptyTarget(t);
    const settings = settingsFor(opened.database, opened.dataDir);
    t.equal((await orderlog(settings, 'status')).code, 0);
    t.equal((await primaryRows(opened.database.pool))['events']?.length, 1, 'it has a log of its own');
    mkdirSync(opened.dataDir, { recursive: true });
    const { code, stderr } = await orderlog(settings, 'restore', file);
    t.equal(code, 0, stderr);
    t.same(await primaryRows(opened.database.pool), primary);
    await t.rejects(
      opened.database.pool.query('delete from orderlog.events'),
      /append-only/,
      'which nobody can change',
    );

    const bare = await emptyTarget(t);
    await bare.database.pool.query('drop schema orderlog cascade');
    t.equal((await orderlog(settingsFor(bare.database, bare.dataDir), 'restore', file)).code, 0);
    t.same(await primaryRows(bare.database.pool), primary);
  },
);

t.test('a document that the log names and that is not there is named', async (t) => {
  const shop = await runningApp(t, { seed: demo });
  const [one, replaced] = [await shop.registerUser(), await shop.registerUser()];
  await shop.http.ok('PUT', `/v1/users/${replaced.user_id}/id-proof`, { form: proofForm(tinyPdf(9)) });
  for (const { id_proof } of [one, replaced]) await shop.runtime.gate.store.remove(id_proof?.document_id ?? '');
  const { notes, documents } = await backUp(shop, join(temporaryFolder(t), 'backup.tar'));
  t.equal(documents, 1);
  t.match(notes[1], new RegExp(`they are lost: ${one.id_proof?.document_id}$`), 'but not one that was replaced');
});

t.test('from one machine with the embedded database to another', async (t) => {
  const folder = temporaryFolder(t);
  // The server runs as another user when this runs as root.
  chmodSync(folder, 0o711);
  const settings = (name: string): Settings => ({
    ORDERLOG_DATA_DIR: join(folder, name),
    SEED: demo,
    LOG_LEVEL: 'warn',
  });
  const [from, to, file] = [settings('from'), settings('to'), join(folder, 'backup.tar')];
  t.equal((await orderlog(from, 'migrate')).code, 0);
  const backup = await orderlog(from, 'backup', file);
  t.match(backup.stdout, new RegExp(`keep ${join(folder, 'from', 'master.key')} elsewhere`));
  const keyless = await orderlog(to, 'restore', file);
  t.equal(keyless.code, 2);
  t.match(keyless.stderr, new RegExp(`put its master.key into ${join(folder, 'to')}`));
  t.notOk(existsSync(join(folder, 'to')), 'no other key is made meanwhile');
  mkdirSync(join(folder, 'to'));
  cpSync(join(folder, 'from', 'master.key'), join(folder, 'to', 'master.key'));
  t.equal((await orderlog(to, 'restore', file)).code, 0);
  t.equal((await orderlog(to, 'verify')).code, 0);
  const events = await Promise.all([from, to].map(async (one) => (await orderlog(one, 'events')).stdout));
  t.equal(events[1], events[0]);
});
