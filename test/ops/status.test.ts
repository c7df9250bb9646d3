import t from 'tap';
import { statusResult } from '../../src/commands/status.js';
import { until } from '../support/orderlog.js';
import { runningApp } from '../support/running-app.js';

void t.test('the route of the status answers what orderlog status --json prints', async (t) => {
  const shop = await runningApp(t);
  await shop.addCategory();
  const head = await shop.runtime.store.head();
  // At rest, the reactor too: what moves between the two looks would stand in one of them alone.
  await until(async () => {
    const { models, reactors } = await shop.runtime.engine.report({ cap: 1 });
    return [...models, ...reactors].every(({ checkpoint, state }) => checkpoint === head && state === 'running');
  });
  const { document } = await statusResult(shop.runtime);
  const { data } = await shop.http.ok('GET', '/v1/ops/status');
  const timeless = (of: unknown): unknown =>
    JSON.parse(JSON.stringify(of), (name, value: unknown) => (name === 'lag_seconds' ? 0 : value));
  t.same(timeless(data), timeless(document));
  t.match(data, { store: { kind: 'postgres' }, models: shop.runtime.projections.map(({ name }) => ({ name })) });
});

void t.test('the status says within seconds that nobody projects a read model any more', async (t) => {
  const shop = await runningApp(t);
  await shop.stopProjectors();
  const states = async (): Promise<string[]> => {
    const { data } = await shop.http.ok('GET', '/v1/ops/status');
    return (data as { models: { state: string }[] }).models.map(({ state }) => state);
  };
  await until(async () => (await states()).every((state) => state === 'idle'), 10_000);
  t.pass('every model is idle');
});

void t.test('the printed status names the number of a read model as its build', async (t) => {
  const shop = await runningApp(t);
  await shop.addCategory();
  await shop.runtime.engine.catchUp(await shop.runtime.store.head(), 30_000);
  const { text } = await statusResult(shop.runtime);
  t.match(text, /^model +build +state +lag +age\n/m);
  t.match(text, /^user-orders +v1 +running +0 events /m, 'the first build, whatever the version of the code');
  t.match(text, /^reactor +code version +state +lag +age\n/m);
  await shop.stopProjectors();
  await shop.addCategory();
  t.match((await statusResult(shop.runtime)).text, /^category-tree .* 1 event +\d/m);
});

void t.test('each read model is shown with its builds', async (t) => {
  const shop = await runningApp(t);
  const { position } = (await shop.addCategory(), shop.http);
  await until(async () => shop.runtime.engine.hasReached(await shop.runtime.store.head()));
  const { data } = await shop.http.ok('GET', '/v1/ops/read-models');
  t.match(
    data,
    shop.runtime.projections.map(({ name, version }) => ({
      name,
      projection_version: version,
      builds: [{ build: 1, projection_version: version, state: 'active', ready: true, kept_until: null }],
    })),
  );
  const tree = (data as { name: string; builds: { checkpoint: string }[] }[]).find(
    ({ name }) => name === 'category-tree',
  );
  t.equal(tree?.builds[0]?.checkpoint, position);
});
