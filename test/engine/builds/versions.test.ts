import { test } from 'tap';
import { projections } from '../../../projections/index.js';
import { userOrders } from '../../../projections/user-orders/projection.js';
import { UserOrders } from '../../../projections/user-orders/read-model.js';
import type { AnyProjection } from '../../../src/engine/projecting/projection.js';
import { startProjectors } from '../../../src/engine/projecting/projector.js';
import { ReadModel } from '../../../src/engine/projecting/read-model.js';
import { buildMissing } from '../../../src/engine/builds/build-missing.js';
import { openRuntime } from '../../../src/runtime.js';
import { until } from '../../support/orderlog.js';
import { demo, runningApp } from '../../support/running-app.js';
import { buildsIn, quiet, rebuildAll } from './rebuilding.js';

test('a new version is built beside the old one, which serves; both are served while processes of both are there', async (t) => {
  const shop = await runningApp(t, { seed: demo });
  const old = shop.runtime;
  const user = await shop.registerUser();
  await shop.placeOrder(user.user_id, [1]);
  const place = async (): Promise<void> => {
    const { order_id } = await shop.placeOrder(user.user_id, [1]);
    const min = old.tokens.decode(shop.http.position ?? '');
    const freshness = { min, waitMs: 5_000, lenient: false };
    t.ok((await old.models.orders.order(order_id, freshness)).order, 'the old process has it');
    t.ok((await models.orders.order(order_id, freshness)).order, 'the new process has it');
  };

  // The process of the next release.
  const next = await openRuntime(old.config);
  t.teardown(() => next.close());
  const { version } = userOrders;
  const bumped: AnyProjection = { ...userOrders, version: version + 1, oldestReadable: version };
  const read = new ReadModel(next.pool, bumped, next.watch);
  const models = { orders: new UserOrders(read, next.handler.vault) };
  await place();

  const others = projections.filter(({ name }) => name !== 'user-orders');
  const worker = startProjectors({ ...next, log: quiet, projections: [...others, bumped] });
  const over = new AbortController();
  let placing = true;
  const placed = (async (): Promise<void> => {
    while (placing) await place();
  })();
  await buildMissing({ ...next, log: quiet }, [...others, bumped], { keepSeconds: 0, signal: over.signal });
  await place();
  placing = false;
  await placed;
  const ofOrders = (await buildsIn(next.pool)).filter(({ model }) => model === 'user-orders');
  t.match(ofOrders, [
    { number: 1, state: 'active' },
    { number: 2, state: 'active' },
  ]);
  // Its time is over, but a process that reads it is there, so it stays and follows.
  await rebuildAll(next, { keepSeconds: 0 }, [bumped]);
  await until(async () => !(await buildsIn(next.pool)).some(({ state }) => state === 'standby'));
  await place();
  t.match(
    (await buildsIn(next.pool)).filter(({ model }) => model === 'user-orders'),
    [{ number: 1 }, { number: 3 }],
  );
  // The last process of the old version is gone: then nobody reads it.
  await shop.stopProjectors();
  await next.pool.query(
    `update orderlog.checkpoints set lease_until = lease_until - interval '1 hour' where build = 1`,
  );
  await until(async () =>
    (await buildsIn(next.pool)).every(({ model, number }) => model !== 'user-orders' || number === 3),
  );
  await worker.stop();
});

test('queries that can not read the older tables wait for the new build', async (t) => {
  const shop = await runningApp(t, { seed: demo });
  const { runtime } = shop;
  const user = await shop.registerUser();
  await shop.placeOrder(user.user_id, [1]);
  const min = runtime.tokens.decode(shop.http.position ?? '');
  const next = userOrders.version + 1;
  const bumped = { ...userOrders, version: next, oldestReadable: next } as AnyProjection;
  const orders = new UserOrders(new ReadModel(runtime.pool, bumped, runtime.watch), runtime.handler.vault);
  await t.rejects(orders.list({ limit: 1 }), { code: 'read-model-behind' });
  const waiting = orders.list({ limit: 1 }, { min, waitMs: 20_000, lenient: false });
  await buildMissing({ ...runtime, log: quiet }, [bumped], { keepSeconds: 60, signal: new AbortController().signal });
  t.equal((await waiting).orders.length, 1);
});
