import { test, type Test } from 'tap';
import { projections } from '../../../projections/index.js';
import { writeQuarantined } from '../../../src/engine/quarantine/quarantined.js';
import type { AnyProjection } from '../../../src/engine/projecting/projection.js';
import { switchTo } from '../../../src/engine/builds/switch.js';
import { retryResult } from '../../../src/commands/quarantine.js';
import { rollbackResult } from '../../../src/commands/rollback.js';
import { until } from '../../support/orderlog.js';
import { demo, type RunningApp, runningApp } from '../../support/running-app.js';
import { buildsIn, quiet, rebuildAll } from './rebuilding.js';

const orders = projections.filter(({ name }) => name === 'user-orders') as [AnyProjection];
const of = (build: number): { name: string; build: number; version: number } => ({
  ...{ name: 'user-orders', build, version: orders[0].version },
});

async function shopWithOrder(t: Test): Promise<{ shop: RunningApp; stream: string }> {
  const shop = await runningApp(t, { seed: demo });
  const { user_id } = await shop.registerUser();
  const { order_id } = await shop.placeOrder(user_id, [1]);
  const head = await shop.runtime.store.head();
  await until(async () => {
    const { rows } = await shop.runtime.pool.query(
      'select from orderlog.checkpoints where position < $1 and build > 0',
      [head],
    );
    return rows.length === 0;
  });
  return { shop, stream: `order-${order_id}` };
}

/** By hand: the key waits at its first event. */
async function hold({ runtime: { pool, store } }: RunningApp, stream: string, build: number): Promise<void> {
  for await (const { revision, position, type } of store.read(stream, { limit: 1 }))
    await writeQuarantined(pool, of(build), [{ stream, revision, position, type, message: 'too much' }]);
}

async function states({ runtime: { pool } }: RunningApp): Promise<string[]> {
  return (await buildsIn(pool)).filter(({ model }) => model === 'user-orders').map(({ state }) => state);
}

test('the switch itself refuses a worse build, even if the active one became better a moment before', async (t) => {
  const { shop, stream } = await shopWithOrder(t);
  const { pool } = shop.runtime;
  await rebuildAll(shop.runtime, { switch: false }, orders);
  await shop.stopProjectors();
  await hold(shop, stream, 1);
  await hold(shop, stream, 2);
  // What retry does, up to its commit.
  const retrying = await pool.connect();
  await retrying.query('begin');
  await retrying.query(
    `update orderlog.checkpoints set lease_epoch = lease_epoch + 1 where model = 'user-orders' and build = 1`,
  );
  await retrying.query('delete from orderlog.quarantine where build = 1');
  const switching = t.rejects(switchTo(pool, of(2), 60), { name: 'WorseThanLive', message: new RegExp(`${stream}@0`) });
  await until(async () => {
    const { rows } = await pool.query(
      `select from pg_stat_activity where wait_event_type = 'Lock' and query ~ 'for update of c'`,
    );
    return rows.length > 0;
  });
  await retrying.query('commit');
  retrying.release();
  await switching;
  t.same(await states(shop), ['active', 'ready']);
});

test('what waits in both builds is no reason to refuse the switch', async (t) => {
  const { shop, stream } = await shopWithOrder(t);
  await rebuildAll(shop.runtime, { switch: false }, orders);
  await shop.stopProjectors();
  await hold(shop, stream, 1);
  await hold(shop, stream, 2);
  t.ok(await switchTo(shop.runtime.pool, of(2), 60));
});

test('rollback to a build with more quarantined keys is refused until they are retried, or degraded is allowed', async (t) => {
  const { shop, stream } = await shopWithOrder(t);
  const deps = { ...shop.runtime, log: quiet };
  await rebuildAll(shop.runtime, {}, orders);
  await hold(shop, stream, 1);
  const command = { model: 'user-orders', keepSeconds: 3_600, signal: new AbortController().signal, degraded: false };
  await t.rejects(rollbackResult(deps, command), {
    name: 'WrongUse',
    message: new RegExp(`build 1 .*${stream}@0.* quarantine retry ${stream}.* --degraded`),
  });
  t.same(await states(shop), ['standby', 'active']);
  t.match((await rollbackResult(deps, { ...command, degraded: true })).document, { from: 2, to: 1 });
  t.match((await rollbackResult(deps, command)).document, { from: 1, to: 2 }, 'to a better one it is never refused');
  // The row is there already, so this code has to leave it out.
  const retry = await retryResult(
    { ...shop.runtime, projections: orders.map((one) => ({ ...one, flush: () => Promise.resolve() })) },
    { streams: [stream] },
  );
  t.equal(retry.exitCode, 0);
  t.match((await rollbackResult(deps, command)).document, { from: 2, to: 1 });
});
