/** The stand-in on a bad day: each fault has its effect on the client. */
import { type EventStoreDBClient, streamNameFilter } from '@eventstore/db-client';
import { StreamsClient } from '@eventstore/db-client/generated/streams_grpc_pb.js';
import pb from '@eventstore/db-client/generated/streams_pb.js';
import type { BatchAppendResp, ReadResp } from '@eventstore/db-client/generated/streams_pb.js';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import emptyPb from 'google-protobuf/google/protobuf/empty_pb.js';
import { credentials } from '@grpc/grpc-js';
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { streamIdentifier, uuid } from '../../support/stand-in/answers.js';
import { connect, failureOf, follow, some, streamOf } from '../../support/stand-in/driving.js';
import { type AppendFault, Faults } from '../../support/stand-in/faults.js';
import { type StandIn, standIn } from '../../support/stand-in/stand-in.js';

async function started(t: Test): Promise<{ server: StandIn; client: EventStoreDBClient }> {
  const server = await standIn(t);
  return { server, client: connect(t, server.url) };
}

/** Without the client, which some faults would kill the process through. */
function raw(t: Test, server: StandIn): StreamsClient {
  const client = new StreamsClient(`127.0.0.1:${server.port}`, credentials.createInsecure());
  t.teardown(() => client.close());
  return client;
}

void t.test('an append is refused in every way, and nothing is done', async (t) => {
  const { server, client } = await started(t);
  await client.appendToStream('a', some(2));
  const ways: [AppendFault, object][] = [
    ['wrong-expected-version', { type: 'wrong-expected-version', actualVersion: 1n }],
    ['stream-deleted', { type: 'stream-deleted' }],
    ['access-denied', { type: 'access-denied' }],
    ['unknown', { type: 'unknown', message: '' }],
    ['disk-full', { type: 'unknown' }],
    ['not-ready', { type: 'unknown', code: undefined, message: 'Could not recognize Server Is Not Ready' }],
    ['unavailable', { type: 'unavailable', code: 14 }],
    ['not-leader', { type: 'not-leader', leader: { address: '127.0.0.1', port: server.port } }],
    ['drop', { type: 'unavailable', code: 14 }],
  ];
  for (const [fault, error] of ways) {
    server.faults.add('append', fault);
    t.match(await failureOf(client.appendToStream('a', some(1))), error, JSON.stringify(fault));
  }
  t.equal(server.events.length, 2);
  t.equal(server.faults.happened.length, ways.length);
  await client.appendToStream('a', some(1));
});

void t.test('a deadline that passes has no message', async (t) => {
  const { server, client } = await started(t);
  server.faults.add('append', 'deadline');
  const error = await failureOf(client.appendToStream('a', some(1), { deadline: 100 }));
  t.match(error, { type: 'deadline-exceeded', message: '' });
  server.faults.add('append', 'never');
  const answer = client.appendToStream('a', some(1), { deadline: 50 }).catch(() => 'lost');
  t.equal(await Promise.race([answer, delay(200, 'no answer')]), 'no answer', 'the client has no deadline of its own');
});

void t.test('an append can be done and never be heard of', async (t) => {
  const { server, client } = await started(t);
  server.faults.add('append', 'apply-and-drop');
  t.match(await failureOf(client.appendToStream('a', some(1))), { type: 'unavailable', code: 14 });
  t.equal(server.events.length, 1);
  server.faults.add('append', { applyAndAnswerAfterMs: 150 });
  const before = Date.now();
  await client.appendToStream('b', some(1));
  t.ok(Date.now() - before >= 140);
});

void t.test('an append can be answered twice', async (t) => {
  const server = await standIn(t);
  server.faults.add('append', 'answer-twice');
  const call = raw(t, server).batchAppend();
  const answers: BatchAppendResp[] = [];
  call.on('data', (answer: BatchAppendResp) => answers.push(answer));
  call.on('error', () => undefined);
  const options = new pb.BatchAppendReq.Options()
    .setStreamIdentifier(streamIdentifier('a'))
    .setAny(new emptyPb.Empty());
  const message = new pb.BatchAppendReq.ProposedMessage().setId(uuid(randomUUID()));
  message.getMetadataMap().set('type', 'Counted').set('content-type', 'application/json');
  const request = new pb.BatchAppendReq().setCorrelationId(uuid(randomUUID())).setOptions(options).setIsFinal(true);
  call.write(request.setProposedMessagesList([message]));
  while (answers.length < 2) await delay(5);
  call.end();
  t.same(answers[0]?.toObject(), answers[1]?.toObject());
  t.equal(server.events.length, 1);
});

void t.test('reads break off', async (t) => {
  const { server, client } = await started(t);
  await client.appendToStream('a', some(5));
  for (const fault of ['unavailable', { unavailableAfter: 2 }, { dropAfter: 2 }, 'drop'] as const) {
    server.faults.add('read', fault);
    const read = streamOf(client.readStream('a'));
    t.match(await failureOf(read), { type: 'unavailable' }, JSON.stringify(fault));
  }
  server.faults.add('readAll', 'not-ready');
  t.match(await failureOf(streamOf(client.readAll())), { message: '14 UNAVAILABLE: Server Is Not Ready' });
  t.equal((await streamOf(client.readStream('a'))).length, 5);
});

void t.test('a subscription ends, breaks and falls silent', async (t) => {
  const { server, client } = await started(t);
  await client.appendToStream('a', some(2));
  const ended = follow(t, client.subscribeToAll());
  await ended.until(3);
  server.subscriptions.end();
  t.same((await ended.until(4)).slice(3, 4), ['end'], 'cleanly');

  const silent = follow(t, client.subscribeToAll());
  await silent.until(3);
  server.subscriptions.silence();
  await client.appendToStream('a', some(1));
  await delay(50);
  t.equal(silent.seen.length, 3, 'and no error');
  server.subscriptions.fail();
  t.same((await silent.until(4))[3], 'error 14');
});

void t.test('live events are left out', async (t) => {
  const { server, client } = await started(t);
  const seen = follow(t, client.subscribeToAll());
  await seen.until(1);
  server.subscriptions.skip(2);
  await client.appendToStream('a', some(3));
  t.same(await seen.until(2), ['caught up', 'a@2']);
});

void t.test(
  'checkpoints come early, again and in the wrong order, and so does the word of having caught up',
  async (t) => {
    const { server, client } = await started(t);
    await client.appendToStream('a', some(4));
    const [first, , third, last] = server.events.map(({ position }) => position.commit);
    const told = async (
      fault: 'checkpoint-early' | 'checkpoints-repeated' | 'checkpoints-out-of-order',
      count: number,
    ) => {
      server.faults.add('subscribe', fault);
      const checkpoints: bigint[] = [];
      const checkpointReached = async (_: unknown, { commit }: { commit: bigint }): Promise<void> =>
        void checkpoints.push(commit);
      const filter = streamNameFilter({ prefixes: ['none'], maxSearchWindow: 2, checkpointReached });
      const seen = follow(t, client.subscribeToAll({ filter }));
      while (checkpoints.length < count) await delay(5);
      await seen.subscription.unsubscribe();
      return checkpoints;
    };
    t.same((await told('checkpoint-early', 3)).slice(0, 2), [last, first]);
    t.same(await told('checkpoints-repeated', 6), [first, first, first, third, third, third]);
    t.same(await told('checkpoints-out-of-order', 3), [first, third, first]);
    server.faults.add('subscribe', 'caught-up-early');
    t.equal((await follow(t, client.subscribeToAll()).until(1))[0], 'caught up');
  },
);

void t.test('a malformed event is sent', async (t) => {
  const { server, client } = await started(t);
  const request = new pb.ReadReq();
  const options = new pb.ReadReq.Options().setSubscription(new pb.ReadReq.Options.SubscriptionOptions());
  const all = new pb.ReadReq.Options.AllOptions().setStart(new shared.Empty());
  request.setOptions(options.setAll(all).setNoFilter(new shared.Empty()));
  const call = raw(t, server).read(request);
  const events: ReadResp[] = [];
  call.on('data', (answer: ReadResp) => answer.hasEvent() && events.push(answer));
  call.on('error', () => undefined);
  while (server.subscriptions.count === 0) await delay(5);
  for (const how of ['no-id', 'bad-json'] as const) {
    server.subscriptions.breakNext(how);
    await client.appendToStream('a', some(1));
  }
  while (events.length < 2) await delay(5);
  call.cancel();
  t.notOk(events[0]?.getEvent()?.getEvent()?.hasId());
  t.equal(Buffer.from(events[1]?.getEvent()?.getEvent()?.getData_asU8() ?? []).toString(), '{"half":');
});

void t.test('a killed server is away until it is started again, and the same client goes on', async (t) => {
  const { server, client } = await started(t);
  await client.appendToStream('a', some(1));
  await server.kill();
  t.match(await failureOf(client.appendToStream('a', some(1))), { code: 14 });
  const next = await failureOf(client.appendToStream('a', some(1)));
  t.match(next, { code: 14 });
  t.equal(next.type, undefined, 'a plain error');
  await server.restart();
  await client.appendToStream('a', some(1));
  t.equal(server.events.length, 2);
});

void t.test('connections are dropped, refused and frozen', async (t) => {
  const { server, client } = await started(t);
  await client.appendToStream('a', some(1));
  const subscription = follow(t, client.subscribeToAll());
  await subscription.until(2);
  server.dropConnections();
  t.equal((await subscription.until(3))[2], 'error 14');

  server.refuseConnections();
  t.match(await failureOf(client.appendToStream('a', some(1))), { code: 14 });
  await server.acceptConnections();
  await client.appendToStream('a', some(1));

  server.freeze();
  const answer = client.appendToStream('a', some(1));
  t.equal(await Promise.race([answer, delay(200, 'nothing')]), 'nothing');
  server.thaw();
  t.equal((await answer).success, true);
});

void t.test('faults come by a seed, and only where they are wanted', (t) => {
  const drawn = (seed: number): boolean[] => {
    const faults = new Faults().add('append', 'unavailable', { probability: 0.3, seed });
    return Array.from({ length: 200 }, () => faults.take('append', 'a') !== undefined);
  };
  t.same(drawn(7), drawn(7));
  t.notSame(drawn(7), drawn(8));
  const share = drawn(7).filter(Boolean).length / 200;
  t.ok(share > 0.2 && share < 0.4);
  const some = new Faults().add('read', 'never', { times: 2, stream: (stream) => stream === 'b' });
  t.same(
    ['a', 'b', 'b', 'b'].map((stream) => some.take('read', stream)),
    [undefined, 'never', 'never', undefined],
  );
  t.end();
});
