import t from 'tap';
import { testDatabase } from '../support/database.js';
import { holdAppends } from '../support/held-appends.js';
import { Client, outcome } from '../support/http-client.js';
import { killUnderOneKey } from '../support/one-key.js';
import { serving, settingsFor, temporaryFolder, until } from '../support/orderlog.js';
import { Shop } from '../support/running-app.js';

t.test('a key of a process that was killed while its command ran is free at once, and has one effect', async (t) => {
  const database = await testDatabase(t);
  const settings = settingsFor(database, temporaryFolder(t));
  const killed = await serving(t, settings);
  const shop = new Shop(new Client(killed.url));
  const { user_id } = await shop.registerUser();
  const { product_id } = await shop.addProduct([(await shop.addCategory()).cat_id]);
  const release = await holdAppends(database);
  const sent = { json: { user_id, items: [{ product_id, quantity: 1 }] }, headers: { 'idempotency-key': 'k' } };
  const cutOff = shop.http.send('POST', '/v1/orders', sent).catch(() => null);
  await until(async () => (await database.pool.query('select from orderlog.idempotency_keys')).rowCount === 1);
  await killed.stop('SIGKILL');
  t.equal(await cutOff, null);
  await release();
  const restarted = new Client((await serving(t, settings)).url);
  const answer = await restarted.send('POST', '/v1/orders', sent);
  t.equal(outcome(answer), '201');
  const again = await restarted.send('POST', '/v1/orders', sent);
  t.equal(again.bytes.toString(), answer.bytes.toString());
  restarted.patience = 30;
  t.equal(((await restarted.ok('GET', `/v1/users/${user_id}/orders`)).data as unknown[]).length, 1);
});

t.test('50 requests under one key, the server killed at random: one effect, and one response for all', async (t) => {
  const database = await testDatabase(t);
  const settings = settingsFor(database, temporaryFolder(t));
  const report = await killUnderOneKey(async () => {
    const { url, stop } = await serving(t, settings);
    return { url, kill: () => stop('SIGKILL'), stop: () => stop() };
  }, 3);
  t.same(report.problems, []);
  t.ok(report.kills >= 3 && report.requests > 150, JSON.stringify(report));
});
