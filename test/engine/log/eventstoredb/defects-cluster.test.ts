/** Page 4, rows 12 and 13: a leader that is gone, frozen or another one, and a server that is asked and does not lead. */
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import type { RecordedEvent } from '../../../../src/engine/core/message.js';
import { START } from '../../../../src/engine/core/event-store.js';
import { collect, newEvent } from '../../../support/event-store/case.js';
import { fill, storeAt, until } from '../../../support/event-store/on-stand-in.js';
import { type ClusterOptions, type StandInCluster, standInCluster } from '../../../support/stand-in/cluster.js';
import type { EventStoreDb } from '../../../../src/engine/log/eventstoredb/store.js';

t.setTimeout(300_000);

/** One after the other, as long as somebody leads; `acknowledged` is what they were told. */
function busy(t: Test, store: EventStoreDb): { acknowledged: string[]; seen: RecordedEvent[]; stop(): Promise<void> } {
  const acknowledged: string[] = [];
  const seen: RecordedEvent[] = [];
  const stop = new AbortController();
  const writing = (async (): Promise<void> => {
    for (let revision: number | 'none' = 'none'; !stop.signal.aborted; await sleep(5)) {
      const event = newEvent();
      ({ revision } = await store.append('order-1', [event], revision));
      acknowledged.push(event.id);
    }
  })();
  const following = (async (): Promise<void> => {
    const filter = { streamPrefixes: ['order-'] };
    for await (const { events } of store.subscribe({ from: START, filter, signal: stop.signal })) seen.push(...events);
  })();
  const end = async (): Promise<void> => {
    stop.abort();
    await Promise.all([writing, following]);
  };
  t.teardown(end);
  return { acknowledged, seen, stop: end };
}

async function goesOn(t: Test, options: ClusterOptions, change: (cluster: StandInCluster) => Promise<void>) {
  const cluster = await standInCluster(t, 3, { quorumTimeoutMs: 1_000, ...options });
  const { store } = storeAt(t, cluster.url, { giveUpAfterMs: 30_000 });
  const { acknowledged, seen, stop } = busy(t, store);
  await until(() => acknowledged.length > 5 && seen.length > 5);
  await change(cluster);
  const since = Date.now();
  const before = cluster.log.events.length;
  await until(() => cluster.log.events.length > before + 5 && seen.length > before + 5);
  t.ok(
    Date.now() - since < 10_000,
    `appends and subscription went on ${Date.now() - since} ms after there was a leader`,
  );
  const read = await collect(store.read('order-1'));
  await until(() => seen.length >= read.length);
  await stop();
  t.same(
    cluster.log.events.map(({ id }) => id),
    acknowledged,
    'each acknowledged append is there once, and no other',
  );
  const ids = seen.map(({ id }) => id);
  t.same(ids, acknowledged.slice(0, ids.length), 'and was given once, in order');
}

void t.test('when the leader dies, appends and subscriptions continue on the next one', async (t) => {
  await goesOn(t, { notReadyMs: 500 }, async (cluster) => {
    const dead = await cluster.killLeader();
    await sleep(700);
    cluster.elect((dead + 1) % 3);
  });
});

void t.test('when the leader freezes, appends and subscriptions continue on the next one', async (t) => {
  await goesOn(t, {}, async (cluster) => {
    const frozen = cluster.freezeLeader();
    await sleep(500);
    cluster.elect((frozen + 1) % 3);
  });
});

void t.test('appends and subscriptions continue after a while without a quorum', async (t) => {
  await goesOn(t, {}, async (cluster) => {
    cluster.loseQuorum();
    await sleep(2_500);
    cluster.elect(0);
  });
});

void t.test('when another one leads and nobody died, appends and subscriptions go on', async (t) => {
  await goesOn(t, { notReadyMs: 300 }, async (cluster) => cluster.elect(2));
});

void t.test('a command decides on a stream that the leader has read, whichever server it asks', async (t) => {
  const cluster = await standInCluster(t);
  const { store } = storeAt(t, cluster.nodes[2]?.url ?? '');
  const [leader] = cluster.nodes;
  // Straight into the log: who appends goes over to the leader.
  fill(cluster.log, 'order-1', 1);
  leader?.faults.add('read', { lateMs: 0 });
  t.equal((await collect(store.read('order-1'))).length, 1);
  t.equal(leader?.faults.happened.length, 1, 'the leader was asked');
  leader?.faults.add('readAll', { lateMs: 0 });
  await store.head();
  t.equal(leader?.faults.happened.length, 2, 'for the head too');
});

void t.test('a server that says again and again that another leads is not followed for ever', async (t) => {
  const cluster = await standInCluster(t);
  const { store } = storeAt(t, cluster.url);
  cluster.leader?.faults.add('append', 'not-leader', { times: 2 }).add('append', 'no-leader', { times: 2 });
  cluster.leader?.faults.add('read', 'not-leader', { times: 2 }).add('read', 'not-ready', { times: 2 });
  t.match(await store.append('order-1', [newEvent()], 'none'), { revision: 0 });
  t.equal((await collect(store.read('order-1'))).length, 1);
  t.equal(cluster.log.events.length, 1);
});
