/** The server's data is replaced by an older copy: it is noticed, nothing wrong is told by position, and one command mends it. */
import t, { type Test } from 'tap';
import { projections } from '../../../../projections/index.js';
import { positionOf } from '../../../../src/engine/log/eventstoredb/position.js';
import { modelStatuses, problemOf } from '../../../../src/engine/projecting/status.js';
import { fill, onStandIn, storeAt } from '../../../support/event-store/on-stand-in.js';
import { until } from '../../../support/orderlog.js';
import { demo, type RunningApp, runningApp } from '../../../support/running-app.js';
import type { LoggedEvent } from '../../../support/stand-in/logged-event.js';
import { type StandIn, standIn } from '../../../support/stand-in/stand-in.js';
import { rebuildAll } from '../../builds/rebuilding.js';

t.setTimeout(300_000);

interface Replaced {
  readonly shop: RunningApp;
  readonly server: StandIn;
  readonly userId: string;
  /** Orders of the history that is to be lost. */
  readonly lost: readonly string[];
  readonly token: string;
  /** Records that the older copy has. */
  readonly copy: number;
}

/** A shop whose last two orders are in no copy of the data. */
async function shopWithCopy(t: Test): Promise<Replaced> {
  const server = await standIn(t);
  const shop = await runningApp(t, { seed: demo, store: storeAt(t, server.url).store });
  const { user_id: userId } = await shop.registerUser();
  await shop.placeOrder(userId, [1]);
  const copy = server.events.length;
  const lost = [];
  for (let n = 0; n < 2; n++) lost.push((await shop.placeOrder(userId, [1])).order_id);
  const answer = await shop.http.get(`/v1/orders?limit=1`);
  const token = answer.headers.get('log-position') ?? '';
  await shop.http.get('/v1/orders', { 'min-log-position': token });
  return { shop, server, userId, lost, token, copy };
}

async function replace({ server, copy }: Replaced): Promise<void> {
  await server.kill();
  server.log.rewind(copy);
  await server.restart();
}

async function allStopped({ runtime: { pool } }: RunningApp): Promise<boolean> {
  const { rows } = await pool.query(
    `select from orderlog.checkpoints where state = 'stopped' and error ? 'lost' and build > 0`,
  );
  return rows.length === projections.length;
}

async function isRightAfterRebuild(t: Test, { shop, lost }: Replaced, placed: readonly string[]): Promise<void> {
  const { runtime, http } = shop;
  const made = await rebuildAll(runtime);
  t.ok(made.every(({ switched }) => switched));
  t.match((await runtime.pool.query('select count(*)::int as n from orderlog.log_times')).rows, [{ n: 0 }]);
  t.match((await runtime.pool.query('select count(*)::int as n from orderlog.as_of_builds')).rows, [{ n: 0 }]);
  const { rows: builds } = await runtime.pool.query(`select state from orderlog.builds where state <> 'active'`);
  t.same(builds, [], 'no build of the lost history is kept');
  await until(async () => (await modelStatuses(runtime, { cap: 1 })).every((status) => problemOf(status) === null));
  const { order_id } = await shop.placeOrder((await shop.registerUser()).user_id, [1]);
  const listed = (await http.get('/v1/orders?limit=100')).data as { order_id: string }[];
  const ids = listed.map((order) => order.order_id);
  for (const id of [...placed, order_id]) t.ok(ids.includes(id), 'orders of the log are listed');
  for (const id of lost) t.notOk(ids.includes(id), 'orders of the lost history are not');
  t.match((await http.get('/v1/categories/1/order-counts')).data, { placed: 1 + placed.length + 1 });
}

for (const [title, orders] of [
  ['and nobody has written since', 0],
  ['and as much was written since', 2],
  ['and more was written since', 3],
] as const) {
  void t.test(`while the product runs, ${title}: models stop, and a rebuild makes them right`, async (t) => {
    const replaced = await shopWithCopy(t);
    const { shop, token, userId } = replaced;
    const { http, runtime } = shop;
    await http.get(`/v1/categories?as_of=${token}`);
    await replace(replaced);
    const placed: string[] = [];
    for (let n = 0; n < orders; n++) placed.push((await shop.placeOrder(userId, [1])).order_id);
    await until(() => allStopped(shop));
    const statuses = await modelStatuses(runtime, { cap: 1 });
    for (const status of statuses) t.match(problemOf(status), /has stopped: the log has lost what it was made from/);
    t.match(statuses[0]?.error?.message, /replaced by an older copy.*run orderlog rebuild/);
    const byPosition = await http.send('GET', '/v1/orders', { headers: { 'min-log-position': token } });
    t.equal(byPosition.status, 503);
    t.ok((await http.send('GET', `/v1/categories?as_of=${token}`)).status >= 400, 'of no build that was made before');
    await isRightAfterRebuild(t, replaced, placed);
  });
}

void t.test('an older copy is noticed at the start, however much was written since', async (t) => {
  const replaced = await shopWithCopy(t);
  const { shop, userId } = replaced;
  await shop.stopProjectors();
  await replace(replaced);
  const placed: string[] = [];
  for (let n = 0; n < 2; n++) placed.push((await shop.placeOrder(userId, [1])).order_id);
  shop.startProjectors();
  await until(() => allStopped(shop));
  await isRightAfterRebuild(t, replaced, placed);
});

void t.test('a log that grows past a lost record while it is asked for it, does not hold it', async (t) => {
  const { server, store } = await onStandIn(t);
  const append = (): unknown => fill(server.log, 'order-1', 1);
  append();
  const kept = server.events.length;
  append();
  const [lost] = server.events.slice(kept);
  const mark = { position: positionOf((lost as LoggedEvent).position), id: (lost as LoggedEvent).id };
  t.equal(await store.holds(mark), true);
  server.log.rewind(kept);
  t.equal(await store.holds(mark), false, 'the log does not get there');
  // The record is not there; it is by the time that the end of the log is asked for.
  let reads = 0;
  const grows = (): false => {
    if (++reads === 2) append();
    return false;
  };
  server.faults.add('readAll', 'unavailable', { stream: grows });
  t.equal(await store.holds(mark), false, 'another record has its position');
  t.equal(positionOf((server.events.at(-1) as LoggedEvent).position), mark.position);
  t.equal(await store.holds({ ...mark, id: null }), true, 'of no id is told that the log gets there');
});
