import { randomUUID } from 'node:crypto';
import { test, type Test } from 'tap';
import { projections } from '../../../projections/index.js';
import type { JsonObject, NewEvent } from '../../../src/engine/core/message.js';
import { startProjectors } from '../../../src/engine/projecting/projector.js';
import { quarantinedIn } from '../../../src/engine/quarantine/quarantined.js';
import { retryResult } from '../../../src/commands/quarantine.js';
import { broken } from '../../support/broken.js';
import { until } from '../../support/orderlog.js';
import { demo, type RunningApp, runningApp } from '../../support/running-app.js';
import { buildRows, quiet, rebuildAll } from '../builds/rebuilding.js';

function event(type: string, data: JsonObject): NewEvent {
  const id = randomUUID();
  const trace = { command_id: id, fingerprint: '', correlation_id: id, causation_id: id };
  return { id, type, data, metadata: { schema_version: 1, ...trace, actor: { kind: 'system', id: null } } };
}

interface Users {
  readonly shop: RunningApp;
  /** Whose second event is too much for the code that projects. */
  readonly waits: string;
  readonly other: string;
}

async function usersWith(t: Test, second: (userId: string) => NewEvent): Promise<Users> {
  const shop = await runningApp(t, { seed: demo });
  const { user_id: waits } = await shop.registerUser();
  const { user_id: other } = await shop.registerUser();
  await atTheHead(shop);
  await shop.stopProjectors();
  const models = projections.map((one) => broken(one, [`user-${waits}@1`]));
  const projectors = startProjectors({ ...shop.runtime, log: quiet, projections: models });
  t.teardown(() => projectors.stop());
  await shop.runtime.store.append(`user-${waits}`, [second(waits)], 0);
  await atTheHead(shop);
  return { shop, waits, other };
}

async function atTheHead({ runtime }: RunningApp): Promise<void> {
  const head = await runtime.store.head();
  await until(async () => {
    const { rows } = await runtime.pool.query('select from orderlog.checkpoints where position < $1 and build > 0', [
      head,
    ]);
    return rows.length === 0;
  });
}

async function retriedByMendedCode(t: Test, { shop }: Users): Promise<void> {
  const { exitCode } = await retryResult(shop.runtime, { streams: [] });
  t.equal(exitCode, 0);
  await atTheHead(shop);
  await rebuildAll(shop.runtime);
  const { pool } = shop.runtime;
  for (const projection of projections) {
    t.same(await quarantinedIn(pool, { name: projection.name, build: 1 }), []);
    t.same(await buildRows(pool, projection, 1), await buildRows(pool, projection, 2), projection.name);
  }
}

test('a quarantined user waits alone: all others are registered, changed and read, and order', async (t) => {
  const users = await usersWith(t, (user_id) =>
    event('UserErased', { user_id, email_claim: 'userEmail-0', erased_at: new Date().toISOString() }),
  );
  const { shop, waits, other } = users;
  const { http, runtime } = shop;
  const { user_id: third } = await shop.registerUser();
  await http.ok('PATCH', `/v1/users/${other}`, { json: { name: 'Grace' } });
  await atTheHead(shop);
  t.match(await quarantinedIn(runtime.pool, { name: 'users', build: 1 }), [{ stream: `user-${waits}`, revision: 1 }]);
  const degraded = async (path: string): Promise<string | null> => (await http.get(path)).headers.get('degraded');
  t.equal(await degraded(`/v1/users/${waits}`), '1');
  t.equal(await degraded(`/v1/users/${other}`), null);
  t.match((await http.get(`/v1/users/${other}`)).data, { name: 'Grace' });
  await shop.placeOrder(other, [1]);
  await shop.placeOrder(third, [2]);
  const { rows } = await runtime.pool.query('select status from rm_users_v1.users where user_id = $1', [waits]);
  t.same(rows, [{ status: 'active' }], 'the row is of before the erasure');
  const json = { user_id: waits, items: [{ product_id: 1, quantity: 1 }] };
  t.match(await http.send('POST', '/v1/orders', { json }), { status: 409, body: { code: 'user-erased' } });
  await retriedByMendedCode(t, users);
});

test('what waits of a user does not concern the products', async (t) => {
  const users = await usersWith(t, () => event('ClaimAbandoned', { claim_stream: 'userEmail-0', claim_revision: 0 }));
  const { shop, waits } = users;
  t.match(await quarantinedIn(shop.runtime.pool, { name: 'users', build: 1 }), [
    { stream: `user-${waits}`, revision: 1 },
  ]);
  t.same(await quarantinedIn(shop.runtime.pool, { name: 'products', build: 1 }), []);
  const { product_id } = await shop.addProduct([1]);
  t.match((await shop.http.get(`/v1/products/${product_id}`)).data, { product_id, status: 'active' });
  await shop.placeOrder(waits, [product_id]);
  await retriedByMendedCode(t, users);
});
