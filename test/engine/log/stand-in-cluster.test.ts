/** Several stand-ins that a client takes for a cluster. */
import t from 'tap';
import { connect, failureOf, some, streamOf } from '../../support/stand-in/driving.js';
import { standInCluster } from '../../support/stand-in/cluster.js';
import { until } from '../../support/orderlog.js';

void t.test('a client finds the leader, and a follower names it', async (t) => {
  const cluster = await standInCluster(t);
  await connect(t, cluster.url).appendToStream('a', some(1), { requiresLeader: true });
  t.ok(cluster.leader && cluster.leader.connections > 0);
  const follower = connect(t, cluster.nodes[1]?.url ?? '');
  t.match(await failureOf(streamOf(follower.readStream('a', { requiresLeader: true }))), {
    type: 'not-leader',
    leader: { port: cluster.leader?.port },
  });
  t.same(await streamOf(connect(t, cluster.nodes[2]?.url ?? '').readStream('a')), ['a@0'], 'others are served');
});

void t.test('after the death of the leader the next one is not ready at once', async (t) => {
  const cluster = await standInCluster(t, 3, { notReadyMs: 1_500 });
  const client = connect(t, cluster.url);
  await client.appendToStream('a', some(1));
  const dead = await cluster.killLeader();
  await failureOf(client.appendToStream('a', some(1)));
  cluster.elect(1);
  const errors: string[] = [];
  await until(async () => {
    const error = await client.appendToStream('a', some(1)).then(
      () => null,
      (error: unknown) => error as Error,
    );
    if (error) errors.push(error.message);
    return !error;
  });
  t.ok(errors.includes('Could not recognize Server Is Not Ready'));
  await cluster.restartNode(dead);
  t.match(
    await failureOf(streamOf(connect(t, cluster.nodes[dead]?.url ?? '').readStream('a', { requiresLeader: true }))),
    {
      type: 'not-leader',
    },
  );
});

void t.test('without a quorum a write runs into its deadline, and a new client finds nobody', async (t) => {
  const cluster = await standInCluster(t, 3, { quorumTimeoutMs: 100 });
  const client = connect(t, cluster.url);
  await client.appendToStream('a', some(1));
  cluster.loseQuorum();
  t.match(await failureOf(client.appendToStream('a', some(1))), { type: 'deadline-exceeded' });
  const other = await failureOf(connect(t, `${cluster.url}&discoveryInterval=1`).appendToStream('a', some(1)));
  t.equal(other.message, 'Failed to discover after 10 attempts.');
  cluster.elect(2);
  await client.appendToStream('a', some(1));
});

void t.test('a frozen leader answers nothing, and another can be elected', async (t) => {
  const cluster = await standInCluster(t);
  const frozen = cluster.freezeLeader();
  cluster.elect((frozen + 1) % 3);
  await connect(t, cluster.leader?.url ?? '').appendToStream('a', some(1), { requiresLeader: true });
  cluster.nodes[frozen]?.thaw();
  t.equal(cluster.log.events.length, 1);
});
