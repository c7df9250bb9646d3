import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fastify } from 'fastify';
import t, { type Test } from 'tap';
import { answerProblems } from '../../src/http/answer-problem.js';
import { EventStreams, type Sent } from '../../src/http/event-stream.js';
import { RouteTable } from '../../src/http/route-table.js';
import { frozen, type OpenStream, openStream } from '../support/event-stream.js';
import { Client } from '../support/http-client.js';
import { until } from '../support/orderlog.js';

void t.test('a client that takes nothing for too long is cut off', async (t) => {
  const stream = new EventStreams(new AbortController().signal, { stalledMs: 100 });
  const app = fastify({ forceCloseConnections: true });
  t.teardown(() => app.close());
  let isGone = false;
  app.get('/', (request, reply) => {
    request.raw.socket.once('close', () => (isGone = true));
    return stream.answer(request, reply, endless);
  });
  await app.listen({ port: 0, host: '127.0.0.1' });
  await frozen(t, (app.server.address() as AddressInfo).port, '/');
  await until(() => isGone);
  t.pass('the connection is gone');
});

void t.test('a quiet stream has heartbeats, which say how far it is', async (t) => {
  const streams = new EventStreams(new AbortController().signal, { heartbeatMs: 30 });
  const { client, leave } = await streamOf(t, streams, async function* (ends) {
    yield { id: 'a' };
    yield { id: 'b' };
    await once(ends, 'abort');
  });
  await until(() => client.heartbeats() >= 3);
  t.equal(client.lastId(), 'b');
  t.same(client.events, []);
  await leave();
});

void t.test('a stream that passes over one event after the other has heartbeats as well', async (t) => {
  const streams = new EventStreams(new AbortController().signal, { heartbeatMs: 200 });
  let last = 0;
  const { client, leave } = await streamOf(t, streams, async function* (ends) {
    while (!ends.aborted) {
      yield { id: String(last) };
      last += 1;
      await sleep(10);
    }
  });
  await until(() => client.heartbeats() >= 3);
  t.ok(client.heartbeats() < last, `${client.heartbeats()} heartbeats for ${last} events: not one for each`);
  t.ok(Number(client.lastId()) > 0, 'a client resumes behind what was passed over');
  t.same(client.events, []);
  await leave();
});

void t.test('more streams than may be open are refused, and one that is closed makes room', async (t) => {
  const streams = new EventStreams(new AbortController().signal, { most: 1 });
  const { client, another, leave } = await streamOf(t, streams, async function* (ends) {
    yield { id: 'a' };
    await once(ends, 'abort');
  });
  const refused = await another();
  t.equal(refused.status, 503);
  t.equal(refused.headers.get('retry-after'), '10');
  client.close();
  await until(async () => (await another()).status === 200);
  await leave();
});

void t.test('a stream whose source fails says what is wrong, and nothing of the error', async (t) => {
  const { client } = await streamOf(t, new EventStreams(new AbortController().signal), async function* () {
    yield { id: 'a' };
    throw new Error('secret');
  });
  await client.ended;
  t.match(client.events, [{ event: 'problem', data: { code: 'internal-error' } }]);
  t.notMatch(JSON.stringify(client.events), /secret/);
});

async function* endless(ends: AbortSignal): AsyncGenerator<Sent> {
  const data = 'x'.repeat(100_000);
  while (!ends.aborted) yield await Promise.resolve({ event: 'recorded', data });
}

/** One client of a server that has nothing but these streams. */
async function streamOf(
  t: Test,
  streams: EventStreams,
  source: (ends: AbortSignal) => AsyncGenerator<Sent>,
): Promise<{ client: OpenStream; another: () => Promise<OpenStream>; leave: () => Promise<void> }> {
  const app = fastify({ forceCloseConnections: true });
  t.teardown(() => app.close());
  answerProblems(app, new RouteTable(app));
  app.decorateRequest('mayStill', null);
  app.get('/', (request, reply) => streams.answer(request, reply, source));
  await app.listen({ port: 0, host: '127.0.0.1' });
  const http = new Client(`http://127.0.0.1:${(app.server.address() as AddressInfo).port}`);
  const opened: OpenStream[] = [];
  const another = async (): Promise<OpenStream> => {
    const stream = await openStream(t, http, '/');
    opened.push(stream);
    return stream;
  };
  const leave = async (): Promise<void> => {
    for (const stream of opened) stream.close();
    await app.close();
  };
  return { client: await another(), another, leave };
}
