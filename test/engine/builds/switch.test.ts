import { test } from 'tap';
import { projections } from '../../../projections/index.js';
import { readBuild, allBuilds } from '../../../src/engine/builds/registry.js';
import { switchTo } from '../../../src/engine/builds/switch.js';
import { openRuntime } from '../../../src/runtime.js';
import type { Position, ReadAllOptions, SubscribeOptions } from '../../../src/engine/core/event-store.js';
import { rollbackResult } from '../../../src/commands/rollback.js';
import { until } from '../../support/orderlog.js';
import { demo, runningApp } from '../../support/running-app.js';
import { buildRows, buildsIn, leftovers, quiet, rebuildAll } from './rebuilding.js';

test('a rebuild makes the same rows and switches to them, and the build before follows on', async (t) => {
  const shop = await runningApp(t, { seed: demo });
  const { runtime } = shop;
  const user = await shop.registerUser();
  for (let i = 0; i < 5; i++) await shop.placeOrder(user.user_id, [1, 2]);
  const rebuilt = await rebuildAll(runtime);
  t.same(
    rebuilt.map(({ name, version, switched }) => [name, version, switched]),
    projections.map(({ name }) => [name, 2, true]),
  );
  t.same(await leftovers(runtime.pool), []);
  const order = await shop.placeOrder(user.user_id, [3]);
  const head = await runtime.store.head();
  await until(async () => {
    const { rows } = await runtime.pool.query<{ n: number }>(
      'select count(*) as n from orderlog.checkpoints where position >= $1 and build > 0',
      [head],
    );
    return rows[0]?.n === 2 * projections.length;
  });
  for (const projection of projections) {
    const [kept, active] = [await buildRows(runtime.pool, projection, 1), await buildRows(runtime.pool, projection, 2)];
    t.same(
      active,
      kept,
      `${projection.name}: the kept build and the active one have the same rows, also the later ones`,
    );
  }
  const { data } = await shop.http.ok('GET', `/v1/orders/${order.order_id}`);
  t.match(data, { order_id: order.order_id });
  t.same(
    (await buildsIn(runtime.pool)).map(({ number, state }) => [number, state]),
    projections.flatMap(() => [
      [1, 'standby'],
      [2, 'active'],
    ]),
  );
});

test('an answer that is kept is that of its build: a rebuild mends the category tree as well, and the past never comes from it', async (t) => {
  const { runtime, http } = await runningApp(t, { seed: demo });
  const shown = async (asOf = ''): Promise<number[]> => {
    const { data } = (await http.ok('GET', `/v1/categories${asOf}`)) as { data: { total_products: number }[] };
    return data.map(({ total_products }) => total_products);
  };
  await runtime.engine.catchUp(await runtime.store.head(), 30_000);
  const right = await runtime.pool.query<{ total_products: number }>(
    'select total_products from rm_category_tree_v1.categories where parent_cat_id is null order by cat_id',
  );
  const expected = right.rows.map(({ total_products }) => total_products);
  await runtime.pool.query('update rm_category_tree_v1.categories set total_products = 999');
  t.same(
    await shown(),
    expected.map(() => 999),
  );
  t.same(await shown(`?as_of=${encodeURIComponent(new Date().toISOString())}`), expected);
  await rebuildAll(
    runtime,
    {},
    projections.filter(({ name }) => name === 'category-tree'),
  );
  t.same(await shown(), expected);
});

test('several models are made from a plain reading of the log, one from its own streams, and all follow from its end', async (t) => {
  const { runtime } = await runningApp(t, { seed: demo });
  const asked: unknown[] = [];
  const followed: Position[] = [];
  const { store } = runtime;
  const listening = new Proxy(store, {
    get(log, name): unknown {
      const member = Reflect.get(log, name) as unknown;
      if (typeof member !== 'function') return member;
      return (...args: unknown[]): unknown => {
        if (name === 'readAll') asked.push((args[0] as ReadAllOptions).filter);
        if (name === 'subscribe') followed.push((args[0] as SubscribeOptions).from);
        return Reflect.apply(member, log, args) as unknown;
      };
    },
  });
  await rebuildAll({ ...runtime, store: listening });
  const head = await store.head();
  t.same(
    followed,
    projections.map(() => head),
  );
  await rebuildAll({ ...runtime, store: listening }, {}, projections.slice(2, 3));
  t.same(asked, [undefined, { streamPrefixes: ['order-'] }]);
});

test('a build that is kept follows in few transactions, for nobody reads it', async (t) => {
  const shop = await runningApp(t, { seed: demo });
  const { runtime } = shop;
  const user = await shop.registerUser();
  await rebuildAll(runtime, {}, projections.slice(2, 3));
  const pages = new Set<string>();
  const look = async (): Promise<number> => {
    const { rows } = await runtime.pool.query<{ events: number; xmin: string }>(
      `select events, xmin::text from orderlog.checkpoints where model = 'user-orders' and build = 1`,
    );
    pages.add(rows[0]?.xmin ?? '');
    return rows[0]?.events ?? 0;
  };
  const began = Date.now();
  let orders = 0;
  for (; Date.now() - began < 1_500; orders++) {
    await shop.placeOrder(user.user_id, [1]);
    await look();
  }
  await until(async () => (await look()) === orders);
  const [seconds, others] = [(Date.now() - began) / 1_000, 3];
  t.ok(pages.size <= seconds * 4 + others, `${pages.size} pages of ${orders} orders in ${seconds} s`);
});

test('under constant reads and writes a rebuild of everything fails no read, shows no mixture, and time never goes back', async (t) => {
  const shop = await runningApp(t, { seed: demo });
  const { runtime } = shop;
  // As another process of the deployment, that projects nothing.
  const elsewhere = await openRuntime(runtime.config);
  t.teardown(() => elsewhere.close());
  const user = await shop.registerUser();
  await shop.placeOrder(user.user_id, [1]);
  const over = new AbortController();
  const faults: string[] = [];
  let reads = 0;
  let writes = 0;
  const waits: number[] = [];
  const reader = async (read: () => Promise<{ position: Position; n: number }>, what: string): Promise<void> => {
    let last = { position: '' as Position, n: 0 };
    while (!over.signal.aborted) {
      try {
        const answer = await read();
        reads += 1;
        if (answer.position < last.position) faults.push(`${what}: ${answer.position} after ${last.position}`);
        if (answer.n < last.n) faults.push(`${what}: ${answer.n} after ${last.n}`);
        last = answer;
      } catch (error) {
        faults.push(`${what}: ${String(error)}`);
      }
    }
  };
  const root = 1;
  const readers = [runtime, elsewhere].flatMap(({ models }, i) => [
    reader(async () => {
      const { position, counts } = await models.counts.of(root);
      return { position, n: (counts?.placed ?? -1) + (counts?.paid ?? 0) };
    }, `counts ${i}`),
    reader(async () => {
      const { position, orders } = await models.orders.list({ userId: user.user_id, limit: 100 });
      return { position, n: orders.length };
    }, `orders ${i}`),
    reader(async () => {
      const { position, answer } = await models.tree.tree({});
      return { position, n: answer ? 1 : 0 };
    }, `tree ${i}`),
  ]);
  // Each order is read elsewhere at once, waiting for it.
  const writer = (async (): Promise<void> => {
    while (!over.signal.aborted) {
      const { order_id } = await shop.placeOrder(user.user_id, [1]);
      writes += 1;
      const min = runtime.tokens.decode(shop.http.position ?? '');
      const began = Date.now();
      const { position, order } = await elsewhere.models.orders.order(order_id, {
        min,
        waitMs: 30_000,
        lenient: false,
      });
      if (!order || position < min) faults.push(`order ${writes} is not there at ${position}`);
      waits.push(Date.now() - began);
      const facts = await elsewhere.orderFacts(user.user_id, [1], { min, waitMs: 30_000, lenient: false });
      if (!facts.buyer || facts.products.size !== 1) faults.push('a look-up missed');
    }
  })().catch((error: unknown) => void faults.push(`writer: ${String(error)}`));
  for (let round = 0; round < 3; round++) await rebuildAll(runtime);
  over.abort();
  await Promise.all([...readers, writer]);
  const half = waits.sort((one, other) => one - other)[Math.floor(waits.length / 2)] ?? Infinity;
  t.comment(`${reads} reads, ${writes} writes, of which half were waited for up to ${half} ms`);
  t.ok(reads > 300 && writes > 20);
  // A single one may meet a machine that is busy with something else.
  t.ok(half < 2_000, `half of the orders were waited for more than ${half} ms`);
  t.same([...new Set(faults)], []);
});

test('a rebuild without a switch leaves a build that the next one follows on with', async (t) => {
  const shop = await runningApp(t, { seed: demo });
  const { runtime } = shop;
  const user = await shop.registerUser();
  const [first] = await rebuildAll(runtime, { switch: false }, projections.slice(2, 3));
  t.match(first, { name: 'user-orders', version: 2, switched: false });
  await shop.placeOrder(user.user_id, [1]);
  const position = runtime.tokens.decode(shop.http.position ?? '');
  t.equal(readBuild(await allBuilds(runtime.pool), projections[2] as (typeof projections)[0])?.build, 1);
  const [second] = await rebuildAll(runtime, {}, projections.slice(2, 3));
  t.match(second, { version: 2, switched: true, rows: 2 }, 'the order and its product');
  t.ok((await runtime.models.orders.list({ limit: 1 })).position >= position);
});

test('rollback goes back to the build before, which has followed, and not in time', async (t) => {
  const shop = await runningApp(t, { seed: demo });
  const { runtime } = shop;
  const user = await shop.registerUser();
  const deps = { ...runtime, log: quiet };
  const command = { model: 'user-orders', degraded: false, keepSeconds: 3_600, signal: new AbortController().signal };
  await t.rejects(rollbackResult(deps, command), /no build of user-orders to go back to/);
  await rebuildAll(runtime);
  const { order_id } = await shop.placeOrder(user.user_id, [1]);
  const min = runtime.tokens.decode(shop.http.position ?? '');
  const seen = await runtime.models.orders.order(order_id, { min, waitMs: 5_000, lenient: false });
  // Also where nobody projects: it has to catch up first.
  await shop.stopProjectors();
  const { document } = await rollbackResult(deps, command);
  t.same(document, { model: 'user-orders', from: 2, to: 1 });
  const again = await runtime.models.orders.order(order_id);
  t.ok(again.order && again.position >= seen.position);
  t.same((await rollbackResult(deps, command)).document, { model: 'user-orders', from: 1, to: 2 }, 'and forth');
});

test('what is kept is dropped when its time is over, and by the next switch', async (t) => {
  const shop = await runningApp(t, { seed: demo });
  const { runtime } = shop;
  await rebuildAll(runtime, { keepSeconds: 0 });
  await until(async () => (await buildsIn(runtime.pool)).every(({ state }) => state === 'active'));
  const { rows } = await runtime.pool.query('select from pg_namespace where nspname ~ $1', ['^rm_.*_v1$']);
  t.same(rows, []);
  await rebuildAll(runtime);
  await rebuildAll(runtime);
  await until(async () => (await buildsIn(runtime.pool)).length === 2 * projections.length);
  t.same([...new Set((await buildsIn(runtime.pool)).map(({ number }) => number))], [3, 4]);
  const user = await shop.registerUser();
  await shop.placeOrder(user.user_id, [1]);
  const min = runtime.tokens.decode(shop.http.position ?? '');
  await runtime.models.orders.list({ limit: 1 }, { min, waitMs: 5_000, lenient: false });
});

test('a reader of the former build is answered from the new one at once', async (t) => {
  const shop = await runningApp(t, { seed: demo });
  const { runtime } = shop;
  const user = await shop.registerUser();
  await shop.placeOrder(user.user_id, [1]);
  const min = runtime.tokens.decode(shop.http.position ?? '');
  await runtime.models.orders.list({ limit: 1 }, { min, waitMs: 5_000, lenient: false });
  await shop.stopProjectors();
  const { order_id } = await shop.placeOrder(user.user_id, [2]);
  const later = runtime.tokens.decode(shop.http.position ?? '');
  await rebuildAll(runtime);
  const { position, orders } = await runtime.models.orders.list({ limit: 1 });
  t.ok(position >= later);
  t.equal(orders[0]?.order_id, order_id);
});

test('a build that is behind an earlier answer is not switched to', async (t) => {
  const shop = await runningApp(t, { seed: demo });
  const { runtime } = shop;
  const [orders] = projections.filter(({ name }) => name === 'user-orders') as [(typeof projections)[0]];
  const { version } = orders;
  await rebuildAll(runtime, { switch: false }, [orders]);
  const user = await shop.registerUser();
  await shop.placeOrder(user.user_id, [1]);
  const min = runtime.tokens.decode(shop.http.position ?? '');
  await runtime.models.orders.list({ limit: 1 }, { min, waitMs: 5_000, lenient: false });
  t.notOk(await switchTo(runtime.pool, { name: 'user-orders', build: 2, version }, 60), 'nobody lets it follow');
  const states = (await buildsIn(runtime.pool)).filter(({ model }) => model === 'user-orders');
  t.match(states, [{ state: 'active' }, { state: 'ready' }]);
  const gone = switchTo(runtime.pool, { name: 'user-orders', build: 7, version }, 60);
  await t.rejects(gone, { name: 'NotSwitchable' });
});

test('one process at a time rebuilds a model', async (t) => {
  const shop = await runningApp(t, { seed: demo });
  const both = await Promise.allSettled([rebuildAll(shop.runtime), rebuildAll(shop.runtime)]);
  const busy = both.filter(({ status }) => status === 'rejected');
  t.equal(busy.length, 1);
  t.match(busy[0], { reason: { name: 'ModelBusy' } });
});
