import { test } from 'tap';
import { projections } from '../../../projections/index.js';
import { startProjectors } from '../../../src/engine/projecting/projector.js';
import { skipResult } from '../../../src/commands/quarantine.js';
import { knowing } from '../../support/knowing.js';
import { until } from '../../support/orderlog.js';
import { demo, runningApp } from '../../support/running-app.js';
import { atTheHead, oneOrderWaits, UNKNOWN, verified, write } from '../../support/unknown-types.js';
import { quiet } from '../builds/rebuilding.js';

test('an order waits at an event of an unknown type, and comes back with the release that knows the type', async (t) => {
  await oneOrderWaits(t);
});

test('the tree stops before an event of an unknown type, and continues with the release that knows the type', async (t) => {
  const shop = await runningApp(t, { seed: demo });
  const { runtime, http } = shop;
  await atTheHead(shop);
  await write(runtime.store, 'categoryTree-main', 'CategoryHidden', { cat_id: 1 });
  const reads = projections.filter((one) => one.reads['categoryTree']).map(({ name }) => name);
  const stopped = async (): Promise<{ model: string; message: string }[]> =>
    (
      await runtime.pool.query<{ model: string; message: string }>(
        `select model, error->>'message' as message from orderlog.checkpoints where state = 'stopped' order by model`,
      )
    ).rows;
  await until(async () => (await stopped()).length >= reads.length);
  t.match(
    await stopped(),
    reads.toSorted().map((model) => ({ model, message: new RegExp(`CategoryHidden .*${UNKNOWN}`) })),
  );
  const { user_id } = await shop.registerUser();
  t.equal((await http.get(`/v1/users/${user_id}`)).status, 200, 'all others go on');
  const { checks, ok } = await verified(shop);
  t.notOk(ok);
  t.match(checks.find(({ check }) => check === 'types')?.findings, [
    /CategoryHidden: categoryTree-main@\d+, of a newer/,
  ]);
  await shop.stopProjectors();
  const newer = projections.map((one) => knowing(one, 'categoryTree', 'CategoryHidden'));
  const projectors = startProjectors({ ...runtime, log: quiet, projections: newer });
  t.teardown(() => projectors.stop());
  await atTheHead(shop);
  t.same(await stopped(), []);
});

test('verify finds what an earlier release has passed over, in streams of claims too', async (t) => {
  const shop = await runningApp(t, { seed: demo });
  const { store } = shop.runtime;
  const { user_id } = await shop.registerUser();
  const { order_id } = await shop.placeOrder(user_id, [1]);
  const stream = `order-${order_id}`;
  await atTheHead(shop);
  t.ok((await verified(shop)).ok);
  // As the release before, which asked for the types that it had handlers for.
  await shop.stopProjectors();
  let claim = '';
  for await (const event of store.readAll({ filter: { streamPrefixes: ['userEmail-'] } })) claim = event.stream;
  await write(store, claim, 'EmailLent');
  await write(store, 'categoryTree-main', 'CategoryHidden');
  await write(store, 'categoryTree-main', 'CategoryHidden');
  await write(store, stream, 'OrderShipped');
  await shop.runtime.pool.query('update orderlog.checkpoints set position = $1', [await store.head()]);
  const { checks, models } = await verified(shop);
  t.same(
    models.flatMap(({ differences }) => differences),
    [],
  );
  const types = checks.find(({ check }) => check === 'types');
  t.match(types, {
    ok: false,
    findings: [
      /type CategoryHidden: categoryTree-main@\d+, and 1 more, of a newer release/,
      new RegExp(`type OrderShipped: ${stream}@1, of`),
      new RegExp(`type EmailLent: ${claim}@1, of`),
    ],
  });
});

test('an event of an unknown type that was skipped in all that read it is a note of verify, no finding', async (t) => {
  const shop = await runningApp(t, { seed: demo });
  const { user_id } = await shop.registerUser();
  const { order_id } = await shop.placeOrder(user_id, [1]);
  const stream = `order-${order_id}`;
  await write(shop.runtime.store, stream, 'OrderShipped');
  await atTheHead(shop);
  const skip = { stream, reason: 'written by hand' };
  await skipResult(shop.runtime, { ...skip, model: 'user-orders' });
  t.match((await verified(shop)).checks.find(({ check }) => check === 'types')?.ok, false, 'it waits in the counts');
  await skipResult(shop.runtime, skip);
  const { ok, notes } = await verified(shop);
  t.ok(ok);
  t.same(notes, [
    `order-counts: ${stream}@1 is skipped: written by hand`,
    `user-orders: ${stream}@1 is skipped: written by hand`,
  ]);
  const others = projections.filter(({ name }) => name === 'users');
  t.ok((await verified(shop, others)).ok, 'also where models alone are verified that do not read it');
});
