/** The stand-in against the client of EventStoreDB: it answers as a real server was seen to. */
import type { EventStoreDBClient } from '@eventstore/db-client';
import { jsonEvent, streamNameFilter } from '@eventstore/db-client';
import { setTimeout as delay } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { loopbackCertificate } from '../../support/stand-in/certificate.js';
import { type StandIn, standIn } from '../../support/stand-in/stand-in.js';
import { connect, failureOf, follow, some, streamOf } from '../../support/stand-in/driving.js';

async function started(t: Test, options = {}): Promise<{ server: StandIn; client: EventStoreDBClient }> {
  const server = await standIn(t, options);
  return { server, client: connect(t, server.url) };
}

void t.test('an append tells the revision and the position of its last event', async (t) => {
  const { server, client } = await started(t);
  const answer = await client.appendToStream('a', some(3), { expectedRevision: 'no_stream' });
  t.equal(answer.nextExpectedRevision, 2n);
  t.same(answer.position, server.events.at(-1)?.position);
  t.equal(new Set(server.events.map(({ position }) => position.commit)).size, 3, 'and each event has its own');
  t.ok((server.events[1]?.position.commit ?? 0n) - (server.events[0]?.position.commit ?? 0n) > 1n, 'in bytes');
});

void t.test('a wrong expected version has no message and no code, but the versions', async (t) => {
  const { client } = await started(t);
  await client.appendToStream('a', some(2));
  const error = await failureOf(client.appendToStream('a', some(1), { expectedRevision: 'no_stream' }));
  t.match(error, { type: 'wrong-expected-version', message: '', streamName: 'a', expectedVersion: 'no_stream' });
  t.match(error, { code: undefined, actualVersion: 1n });
  t.match(await failureOf(client.appendToStream('a', some(1), { expectedRevision: 7n })), { expectedVersion: 7n });
  t.match(await failureOf(client.appendToStream('b', some(1), { expectedRevision: 7n })), {
    actualVersion: 'no_stream',
  });
});

void t.test('the same ids again add nothing and get the same answer', async (t) => {
  const { server, client } = await started(t);
  const events = some(2);
  const first = await client.appendToStream('a', events, { expectedRevision: 'no_stream' });
  await client.appendToStream('a', some(1), { expectedRevision: 1n });
  t.same(await client.appendToStream('a', events, { expectedRevision: 'no_stream' }), first);
  t.same(await client.appendToStream('a', events, { expectedRevision: 'any' }), first);
  t.match(await failureOf(client.appendToStream('a', [...events, ...some(2)], { expectedRevision: 'no_stream' })), {
    type: 'wrong-expected-version',
  });
  t.equal(server.events.length, 3);

  await server.restart();
  await failureOf(client.appendToStream('other', some(1)));
  t.same(await client.appendToStream('a', events, { expectedRevision: 'no_stream' }), first, 'after a restart too');
  const twice = await client.appendToStream('a', events, { expectedRevision: 'any' });
  t.equal(twice.nextExpectedRevision, 4n, 'but any is stored twice then');
});

void t.test('an append over 1 MiB is refused', async (t) => {
  const { client } = await started(t);
  const large = jsonEvent({ type: 'Large', data: { text: 'x'.repeat(1024 * 1024) } });
  t.match(await failureOf(client.appendToStream('a', large)), {
    type: 'maximum-append-size-exceeded',
    maxAppendSize: 1_048_576,
  });
  await client.appendToStream('a', jsonEvent({ type: 'Large', data: { text: 'x'.repeat(1_000_000) } }));
});

void t.test('reads go both ways, from a revision and from a position', async (t) => {
  const { server, client } = await started(t);
  await client.appendToStream('a', some(5));
  t.same(await streamOf(client.readStream('a', { fromRevision: 3n })), ['a@3', 'a@4']);
  t.same(await streamOf(client.readStream('a', { direction: 'backwards', fromRevision: 'end', maxCount: 2 })), [
    'a@4',
    'a@3',
  ]);
  const fromPosition = server.events[2]?.position ?? 'start';
  t.same(await streamOf(client.readAll({ fromPosition, maxCount: 2 })), ['a@2', 'a@3'], 'inclusive forwards');
  t.same(await streamOf(client.readAll({ fromPosition, direction: 'backwards' })), ['a@1', 'a@0'], 'exclusive back');
  t.match(await failureOf(streamOf(client.readStream('none'))), { type: 'stream-not-found' });
  const between = { commit: server.events[2]?.position.commit ?? 0n, prepare: 0n };
  t.same(
    await streamOf(client.readAll({ fromPosition: between, maxCount: 1 })),
    ['a@2'],
    'prepare 0 is taken as it is',
  );
});

void t.test('the time of an event is in milliseconds', async (t) => {
  const { client } = await started(t);
  await client.appendToStream('a', some(1));
  for await (const { event } of client.readStream('a')) {
    t.ok(Math.abs(Date.now() - (event?.created.getTime() ?? 0)) < 10_000);
  }
});

void t.test(
  'a stream is not found when deleted softly, deleted after a tombstone, and shorter when truncated',
  async (t) => {
    const { server, client } = await started(t);
    for (const stream of ['soft', 'hard', 'cut']) await client.appendToStream(stream, some(3));
    await client.deleteStream('soft');
    t.match(await failureOf(streamOf(client.readStream('soft'))), { type: 'stream-not-found' });
    await client.appendToStream('soft', some(1), { expectedRevision: 'no_stream' });
    t.same(await streamOf(client.readStream('soft')), ['soft@3'], 'it goes on where it was');
    await client.tombstoneStream('hard');
    t.match(await failureOf(streamOf(client.readStream('hard'))), { type: 'stream-deleted' });
    t.match(await failureOf(client.appendToStream('hard', some(1))), { type: 'stream-deleted' });
    server.truncate('cut', 2);
    t.same(await streamOf(client.readStream('cut')), ['cut@2']);
    t.ok((await streamOf(client.readAll())).includes('$$cut@0'), 'which is a system event in the log');
  },
);

void t.test('a subscription gives what is there, the word that it has caught up, and what comes', async (t) => {
  const { client } = await started(t);
  await client.appendToStream('a', some(2));
  const seen = follow(t, client.subscribeToAll());
  await seen.until(3);
  await client.appendToStream('a', some(1));
  t.same(await seen.until(4), ['a@0', 'a@1', 'caught up', 'a@2']);
  await seen.subscription.unsubscribe();
  t.same(await seen.until(6), ['a@0', 'a@1', 'caught up', 'a@2', 'end', 'close']);
});

void t.test('a filter is of the server in a subscription, with a checkpoint an interval', async (t) => {
  const { server, client } = await started(t, { caughtUp: false, checkpointAtHead: false });
  for (let n = 0; n < 4; n++) await client.appendToStream(n % 2 ? 'a' : 'b', some(1));
  const checkpoints: bigint[] = [];
  const filter = streamNameFilter({
    prefixes: ['none'],
    maxSearchWindow: 2,
    checkpointReached: async (_, { commit }) => void checkpoints.push(commit),
  });
  const nothing = follow(t, client.subscribeToAll({ filter }));
  const some1 = follow(t, client.subscribeToAll({ filter: streamNameFilter({ prefixes: ['a'] }) }));
  t.same(await some1.until(2), ['a@0', 'a@1'], 'and nothing of having caught up from an old server');
  while (checkpoints.length < 2) await delay(5);
  t.same(checkpoints, [server.events[0]?.position.commit, server.events[2]?.position.commit]);
  t.same(nothing.seen, []);
});

void t.test('a reader that does not read is waited for', async (t) => {
  const { server, client } = await started(t);
  const data = { text: 'x'.repeat(100_000) };
  for (let n = 0; n < 10; n++) {
    await client.appendToStream(
      'a',
      Array.from({ length: 10 }, () => jsonEvent({ type: 'Large', data })),
    );
  }
  const subscription = client.subscribeToAll();
  subscription.on('error', () => undefined);
  await delay(300);
  t.equal(server.subscriptions.count, 1);
  let count = 0;
  for await (const { event } of subscription) if (event && ++count === 100) break;
  t.equal(count, 100);
});

void t.test('what is no event of ours can be put into the log', async (t) => {
  const { server, client } = await started(t);
  server.put('$stats', { type: '$statsCollected' });
  server.put('a', { type: 'Binary', isJson: false, data: Buffer.from([1, 2, 3]) });
  server.put('a', { type: 'Broken', data: Buffer.from('{"half":') });
  const events = [];
  for await (const { event } of client.readAll()) events.push(event?.data);
  t.equal(events.length, 3);
  t.ok(events[1] instanceof Uint8Array);
  t.equal(events[2], '{"half":', 'the client hands over what it cannot parse as text');
});

void t.test('with TLS and users, only who knows the password is served', async (t) => {
  const certificate = loopbackCertificate();
  const server = await standIn(t, { tls: certificate, users: { admin: 'changeit' } });
  const as = (user: string): EventStoreDBClient =>
    connect(t, `${server.url.replace('esdb://', `esdb://${user}`)}&tlsCAFile=${certificate.certFile}`);
  await as('admin:changeit@').appendToStream('a', some(1));
  t.match(await failureOf(as('').appendToStream('a', some(1))), { type: 'access-denied' });
  t.match(await failureOf(as('admin:wrong@').appendToStream('a', some(1))), { type: 'access-denied', code: 16 });
  t.match(await failureOf(streamOf(as('').readAll())), { type: 'access-denied', code: 7 });
  t.equal(server.events.length, 1);
});

void t.test('an old server has no batch append, and one older still tells nothing', async (t) => {
  for (const version of ['20.10.5', null]) {
    const { server, client } = await started(t, { version });
    const answer = await client.appendToStream('a', some(2), { expectedRevision: 'no_stream' });
    t.equal(answer.nextExpectedRevision, 1n);
    t.equal(server.events.length, 2);
    t.match(await failureOf(client.appendToStream('a', some(2), { expectedRevision: 0n })), { actualVersion: 1n });
  }
});
