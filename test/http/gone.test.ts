/** What is kept for callers is given up when they go away, however early. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { fastify } from 'fastify';
import t, { type Test } from 'tap';
import { ANSWERS_BYTES } from '../../src/engine/core/budgets.js';
import { AnswerGate, countAnswers } from '../../src/http/answer-gate.js';
import type { App } from '../../src/http/app-type.js';
import { Drain } from '../../src/http/drain.js';
import { EventStreams, type Sent } from '../../src/http/event-stream.js';
import { closeQueuedResponses, endUnreadStreams } from '../../src/http/gone.js';
import { callerGone, sendAndLeave } from '../support/leaving.js';
import { until } from '../support/orderlog.js';
import { failing, sampleApp } from './sample-app.js';

interface Stage {
  readonly app: App;
  readonly url: () => string;
  /** Answers under way to being sent, though nobody may be there any more. */
  readonly answered: () => number;
}

/** An application whose request of `/held` is never answered: what the same connection asks for then waits behind it. */
function stage(t: Test): Stage {
  const app = fastify() as unknown as App;
  t.teardown(() => app.close());
  closeQueuedResponses(app.server);
  endUnreadStreams(app);
  app.decorateRequest('mayStill', null);
  let answered = 0;
  app.addHook('onSend', (_request, _reply, payload, done) => {
    answered += 1;
    done(null, payload);
  });
  app.get('/held', () => new Promise(() => undefined));
  const url = (): string => `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
  return { app, url, answered: () => answered };
}

for (const [before, requests] of [
  ['', ['GET /late']],
  [', queued behind another one', ['GET /held', 'GET /late']],
] as const) {
  void t.test(`an answer whose caller left before it was made takes no room${before}`, async (t) => {
    const { app, answered } = stage(t);
    const gate = new AnswerGate();
    const large = 1_000_000;
    gate.sending(ANSWERS_BYTES - large);
    countAnswers(app, gate);
    app.get('/late', async (request) => {
      await callerGone(request);
      return 'x'.repeat(large);
    });
    await app.listen({ port: 0, host: '127.0.0.1' });
    await sendAndLeave(app.server, requests);
    await until(() => answered() === 1);
    t.equal(await gate.turn(() => Promise.resolve('made'), 50), 'made');
  });

  void t.test(`an event stream whose caller left before it began holds no place${before}`, async (t) => {
    const { app, url, answered } = stage(t);
    const streams = new EventStreams(new AbortController().signal, { most: 1 });
    app.get('/late', async (request, reply) => {
      await callerGone(request);
      return streams.answer(request, reply, quiet);
    });
    app.get('/now', (request, reply) => streams.answer(request, reply, quiet));
    await app.listen({ port: 0, host: '127.0.0.1' });
    await sendAndLeave(app.server, requests);
    await until(() => answered() === 1);
    const leaving = new AbortController();
    t.teardown(() => leaving.abort());
    t.equal((await fetch(`${url()}/now`, { signal: leaving.signal })).status, 200);
  });

  void t.test(`a stream whose reader left before it was sent is closed${before}`, async (t) => {
    const { app } = stage(t);
    const unread = new Readable({ read: () => undefined });
    app.get('/late', async (request, reply) => {
      await callerGone(request);
      return reply.send(unread);
    });
    await app.listen({ port: 0, host: '127.0.0.1' });
    await sendAndLeave(app.server, requests);
    await until(() => unread.closed);
    t.ok(unread.destroyed);
  });
}

void t.test('an event stream that waits for its turn ends with its connection', async (t) => {
  const { app } = stage(t);
  const streams = new EventStreams(new AbortController().signal, { most: 1 });
  let ended = 0;
  app.get('/now', (request, reply) =>
    streams.answer(request, reply, async function* (ends) {
      ends.addEventListener('abort', () => (ended += 1));
      yield* quiet(ends);
    }),
  );
  await app.listen({ port: 0, host: '127.0.0.1' });
  await sendAndLeave(app.server, ['GET /held', 'GET /now']);
  await until(() => ended === 1);
  t.equal(ended, 1);
});

void t.test('the end of a process waits for no request whose connection is closed, queued ones included', async (t) => {
  const told = failing();
  told.before = () => new Promise(() => undefined);
  // Longer than a test lasts.
  const drain = new Drain(60_000);
  const app = await sampleApp(told, { drain });
  await app.listen({ port: 0, host: '127.0.0.1' });
  await sendAndLeave(app.server, ['POST /v1/things/1/cancel', 'GET /v1/things']);
  await drain.close(app);
  t.pass('it has ended');
});

async function* quiet(ends: AbortSignal): AsyncGenerator<Sent> {
  yield { id: 'a' };
  if (!ends.aborted) await once(ends, 'abort');
}
