/** Requests that are legal but rare, and requests that are almost right. */
import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { brotliCompressSync, deflateSync, gunzipSync, gzipSync } from 'node:zlib';
import t, { type Test } from 'tap';
import type { App } from '../../src/http/app-type.js';
import { failing, sampleApp } from './sample-app.js';

const ORDER = JSON.stringify({
  user_id: '0190a8c0-0000-7000-8000-000000000001',
  items: [{ product_id: 1, quantity: 1 }],
});

async function listening(t: Test, told = failing()): Promise<number> {
  const app = await sampleApp(told);
  t.teardown(() => app.close());
  await app.listen({ host: '127.0.0.1', port: 0 });
  return (app.server.address() as AddressInfo).port;
}

/** All that comes back before the server hangs up, and whether it does. */
async function raw(port: number, ...pieces: readonly string[]): Promise<{ text: string; closed: boolean }> {
  const socket = connect(port, '127.0.0.1').setNoDelay(true);
  let text = '';
  let closed = false;
  socket.setEncoding('utf8').on('data', (piece: string) => (text += piece));
  socket.on('error', () => undefined);
  const end = once(socket, 'close').then(() => (closed = true));
  for (const piece of pieces) {
    socket.write(piece);
    if (pieces.length > 1) await sleep(20);
  }
  await Promise.race([end, sleep(30_000, undefined, { ref: false })]);
  socket.destroy();
  return { text, closed };
}

function post(path: string, body: string, ...headers: readonly string[]): string {
  const lines = ['host: localhost', 'content-type: application/json', `content-length: ${body.length}`, ...headers];
  return `POST ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n${body}`;
}

function statuses({ text }: { text: string }): number[] {
  return [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
}

const get = 'GET /v1/things/1 HTTP/1.1\r\nhost: localhost\r\n\r\n';
const order = post('/v1/orders', ORDER);

const behind: readonly (readonly [what: string, bytes: string, wanted: readonly number[]])[] = [
  ['one byte too many', `${order}x`, [201, 400]],
  ['a line that is no request', `${order}hello there\r\n\r\n`, [201, 400]],
  ['bytes of TLS', `${order}\u0016\u0003\u0001\u0002\u0000`, [201, 400]],
  ['two requests and one byte too many', `${order}${get}}`, [201, 200, 400]],
  ['headers that are too large', `${order}GET / HTTP/1.1\r\nx: ${'a'.repeat(40_000)}\r\n\r\n`, [201, 431]],
  ['a second request with a bad chunk', `${order}${post('/v1/orders', '', 'transfer-encoding: chunked')}`, [201, 400]],
  ['a byte behind the last request of a connection', `${post('/v1/orders', ORDER, 'connection: close')}x`, [201]],
  [
    'a line end, which is allowed',
    `${order}\r\n${get.replace('\r\n\r\n', '\r\nconnection: close\r\n\r\n')}`,
    [201, 200],
  ],
];

for (const [what, bytes, wanted] of behind) {
  void t.test(`a valid request is answered first: ${what} behind it`, async (t) => {
    const port = await listening(t);
    const answer = await raw(port, bytes);
    t.same(statuses(answer), wanted);
    t.ok(answer.closed, 'and then the connection is closed');
  });
}

void t.test('the answer of a request that takes its time comes first, whatever arrives meanwhile', async (t) => {
  const told = failing();
  let finish = (): void => undefined;
  const started = new Promise<void>((resolve) => {
    told.before = async () => {
      resolve();
      await new Promise<void>((done) => (finish = done));
    };
  });
  const port = await listening(t, told);
  void started.then(() => setTimeout(() => finish(), 100));
  const answer = await raw(port, post('/v1/things/1/cancel', ''), 'x', 'y', 'z'.repeat(1_000));
  t.same(statuses(answer), [200, 400]);
  t.ok(answer.closed);
});

const ambiguous: readonly (readonly [what: string, headers: readonly string[]])[] = [
  ['two Host lines', ['host: localhost']],
  ['two Host lines that differ', ['Host: example.org']],
  ['two Content-Length lines that agree', [`content-length: ${ORDER.length}`]],
  ['two Content-Length lines that differ', ['content-length: 3']],
  ['Content-Length and Transfer-Encoding', ['transfer-encoding: chunked']],
  ['two Content-Type lines', ['content-type: text/plain']],
  ['two Authorization lines', ['authorization: a', 'Authorization: b']],
];

for (const [what, headers] of ambiguous) {
  void t.test(`refuses ${what}`, async (t) => {
    const answer = await raw(await listening(t), post('/v1/orders', ORDER, 'connection: close', ...headers));
    t.same(statuses(answer), [400]);
    t.match(answer.text, '"code":"invalid-request"');
  });
}

void t.test('refuses a body that was encoded for the transfer in another way than in chunks, or twice', async (t) => {
  const port = await listening(t);
  const chunked = `${ORDER.length.toString(16)}\r\n${ORDER}\r\n0\r\n\r\n`;
  const send = (...lines: string[]): Promise<{ text: string }> =>
    raw(
      port,
      `POST /v1/orders HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: application/json\r\n${lines.join('\r\n')}\r\n\r\n${chunked}`,
    );
  t.same(statuses(await send('transfer-encoding: Chunked')), [201]);
  const bad = [
    ['transfer-encoding: chunked', 'transfer-encoding: chunked'],
    ['transfer-encoding: chunked, chunked'],
    ['transfer-encoding: gzip, chunked'],
    ['transfer-encoding: gzip', 'transfer-encoding: chunked'],
    ['transfer-encoding: identity'],
  ];
  for (const lines of bad) {
    const answer = await send(...lines);
    t.same(statuses(answer), [400], lines.join());
    t.match(answer.text, '"code":"invalid-request"');
  }
});

async function opened(t: Test): Promise<App> {
  const app = await sampleApp();
  t.teardown(() => app.close());
  return app;
}

void t.test('refuses a body with a content coding, whatever the route reads', async (t) => {
  const app = await opened(t);
  const send = async (url: string, type: string, payload: string | Buffer, coding: string) =>
    app.inject({
      method: 'POST',
      url,
      headers: { host: 'localhost', 'content-type': type, 'content-encoding': coding },
      payload,
    });
  const form = '--b\r\ncontent-disposition: form-data; name="name"\r\n\r\nAda\r\n--b--\r\n';
  const coded = [
    ['/v1/orders', 'application/json', gzipSync(ORDER), 'gzip'],
    ['/v1/orders', 'application/json', gzipSync(ORDER), 'X-GZIP'],
    ['/v1/orders', 'application/json', deflateSync(ORDER), 'deflate'],
    ['/v1/orders', 'application/json', brotliCompressSync(ORDER), 'br'],
    ['/v1/orders', 'application/json', ORDER, 'identity, zstd'],
    ['/v1/uploads', 'multipart/form-data; boundary=b', gzipSync(form), 'gzip'],
    ['/v1/uploads', 'multipart/form-data; boundary=b', form, 'br'],
  ] as const;
  for (const [url, type, payload, coding] of coded) {
    const answer = await send(url, type, payload, coding);
    t.equal(answer.statusCode, 415, `${url} ${coding}`);
    t.match(answer.json(), { code: 'unsupported-media-type' });
    t.equal(answer.headers['accept-encoding'], 'identity', 'and says what would be read');
  }
  for (const coding of ['identity', ' Identity ', ''])
    t.equal((await send('/v1/orders', 'application/json', ORDER, coding)).statusCode, 201, coding);
  t.equal((await send('/v1/things/1/retire', 'application/json', '', 'gzip')).statusCode, 200, 'of no body at all');
});

void t.test('each form of an answer has a strong tag of its own, and 304 is for that form alone', async (t) => {
  const app = await opened(t);
  const ask = async (headers: Record<string, string>) =>
    app.inject({ url: '/v1/tree', headers: { host: 'localhost', ...headers } });
  const identity = await ask({});
  const gzip = await ask({ 'accept-encoding': 'gzip' });
  t.equal(gunzipSync(gzip.rawPayload).toString(), identity.payload);
  const [plain, packed] = [String(identity.headers.etag), String(gzip.headers.etag)];
  t.match([plain, packed], [/^"[\w-]+"$/, /^"[\w-]+"$/]);
  t.not(plain, packed);
  for (const coding of [
    'br',
    'deflate',
    'gzip;q=0, br',
    'identity',
    '',
    'zstd, deflate',
    'gzip;q=0.1, identity;q=0.9',
  ]) {
    const answer = await ask({ 'accept-encoding': coding });
    t.equal(answer.headers.etag, plain, coding);
    t.equal(answer.headers['content-encoding'], undefined);
    t.equal(answer.headers.vary, 'accept-encoding');
  }
  for (const coding of ['br, gzip', 'x-gzip', '*', 'gzip, deflate, br, zstd'])
    t.equal((await ask({ 'accept-encoding': coding })).headers.etag, packed, coding);
  const status = async (coding: string, tag: string): Promise<number> =>
    (await ask({ 'accept-encoding': coding, 'if-none-match': tag })).statusCode;
  t.equal(await status('gzip', packed), 304);
  t.equal(await status('identity', plain), 304);
  t.equal(await status('gzip', plain), 200);
  t.equal(await status('identity', packed), 200);
  t.equal(await status('br', `${packed}, ${plain}`), 304);
});

void t.test('an Accept that names nothing is as good as none', async (t) => {
  const app = await opened(t);
  for (const accept of ['', ' ', '\t ', ',', ' , ,']) {
    const answer = await app.inject({ url: '/v1/tree', headers: { host: 'localhost', accept } });
    t.equal(answer.statusCode, 200, JSON.stringify(accept));
  }
  const answer = await app.inject({ url: '/v1/tree', headers: { host: 'localhost', accept: 'text/html' } });
  t.equal(answer.statusCode, 406);
  const port = await listening(t);
  const blank = await raw(port, 'GET /v1/tree HTTP/1.1\r\nhost: localhost\r\naccept:   \r\nconnection: close\r\n\r\n');
  t.same(statuses(blank), [200]);
});
