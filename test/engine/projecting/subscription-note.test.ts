import { setTimeout as sleep } from 'node:timers/promises';
import { Registry } from 'prom-client';
import t, { type Test } from 'tap';
import type { SubscriptionState } from '../../../src/engine/core/event-store.js';
import { MemoryEventStore } from '../../../src/engine/log/memory.js';
import { acquireLease, type Lease } from '../../../src/engine/projecting/checkpoints.js';
import { measureReadModels } from '../../../src/engine/projecting/metrics.js';
import { prepareModel } from '../../../src/engine/builds/prepare-model.js';
import { connectionsOf, modelStatuses } from '../../../src/engine/projecting/status.js';
import { noteSubscription } from '../../../src/engine/projecting/subscription-note.js';
import { statusResult } from '../../../src/commands/status.js';
import { testDatabase, type TestDatabase } from '../../support/database.js';
import { until } from './running.js';
import { tally } from './tally.js';
import { reportsOver } from '../../support/engine-parts.js';

const model = tally('noted');
const of = { name: model.name, build: 1 };
const SINCE = '2026-01-01T00:00:00.000Z';
const fresh: SubscriptionState = { connectedSince: SINCE, drops: {}, lastEventAt: null };

interface Stage extends TestDatabase {
  readonly lease: Lease;
  noted(): Promise<SubscriptionState | null | undefined>;
  writes(): Promise<number>;
}

async function stage(t: Test): Promise<Stage> {
  const database = await testDatabase(t);
  const { pool } = database;
  await prepareModel(pool, model);
  const lease = (await acquireLease(pool, of, 'owner')) as Lease;
  const one = async <T>(what: string): Promise<T | undefined> =>
    (await pool.query<{ it: T }>(`select ${what} as it from orderlog.checkpoints`)).rows[0]?.it;
  const first = Number(await one('xmin::text'));
  return {
    ...database,
    lease,
    noted: () => one<SubscriptionState | null>('subscription'),
    writes: async () => Number(await one('xmin::text')) - first,
  };
}

t.test('a change of the connection is noted soon, the time of the last event now and then', async (t) => {
  const { pool, lease, noted, writes } = await stage(t);
  let state: SubscriptionState | null = fresh;
  const stop = noteSubscription({ pool, of, lease, subscription: { state: () => state } }, 5, 60_000);
  await until(async () => (await noted()) !== null);
  t.same(await noted(), fresh);
  const before = await writes();
  state = { ...fresh, lastEventAt: SINCE };
  await sleep(100);
  t.equal(await writes(), before, 'nothing is written for an event');
  state = { ...state, drops: { end: 1 } };
  await until(async () => (await noted())?.drops['end'] === 1);
  t.same(await noted(), state);
  state = null;
  await sleep(50);
  await stop();
  t.same(
    await noted(),
    { connectedSince: null, drops: { end: 1 }, lastEventAt: SINCE },
    'in the end it is not connected',
  );
});

t.test('the last event is noted after a while', async (t) => {
  const { pool, lease, noted } = await stage(t);
  let state = fresh;
  const stop = noteSubscription({ pool, of, lease, subscription: { state: () => state } }, 5, 50);
  await until(async () => (await noted()) !== null);
  state = { ...fresh, lastEventAt: SINCE };
  await until(async () => (await noted())?.lastEventAt === SINCE);
  await stop();
});

t.test('a log that has no connection to speak of leaves no note', async (t) => {
  const { pool, lease, noted } = await stage(t);
  const stop = noteSubscription({ pool, of, lease, subscription: { state: () => null } }, 5, 5);
  await sleep(30);
  await stop();
  t.equal(await noted(), null);
});

t.test('who has lost the lease notes nothing, and a database that is away is no error', async (t) => {
  const { pool, lease, noted } = await stage(t);
  const stop = noteSubscription({
    pool,
    of,
    lease: { epoch: lease.epoch - 1 },
    subscription: { state: () => fresh },
  });
  await stop();
  t.equal(await noted(), null);
  const { createPool } = await import('../../../src/engine/postgres/pool.js');
  const nowhere = createPool({ host: '127.0.0.1', port: 1 }, { max: 1, applicationName: 'nowhere' });
  t.teardown(() => nowhere.end());
  await noteSubscription({ pool: nowhere, of, lease, subscription: { state: () => fresh } })();
});

t.test('status and metrics show it; of an owner that has vanished it is not believed', async (t) => {
  const { pool, lease } = await stage(t);
  const sources = { pool, store: new MemoryEventStore(), projections: [model] };
  const registry = new Registry();
  measureReadModels(registry, { ...sources, owner: 'owner' });
  t.notMatch(await registry.metrics(), /orderlog_subscription_\w+\{/, 'nothing where there is nothing to say');
  t.equal(connectionsOf(await modelStatuses(sources, { cap: 1 })), null);

  const state = { connectedSince: SINCE, drops: { end: 2, silence: 1 }, lastEventAt: SINCE };
  const subscription = { state: () => state };
  const stop = noteSubscription({ pool, of, lease, subscription }, 5);
  await until(async () => (await modelStatuses(sources, { cap: 1 }))[0]?.subscription !== null);
  const again = new Registry();
  measureReadModels(again, { ...sources, owner: 'owner' });
  const text = await again.metrics();
  t.match(text, 'orderlog_subscription_connected{model="noted",version="1"} 1');
  t.match(text, 'orderlog_subscription_drops_total{model="noted",version="1",reason="silence"} 1');
  t.match(
    text,
    `orderlog_subscription_last_event_timestamp_seconds{model="noted",version="1"} ${Date.parse(SINCE) / 1000}`,
  );
  t.equal(connectionsOf(await modelStatuses(sources, { cap: 1 })), '1 of 1 subscriptions connected, 3 drops');
  const result = await statusResult({
    engine: reportsOver(sources),
    tokens: { encode: String },
    config: { dataDir: t.testdir() },
  });
  t.match(result.document, {
    models: [{ subscription: { connected_since: SINCE, drops: { end: 2, silence: 1 }, last_event_at: SINCE } }],
  });
  t.match(result.text, `connected since ${SINCE}, 3 drops (end 2, silence 1)`);

  await pool.query(`update orderlog.checkpoints set lease_until = clock_timestamp() - interval '1 second'`);
  t.match(await modelStatuses(sources, { cap: 1 }), [
    { state: 'idle', subscription: { connectedSince: null, drops: { end: 2 } } },
  ]);
  await stop();
});
