import { test } from 'tap';
import { projections } from '../../../projections/index.js';
import type { AnyProjection } from '../../../src/engine/projecting/projection.js';
import { listResult, retryResult, skipResult } from '../../../src/commands/quarantine.js';
import { broken } from '../../support/broken.js';
import { until } from '../../support/orderlog.js';
import { demo, runningApp } from '../../support/running-app.js';
import { atTheHead, verified } from '../../support/unknown-types.js';
import { buildRows, buildsIn, rebuildAll } from '../builds/rebuilding.js';
import { poisoned, WAITING } from './poisoned.js';

test('answers that a quarantined key affects are degraded, and say so; all others are not', async (t) => {
  const { shop, bad, userId } = await poisoned(t);
  const { http } = shop;
  const degraded = async (path: string): Promise<string | null> => (await http.get(path)).headers.get('degraded');
  t.equal(await degraded('/v1/categories/1/order-counts'), '1');
  t.equal(await degraded('/v1/orders'), '1');
  t.equal(await degraded(`/v1/users/${userId}/orders`), '1');
  t.equal(await degraded('/v1/categories'), null);
  t.equal(await degraded('/v1/products'), null);
  t.equal(await degraded(`/v1/users/${userId}`), null);
  const data = (await http.get('/v1/orders')).data as { order_id: string }[];
  t.equal(data.length, 5);
  t.notOk(
    data.some(({ order_id }) => order_id === bad),
    'it is left out',
  );
  const other = data[0]?.order_id ?? '';
  t.equal(await degraded(`/v1/orders/${other}`), null, 'an order that does not wait is whole');
  t.match((await http.get(`/v1/orders/${bad}`)).data, { order_id: bad, status: 'paid' }, 'it answers from its stream');
});

test('list, status and health name what waits', async (t) => {
  const { deps, stream, shop } = await poisoned(t);
  const { document, text, exitCode } = await listResult(deps, {});
  const entry = { stream, revision: 0, type: 'OrderPlaced', error: /too much for this code/, waiting: 2 };
  t.match(document, { quarantined: WAITING.map((model) => ({ model, version: 1, ...entry })), skipped: [] });
  t.match(text, new RegExp(`${stream}@0 .*2 events wait`));
  t.equal(exitCode, 0);
  t.match((await listResult(deps, { model: 'users' })).text, 'nothing waits');
  const { rows } = await shop.runtime.pool.query<{ model: string; quarantined: number }>(
    'select model, quarantined from orderlog.checkpoints where quarantined > 0 and build > 0 order by model',
  );
  t.same(
    rows,
    WAITING.map((model) => ({ model, quarantined: 1 })),
  );
});

test('a rebuild by the same code makes the same rows; verify compares all other keys and names the quarantined one', async (t) => {
  const { shop, worse, stream } = await poisoned(t);
  const { runtime } = shop;
  const models = worse.filter(({ name }) => WAITING.includes(name));
  await rebuildAll(runtime, {}, models);
  for (const projection of models) {
    t.same(await buildRows(runtime.pool, projection, 2), await buildRows(runtime.pool, projection, 1), projection.name);
  }
  const found = await verified(shop);
  t.equal(found.ok, false);
  t.same(
    found.models.flatMap(({ differences }) => differences),
    [],
  );
  t.match(
    found.checks.find(({ check }) => check === 'quarantine'),
    { ok: false, findings: WAITING.map((model) => new RegExp(`^${model}: ${stream} waits from revision 0 on`)) },
  );
  await runtime.pool.query(`update rm_order_counts_v2.categories set placed = placed + 1 where cat_id = 1`);
  const [counts] = (
    await verified(
      shop,
      projections.filter(({ name }) => name === 'order-counts'),
    )
  ).models;
  t.match(
    counts?.differences,
    [{ table: 'categories', key: '1', column: 'placed' }],
    'what is wrong beside it is found',
  );
});

test('retry by code that is no better changes nothing and says so', async (t) => {
  const { shop, deps, worse, stream } = await poisoned(t);
  const counts = projections.filter(({ name }) => name === 'order-counts');
  const before = await buildRows(shop.runtime.pool, counts[0] as AnyProjection, 1);
  const { exitCode, text, document } = await retryResult({ ...deps, projections: worse }, { streams: [stream] });
  t.equal(exitCode, 1);
  t.match(text, /order-counts v1 .* events that have taken effect: 0, WAITS at 0: .*too much/);
  t.match(document, { retried: WAITING.map((model) => ({ model, stream, events: 0, held: { revision: 0 } })) });
  t.same(await buildRows(shop.runtime.pool, counts[0] as AnyProjection, 1), before);
});

test('after the fix, retry makes the models what a clean rebuild makes, while orders keep coming', async (t) => {
  const { shop, deps, stream, userId, runWith, bad } = await poisoned(t);
  await runWith(projections);
  const over = new AbortController();
  const orders = (async (): Promise<void> => {
    while (!over.signal.aborted) await shop.placeOrder(userId, [1, 3]);
  })();
  const { exitCode, document } = await retryResult(deps, { streams: [] });
  over.abort();
  await orders;
  t.equal(exitCode, 0);
  t.match(document, { retried: WAITING.map((model) => ({ model, stream, events: 2, held: null })) });
  await atTheHead(shop);
  t.equal((await shop.http.get(`/v1/orders/${bad}`)).headers.get('degraded'), null);
  t.equal((await shop.http.get('/v1/orders')).headers.get('degraded'), null);
  t.match(await verified(shop), { ok: true, notes: [] });
  await rebuildAll(shop.runtime);
  for (const projection of projections) {
    t.same(await buildRows(shop.runtime.pool, projection, 2), await buildRows(shop.runtime.pool, projection, 1));
  }
  t.match((await retryResult(deps, { streams: [] })).text, 'nothing waits');
});

test('skip leaves the event out for good: in the model, in a rebuild and in verify', async (t) => {
  const { shop, deps, stream, runWith, bad } = await poisoned(t);
  const { runtime } = shop;
  const skip = (reason: string): ReturnType<typeof skipResult> => skipResult(deps, { stream, reason });
  const good = projections.filter(({ name }) => name === 'user-orders');
  // A build that has taken the event must not bring it back.
  await rebuildAll(runtime, { switch: false }, good);
  const first = await skip('placed by\u0000\na test of the till \n');
  t.equal(first.exitCode, 1);
  t.match(first.text, /revision 0 is skipped, events that have taken effect: 0, WAITS at 1: .*not been placed/);
  const second = await skip('and paid by it');
  t.equal(second.exitCode, 0);
  t.match(second.document, {
    skipped: WAITING.map((model) => ({ model, revision: 1, reason: 'and paid by it', held: null })),
  });
  await runWith(projections);
  t.equal((await shop.http.get('/v1/orders')).headers.get('degraded'), null);
  await rebuildAll(runtime);
  const orders = await buildRows(
    runtime.pool,
    projections.find(({ name }) => name === 'user-orders') as AnyProjection,
    2,
  );
  t.notMatch(JSON.stringify(orders), bad);
  const found = await verified(shop);
  t.ok(found.ok);
  t.ok(found.notes.includes(`user-orders: ${stream}@0 is skipped: placed by\\u0000 a test of the till`));
  t.match((await listResult(deps, {})).document, {
    quarantined: [],
    skipped: WAITING.flatMap((model) => [
      { model, stream, revision: 0 },
      { model, stream, revision: 1 },
    ]),
  });
});

test('skip of a named event leaves alone the models that its key waits in at another one', async (t) => {
  const { deps, stream } = await poisoned(t);
  const reason = 'placed by a test of the till';
  const ahead = await skipResult(deps, { stream, reason, model: 'user-orders' });
  t.match(ahead.document, { skipped: [{ model: 'user-orders', revision: 0, held: { revision: 1 } }] });
  await t.rejects(skipResult(deps, { stream, reason }), {
    name: 'WrongUse',
    message: /waits at revision 1 in build 1 of user-orders, not at 0; nothing was skipped: .*STREAM@REVISION$/,
  });
  const named = await skipResult(deps, { stream: `${stream}@0`, reason });
  t.match(named.document, { skipped: [{ model: 'order-counts', revision: 0, held: { revision: 1 } }] });
  t.match(
    (await listResult(deps, {})).document,
    { quarantined: WAITING.map((model) => ({ model, revision: 1 })) },
    'the second event is skipped nowhere',
  );
  const rest = await skipResult(deps, { stream, reason });
  t.match(rest.document, { skipped: WAITING.map((model) => ({ model, revision: 1, held: null })) });
});

test('a candidate by worse code than the active build is not switched to, and leaves nothing', async (t) => {
  const shop = await runningApp(t, { seed: demo });
  const { user_id } = await shop.registerUser();
  const { order_id } = await shop.placeOrder(user_id, [1]);
  await atTheHead(shop);
  const counts = projections.filter(({ name }) => name === 'order-counts');
  const worse = counts.map((one) => broken(one, [`order-${order_id}@0`]));
  await t.rejects(rebuildAll(shop.runtime, {}, worse), {
    name: 'WorseThanLive',
    message: new RegExp(`order-${order_id}@0, which has taken effect .* mend the code`),
  });
  t.same((await buildsIn(shop.runtime.pool)).filter(({ model }) => model === 'order-counts').length, 1);
  t.equal((await shop.http.get('/v1/categories/1/order-counts')).headers.get('degraded'), null);
});

test('a candidate that quarantines an event that the active build has applied is not switched to', async (t) => {
  const shop = await runningApp(t, { seed: demo });
  const { runtime } = shop;
  const { user_id } = await shop.registerUser();
  const [counts] = projections.filter(({ name }) => name === 'order-counts') as [AnyProjection];
  await rebuildAll(runtime, { switch: false }, [counts]);
  const { order_id } = await shop.placeOrder(user_id, [1]);
  const [head, live] = [await runtime.store.head(), 'build = 1 and position < $1'];
  await until(
    async () =>
      (await runtime.pool.query(`select from orderlog.checkpoints where ${live} and build > 0`, [head])).rowCount === 0,
  );
  const worse = broken(counts, [`order-${order_id}@0`]);
  await t.rejects(rebuildAll(runtime, {}, [worse]), { name: 'WorseThanLive' });
  t.same((await buildsIn(runtime.pool)).filter(({ model }) => model === 'order-counts').length, 1);
});

test('what is asked for wrongly is refused, and nothing is changed', async (t) => {
  const { deps, stream, shop } = await poisoned(t);
  const wrong = { name: 'WrongUse' };
  await t.rejects(retryResult(deps, { streams: ['order-none'] }), {
    ...wrong,
    message: /order-none does not wait.*: orderlog quarantine list/,
  });
  await t.rejects(retryResult(deps, { streams: [stream], model: 'users' }), {
    ...wrong,
    message: /does not wait in users/,
  });
  await t.rejects(retryResult(deps, { streams: [], model: 'order' }), {
    ...wrong,
    message: /no read model or reactor order/,
  });
  await t.rejects(skipResult(deps, { stream, reason: ' \n\u0000' }), { ...wrong, message: /--reason/ });
  const at = `${stream}@1`;
  await t.rejects(skipResult(deps, { stream: at, reason: 'a second time' }), {
    ...wrong,
    message: /waits at revision 0 .*: retry it first, or name the event that it waits at: STREAM@REVISION$/,
  });
  const { rows } = await shop.runtime.pool.query('select from orderlog.skipped_events');
  t.equal(rows.length, 0);
});
