import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import t, { type Test } from 'tap';
import { LookUp } from '../../projections/look-up.js';
import { products } from '../../projections/products/projection.js';
import { stock } from '../../projections/stock/projection.js';
import { users } from '../../projections/users/projection.js';
import { type Position, START } from '../../src/engine/core/event-store.js';
import type { CheckpointWatch } from '../../src/engine/projecting/watch.js';
import type { Projection } from '../../src/engine/projecting/projection.js';
import { writeQuarantined } from '../../src/engine/quarantine/quarantined.js';
import { productEvents } from '../../src/product/events.js';
import { stockEvents } from '../../src/stock/events.js';
import { jointQueriesOver } from '../support/engine-parts.js';
import { testDatabase } from '../support/database.js';
import { MemoryVault } from '../support/memory-vault.js';
import { UsersInTheLog } from '../support/plain-users.js';
import { ProjectionUnderTest, TestLog } from '../support/project.js';
import { codeOfAsync } from '../support/reading.js';

const at = '2026-01-02T03:04:05.678Z';

type Model = 'users' | 'products' | 'stock';

interface AllModels {
  readonly pool: pg.Pool;
  readonly log: TestLog;
  readonly users: UsersInTheLog;
  addProduct(product_id: number): void;
  catchUp(model?: Model): Promise<void>;
}

async function allModels(t: Test): Promise<AllModels> {
  const { pool } = await testDatabase(t);
  const log = new TestLog();
  const started = async <Page>(projection: Projection<Page>): Promise<() => Promise<void>> => {
    const { name, version } = projection;
    // Its first build, whatever version its code has.
    const projected = await ProjectionUnderTest.create(pool, { ...projection, version: 1 });
    await pool.query('insert into orderlog.checkpoints (model, build) values ($1, 1)', [name]);
    await pool.query(`insert into orderlog.builds (model, number, version, state) values ($1, 1, $2, 'active')`, [
      name,
      version,
    ]);
    return async () => {
      await projected.apply(log.events);
      await pool.query('update orderlog.checkpoints set position = $2 where model = $1', [name, projected.position]);
    };
  };
  const models = { users: await started(users), products: await started(products), stock: await started(stock) };
  return {
    pool,
    log,
    users: new UsersInTheLog(log, new MemoryVault()),
    addProduct(product_id): void {
      const product = { product_id, sku: `S${product_id}`, name: 'Pen', price: product_id * 100, currency: 'EUR' };
      log.add(`product-${product_id}`, productEvents.ProductAdded, { ...product, cat_ids: [1], added_at: at });
    },
    async catchUp(model): Promise<void> {
      for (const [name, project] of Object.entries(models)) if ((model ?? name) === name) await project();
    },
  };
}

/** Says that a model got there, after doing what brings it there. */
function watchThat(reach: (model: string, position: Position) => Promise<boolean>): CheckpointWatch {
  const waitFor = (model: string, _version: number, position: Position): Promise<boolean> => reach(model, position);
  return { waitFor } as unknown as CheckpointWatch;
}

const nobodyWaits = watchThat(() => Promise.reject(new Error('nobody waits here')));

t.test('finds the user and the products, and leaves out what it does not know', async (t) => {
  const models = await allModels(t);
  const ada = await models.users.register(at, 'Ada', 'ada@example.org', true);
  const eve = await models.users.register(at, 'Eve', 'eve@example.org', false);
  const erased = await models.users.register(at, 'Bo', 'bo@example.org', true);
  models.users.erase(erased, at);
  models.addProduct(1);
  models.addProduct(2);
  models.log.add('product-2', productEvents.ProductRetired, { product_id: 2, retired_at: at });
  models.log.add('stock-1', stockEvents.StockCounted, { on_hand: 0, reason: null });
  models.log.add('stock-2', stockEvents.StockCounted, { on_hand: 5, reason: null });
  models.log.add('stock-2', stockEvents.StockTrackingEnded, { reason: null });
  await models.catchUp();
  const lookUp = new LookUp(jointQueriesOver(models.pool, nobodyWaits));
  t.strictSame(await lookUp.find(ada, [1, 2, 3, 1]), {
    user: { status: 'active', hasIdProof: true },
    products: new Map([
      [1, { sku: 'S1', name: 'Pen', price: 100, currency: 'EUR', status: 'active', tracked: true }],
      [2, { sku: 'S2', name: 'Pen', price: 200, currency: 'EUR', status: 'retired', tracked: false }],
    ]),
    position: models.log.events.at(-1)?.position,
  });
  t.strictSame((await lookUp.find(eve, [])).user, { status: 'active', hasIdProof: false });
  t.strictSame((await lookUp.find(erased, [])).user, { status: 'erased', hasIdProof: false });
  t.equal((await lookUp.find(randomUUID(), [3])).user, null);
});

t.test('a quarantined user is not found: the row may be from before an erasure', async (t) => {
  const models = await allModels(t);
  const ada = await models.users.register(at, 'Ada', 'ada@example.org', true);
  const eve = await models.users.register(at, 'Eve', 'eve@example.org', true);
  models.addProduct(1);
  await models.catchUp();
  const entry = { stream: `user-${ada}`, revision: 1, position: START, type: 'UserErased', message: '' };
  await writeQuarantined(models.pool, { name: 'users', build: 1 }, [entry]);
  const lookUp = new LookUp(jointQueriesOver(models.pool, nobodyWaits));
  const found = await lookUp.find(ada, [1]);
  t.equal(found.user, null);
  t.equal(found.products.size, 1);
  t.strictSame((await lookUp.find(eve, [])).user, { status: 'active', hasIdProof: true });
});

t.test('many at once go in few queries, and each gets its own', async (t) => {
  const models = await allModels(t);
  const ids = Array.from({ length: 100 }, (_, i) => i + 1);
  const registered: string[] = [];
  for (const id of ids) {
    models.addProduct(id);
    registered.push(await models.users.register(at, `name ${id}`, `${id}@example.org`, id % 2 === 0));
  }
  await models.catchUp();
  let queries = 0;
  const counting = {
    query: (statement: pg.QueryConfig) => {
      queries += 1;
      return models.pool.query(statement);
    },
  } as unknown as pg.Pool;
  const lookUp = new LookUp(jointQueriesOver(counting, nobodyWaits));
  const found = await Promise.all(
    ids.map(async (id) => {
      if (id > 50) await new Promise(setImmediate);
      return lookUp.find(registered[id - 1] as string, [id, 101 - id]);
    }),
  );
  found.forEach(({ user, products }, i) => {
    t.same(user, { status: 'active', hasIdProof: i % 2 === 1 });
    t.same([...products.keys()], [i + 1, 100 - i]);
  });
  t.ok(queries <= 3, `${queries} queries`);
});

t.test('a look-up never gets the answer of a query that was sent before it asked', async (t) => {
  const models = await allModels(t);
  let sent: () => void = () => undefined;
  const firstIsSent = new Promise<void>((resolve) => (sent = resolve));
  let goOn: () => void = () => undefined;
  const gate = new Promise<void>((resolve) => (goOn = resolve));
  const slow = {
    query: async (statement: pg.QueryConfig) => {
      const answer = await models.pool.query(statement);
      sent();
      await gate;
      return answer;
    },
  } as unknown as pg.Pool;
  const lookUp = new LookUp(jointQueriesOver(slow, nobodyWaits));
  const early = lookUp.find(randomUUID(), [1]);
  await firstIsSent;
  models.addProduct(1);
  await models.catchUp();
  const late = lookUp.find(randomUUID(), [1]);
  goOn();
  t.equal((await early).products.size, 0);
  t.equal((await late).products.size, 1);
});

t.test('waits until all models have got where the caller has been', async (t) => {
  const models = await allModels(t);
  const ada = await models.users.register(at, 'Ada', 'ada@example.org', true);
  models.addProduct(1);
  const min = models.log.events.at(-1)?.position ?? START;
  await models.catchUp('users');
  const waitedFor: string[] = [];
  const watch = watchThat(async (model) => {
    waitedFor.push(model);
    await models.catchUp(model as Model);
    return true;
  });
  const found = await new LookUp(jointQueriesOver(models.pool, watch)).find(ada, [1], {
    min,
    waitMs: 1000,
    lenient: false,
  });
  t.same(waitedFor, ['users', 'products', 'stock']);
  t.equal(found.products.size, 1);
  t.equal(found.position, min);
  await new LookUp(jointQueriesOver(models.pool, nobodyWaits)).find(ada, [1], { min, waitMs: 1000, lenient: false });
});

t.test('too late is refused, or answered with what is there if the caller is lenient', async (t) => {
  const models = await allModels(t);
  const ada = await models.users.register(at, 'Ada', 'ada@example.org', true);
  const min = models.log.events.at(-1)?.position ?? START;
  const lookUp = new LookUp(
    jointQueriesOver(
      models.pool,
      watchThat((model) => Promise.resolve(model === 'users')),
    ),
  );
  t.equal(await codeOfAsync(() => lookUp.find(ada, [], { min, waitMs: 1, lenient: false })), 'read-model-behind');
  t.equal((await lookUp.find(ada, [], { min, waitMs: 1, lenient: true })).user, null);
});

t.test('before the models are there they know nothing, so that the streams are asked', async (t) => {
  const { pool } = await testDatabase(t);
  const lookUp = new LookUp(jointQueriesOver(pool, nobodyWaits));
  const nothing = { user: null, products: new Map(), position: START };
  t.same(await lookUp.find(randomUUID(), [1]), nothing);
  const waiting = { min: 'f' as Position, waitMs: 1, lenient: false };
  const late = new LookUp(
    jointQueriesOver(
      pool,
      watchThat(() => Promise.resolve(false)),
    ),
  );
  t.equal(await codeOfAsync(() => late.find(randomUUID(), [1], waiting)), 'read-model-behind');
});
