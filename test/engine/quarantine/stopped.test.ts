import { randomUUID } from 'node:crypto';
import { test } from 'tap';
import { projections } from '../../../projections/index.js';
import type { JsonObject } from '../../../src/engine/core/message.js';
import { WrongUse } from '../../../src/commands/output.js';
import { listResult, skipResult } from '../../../src/commands/quarantine.js';
import { failure, newEvent } from '../../support/event-store/case.js';
import { outcome } from '../../support/http-client.js';
import { until } from '../../support/orderlog.js';
import { demo, type RunningApp, runningApp } from '../../support/running-app.js';
import { rebuildAll } from '../builds/rebuilding.js';

async function stopped({ runtime }: RunningApp): Promise<string[]> {
  const { rows } = await runtime.pool.query<{ model: string }>(
    `select model from orderlog.checkpoints where state = 'stopped' order by model`,
  );
  return rows.map(({ model }) => model);
}

/** All models have all of the log, each where it is read. */
async function atTheHead({ runtime }: RunningApp): Promise<void> {
  const head = await runtime.store.head();
  await until(async () => {
    const { rows } = await runtime.pool.query(
      `select from orderlog.checkpoints c join orderlog.builds b on b.model = c.model and b.number = c.build
       where b.state = 'active' and c.position >= $1`,
      [head],
    );
    return rows.length === projections.length;
  });
}

interface Foreign {
  readonly stream: string;
  readonly type: string;
  readonly data: JsonObject;
  readonly models: readonly string[];
}

const OF_PRODUCTS = ['category-tree', 'order-counts', 'products'];

const foreign: Readonly<Record<string, Foreign>> = {
  'of a product that there is not, and not of its schema': {
    ...{ stream: 'product-900', type: 'ProductAdded', data: { sku: 'from elsewhere' }, models: OF_PRODUCTS },
  },
  'of a type that nobody knows, in the tree': {
    ...{ stream: 'categoryTree-main', type: 'CategoryPainted', data: {}, models: OF_PRODUCTS },
  },
};

for (const [title, { stream, type, data, models }] of Object.entries(foreign)) {
  test(`skip takes models past an event ${title}, and they go on without a restart`, async (t) => {
    const shop = await runningApp(t, { seed: demo });
    const { runtime, http } = shop;
    const { user_id } = await shop.registerUser();
    const { revision } = await runtime.store.append(stream, [newEvent(type, data)], 'any');
    await until(async () => (await stopped(shop)).length === models.length);
    t.same(await stopped(shop), models);
    const at = { stream, revision };
    const list = await listResult(runtime, {});
    t.match(list.document, { quarantined: [], stopped: models.map((model) => ({ model, version: 1, ...at })) });
    t.match(list.text, new RegExp(`STOPPED +category-tree .*${stream}@${revision}: `));

    const options = { stream: `${stream}@${revision}`, reason: 'written by another application' };
    for (const wrong of [`${stream}@${revision + 1}`, 'product-901', stream.slice(0, -1)]) {
      t.type(await failure(skipResult(runtime, { ...options, stream: wrong })), WrongUse, wrong);
    }
    t.same(await stopped(shop), models, 'nothing was skipped');
    const skipped = await skipResult(runtime, options);
    t.equal(skipped.exitCode, 0);
    t.match(skipped.document, {
      skipped: models.map((model) => ({ model, ...at, reason: options.reason, held: null })),
    });
    t.match(skipped.text, /category-tree v1 .*is skipped, the model continues behind it/);

    await shop.placeOrder(user_id, [1]);
    await atTheHead(shop);
    t.same(await stopped(shop), []);
    const counts = (await http.get('/v1/categories/1/order-counts')).data as { placed: number };
    t.ok(counts.placed > 0, 'what is behind the event counts');
    await rebuildAll(runtime);
    const nothing = (): void => undefined;
    const options_ = { signal: new AbortController().signal, stretch: nothing, done: nothing };
    const verified = await runtime.engine.verify(projections, options_);
    t.ok(verified.ok, JSON.stringify(verified.checks));
    t.match(verified.notes.join('\n'), `category-tree: ${stream}@${revision} is skipped: ${options.reason}`);
  });
}

test('skip refuses the event of a newer schema version that models have stopped at, and names the remedy', async (t) => {
  const shop = await runningApp(t, { seed: demo });
  const { runtime, http } = shop;
  const paid = newEvent('OrderPaid', {});
  const stream = `order-${randomUUID()}`;
  await runtime.store.append(stream, [{ ...paid, metadata: { ...paid.metadata, schema_version: 99 } }], 'none');
  const models = ['order-counts', 'order-stock', 'user-orders'];
  await until(async () => (await stopped(shop)).length === models.length);
  const skip = { stream: `${stream}@0`, reason: 'impatience' };
  t.match(await failure(skipResult(runtime, skip)), {
    name: 'WrongUse',
    message: /a newer release wrote it .*; nothing was skipped: start a process of that release/,
  });
  const refused = await http.send('POST', '/v1/ops/quarantine/skip', { json: skip });
  t.equal(outcome(refused), '409 not-quarantined');
  t.match((refused.body as { detail: string }).detail, /nothing was skipped\. Start a process of that release/);
  t.same(await stopped(shop), models);
  t.match((await listResult(runtime, {})).document, { skipped: [] });
});
