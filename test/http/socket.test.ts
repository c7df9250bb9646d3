import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import type { App } from '../../src/http/app-type.js';
import { Drain } from '../../src/http/drain.js';
import { failing, sampleApp } from './sample-app.js';

async function listening(app: App): Promise<number> {
  await app.listen({ host: '127.0.0.1', port: 0 });
  return (app.server.address() as AddressInfo).port;
}

/** Everything that comes back for some bytes. */
async function raw(port: number, ...pieces: readonly (string | Buffer)[]): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  let answer = '';
  socket.setEncoding('utf8').on('data', (text: string) => (answer += text));
  socket.on('error', () => undefined);
  const closed = once(socket, 'close');
  for (const piece of pieces) socket.write(piece);
  await Promise.race([closed, sleep(30_000, undefined, { ref: false })]);
  socket.destroy();
  return answer;
}

void t.test('what is not HTTP is answered with a problem too', async (t) => {
  const app = await sampleApp();
  t.teardown(() => app.close());
  const port = await listening(app);
  const close = 'host: localhost\r\nconnection: close\r\n';
  const cases: readonly (readonly [string, number, string, string])[] = [
    ['headers-too-large', 431, 'large headers', `GET /v1/things HTTP/1.1\r\n${close}x: ${'a'.repeat(40_000)}\r\n\r\n`],
    ['headers-too-large', 431, 'a long URL', `GET /${'a'.repeat(40_000)} HTTP/1.1\r\n${close}\r\n`],
    ['invalid-request', 400, 'nonsense', 'nonsense\r\n\r\n'],
    ['invalid-request', 400, 'TLS', '\u0016\u0003\u0001\u0002'],
    [
      'invalid-request',
      400,
      'two lengths',
      `POST /v1/orders HTTP/1.1\r\n${close}content-length: 1\r\ncontent-length: 2\r\n\r\na`,
    ],
    ['invalid-request', 400, 'a space in a header', `GET / HTTP/1.1\r\nho st: localhost\r\n\r\n`],
    ['forbidden', 403, 'no host', 'GET /v1/things HTTP/1.1\r\nconnection: close\r\n\r\n'],
    ['method-not-allowed', 405, 'a rare method', `PROPFIND /v1/things HTTP/1.1\r\n${close}\r\n`],
    // Fastify wants to know the media type before it looks for a route.
    ['method-not-allowed', 405, 'a query with nothing', `QUERY /v1/things HTTP/1.1\r\n${close}\r\n`],
    ['route-not-found', 404, 'a query of nothing', `QUERY /v1/nothing HTTP/1.1\r\n${close}\r\n`],
    [
      'invalid-request',
      400,
      'a bad chunk',
      `POST /v1/orders HTTP/1.1\r\n${close}content-type: application/json\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n`,
    ],
  ];
  for (const [code, status, what, bytes] of cases) {
    const answer = await raw(port, Buffer.from(bytes, 'latin1'));
    t.match(answer, new RegExp(`^HTTP/1.1 ${status} `), what);
    t.match(answer, /content-type: application\/problem\+json/i, what);
    t.match(answer, /x-request-id: /i, what);
    t.match(answer, `"code":"${code}"`, what);
  }
});

void t.test('a HEAD with too large headers is refused without a body', async (t) => {
  const app = await sampleApp();
  t.teardown(() => app.close());
  const port = await listening(app);
  const answer = await raw(port, `HEAD /${'a'.repeat(40_000)} HTTP/1.1\r\nhost: localhost\r\n\r\n`);
  t.match(answer, /^HTTP\/1.1 431 /);
  t.match(answer, /content-length: [1-9].*\r\n\r\n$/is);
});

void t.test('an expectation that nobody knows is passed over', async (t) => {
  const app = await sampleApp();
  t.teardown(() => app.close());
  const port = await listening(app);
  const answer = await raw(
    port,
    'GET /v1/tree HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\nexpect: miracles\r\n\r\n',
  );
  t.match(answer, /^HTTP\/1.1 200 /);
});

void t.test('a sender of far too much gets to see why it is refused', async (t) => {
  const app = await sampleApp();
  t.teardown(() => app.close());
  const port = await listening(app);
  const url = `http://127.0.0.1:${port}/v1/orders`;
  const headers = { 'content-type': 'application/json' };
  const known = await fetch(url, { method: 'POST', headers, body: 'x'.repeat(5_000_000) });
  t.equal(known.status, 413);
  t.not(known.headers.get('connection'), 'close', 'the rest is read, not cut off');
  t.match(await known.json(), { code: 'payload-too-large' });
  const stream = new ReadableStream({
    start(controller) {
      for (let n = 0; n < 50; n++) controller.enqueue(Buffer.alloc(100_000, 'x'));
      controller.close();
    },
  });
  const chunked = await fetch(url, { method: 'POST', headers, body: stream, duplex: 'half' });
  t.equal(chunked.status, 413);
  await chunked.text();
});

/** One request over a connection that is kept; resolves with status and whether the connection ends. */
async function post(
  port: number,
  agent: Agent,
): Promise<{ status: number; connection: string | undefined; body: string }> {
  const sent = request({ port, host: '127.0.0.1', method: 'POST', path: '/v1/things/1/cancel', agent });
  sent.end();
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  let body = '';
  for await (const piece of answer) body += String(piece);
  return { status: answer.statusCode ?? 0, connection: answer.headers.connection, body };
}

void t.test('requests under way are finished, new ones refused, idle connections closed', async (t) => {
  const told = failing();
  const drain = new Drain();
  const app = await sampleApp(told, { drain });
  const port = await listening(app);
  const agent = new Agent({ keepAlive: true });
  t.teardown(() => agent.destroy());
  let finish = (): void => undefined;
  await post(port, agent);
  const idle = connect(port, '127.0.0.1');
  t.teardown(() => idle.destroy());
  const started = new Promise<void>((resolve) => {
    told.before = async () => {
      resolve();
      await new Promise<void>((done) => (finish = done));
    };
  });
  const underWay = post(port, agent);
  await started;
  const start = Date.now();
  const drained = drain.close(app);
  const refused = await post(port, new Agent());
  t.match(refused, { status: 503, connection: 'close', body: /"code":"overloaded"/ });
  finish();
  t.match(await underWay, { status: 200 });
  await drained;
  t.ok(Date.now() - start < 4_000, 'without waiting for connections that are only kept');
  await t.rejects(post(port, new Agent()), { code: 'ECONNREFUSED' });
});

void t.test('a request that hangs does not keep the process from ending in time', async (t) => {
  const told = failing();
  const drain = new Drain(300);
  const app = await sampleApp(told, { drain });
  const port = await listening(app);
  const started = new Promise<void>((resolve) => {
    told.before = () => {
      resolve();
      return new Promise<never>(() => undefined);
    };
  });
  const hanging = post(port, new Agent()).catch((error: unknown) => (error as { code?: string }).code);
  await started;
  const start = Date.now();
  await drain.close(app);
  t.ok(Date.now() - start < 4_000);
  t.equal(await hanging, 'ECONNRESET');
});
