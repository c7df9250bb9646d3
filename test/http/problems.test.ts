import t from 'tap';
import { EventStoreUnavailable, EventTooLarge, Refusal } from '../../src/engine/core/errors.js';
import { Unopened } from '../../src/engine/core/vault.js';
import type { App } from '../../src/http/app-type.js';
import { PROBLEM_CODES, problemKind } from '../../src/http/problem-codes.js';
import { failing, sampleApp } from './sample-app.js';

const USER = '01a20bcc-cc54-775b-bb6c-67c5d407a7be';
const ORDER = { user_id: USER, items: [{ product_id: 1, quantity: 2 }] };
const headers = { host: 'localhost:3000', 'content-type': 'application/json' };

type Method = 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE' | 'OPTIONS' | 'HEAD';
interface Asked {
  readonly method?: Method;
  readonly url?: string;
  readonly headers?: Record<string, string | undefined>;
  readonly body?: string | Buffer | object;
}

interface Answered {
  readonly status: number;
  readonly code: unknown;
  readonly paths: readonly string[];
  readonly body: Record<string, unknown>;
  readonly headers: Record<string, unknown>;
}

async function ask(app: App, asked: Asked): Promise<Answered> {
  const given = { ...headers, ...asked.headers };
  const sent = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as Record<
    string,
    string
  >;
  const answer = await app.inject({
    method: asked.method ?? 'POST',
    url: asked.url ?? '/v1/orders',
    headers: sent,
    ...(asked.body !== undefined && { payload: asked.body }),
  });
  const body = (answer.body === '' ? {} : JSON.parse(answer.body)) as Record<string, unknown>;
  const paths = ((body['errors'] ?? []) as { path: string }[]).map(({ path }) => path);
  return { status: answer.statusCode, code: body['code'], paths, body, headers: answer.headers };
}

void t.test('a problem is a document of RFC 9457', async (t) => {
  const app = await sampleApp();
  t.teardown(() => app.close());
  const answer = await ask(app, { body: { user_id: 'x', items: [] }, headers: { 'x-request-id': 'mine-1' } });
  t.equal(answer.headers['content-type'], 'application/problem+json');
  t.equal(answer.headers['x-request-id'], 'mine-1');
  t.match(answer.body, {
    type: '/problems/invalid-request',
    title: String,
    status: 400,
    detail: /^user_id: is not a UUID, and 1 more$/,
    code: 'invalid-request',
    request_id: 'mine-1',
  });
});

void t.test('every fault of body, path, query and headers is named, with its place', async (t) => {
  const app = await sampleApp();
  t.teardown(() => app.close());
  const body = {
    user_id: USER,
    items: [
      { product_id: 1, quantity: 0 },
      { quantity: 1, extra: 1 },
    ],
    more: 1,
  };
  t.same((await ask(app, { body })).paths.toSorted(), [
    'items[0].quantity',
    'items[1].extra',
    'items[1].product_id',
    'more',
  ]);
  const all = await ask(app, {
    url: '/v1/things/0x1/cancel?deep=1',
    body: { reason: 'a\u0000b' },
    headers: { 'idempotency-key': 'two words', 'if-match': '3' },
  });
  t.equal(all.code, 'invalid-request');
  t.same(all.paths, ['path.thing_id', 'reason', 'query.deep', 'header.idempotency-key', 'header.if-match']);
  const list = await ask(app, { method: 'GET', url: '/v1/things?limit=101&limits=1&status=new' });
  t.same(list.paths, ['query.limit', 'query.status', 'query.limits']);
  const twice = await ask(app, { method: 'GET', url: '/v1/things?limit=1&limit=2&limits=1&limits=2' });
  t.same(twice.body['errors'], [
    { path: 'query.limit', message: 'is given twice' },
    { path: 'query.limits', message: 'is not known; remove it' },
  ]);
});

void t.test('whatever is wrong with a request has its own code', async (t) => {
  const app = await sampleApp();
  t.teardown(() => app.close());
  const text = JSON.stringify(ORDER);
  const cases: readonly (readonly [string, string, Asked])[] = [
    ['malformed-json', 'half an object', { body: '{"user_id":' }],
    ['malformed-json', 'no body where one is needed', { body: '' }],
    ['malformed-json', 'bytes that are not UTF-8', { body: Buffer.from([0x22, 0xff, 0xfe, 0x22]) }],
    ['malformed-json', 'two documents', { body: '{}{}' }],
    ['invalid-request', 'null', { body: 'null' }],
    ['invalid-request', 'a list', { body: '[]' }],
    ['invalid-request', 'a body that was not sent', { headers: { 'content-type': undefined } }],
    ['invalid-request', 'a body for a route that takes none', { url: '/v1/things/1/retire', body: { a: 1 } }],
    ['invalid-request', 'a body for a DELETE', { method: 'DELETE', url: '/v1/things/1', body: { a: 1 } }],
    [
      'unsupported-media-type',
      'text for a DELETE',
      { method: 'DELETE', url: '/v1/things/1', body: 'a', headers: { 'content-type': 'text/plain' } },
    ],
    ['invalid-request', 'more than 2,000 lines', { body: { ...ORDER, items: Array(2_001).fill(ORDER.items[0]) } }],
    ['invalid-request', 'a path that is not encoded', { method: 'GET', url: '/v1/things/%zz' }],
    ['invalid-request', 'an id of 300 digits', { method: 'GET', url: `/v1/things/${'1'.repeat(300)}` }],
    ['invalid-request', 'an id with an exponent', { method: 'GET', url: '/v1/things/1e3' }],
    ['invalid-request', 'an id beyond 2^31', { method: 'GET', url: '/v1/things/2147483648' }],
    ['invalid-request', 'an id of nothing', { method: 'GET', url: '/v1/things/' }],
    ['invalid-request', 'a UUID that is none', { method: 'GET', url: '/v1/users/42' }],
    ['invalid-request', 'a query that the route does not know', { url: '/v1/orders?a=1', body: ORDER }],
    ['invalid-request', 'a price with a fraction', { method: 'PATCH', url: '/v1/things/1', body: { price: 1.5 } }],
    [
      'invalid-request',
      'a price beyond 2^53',
      { method: 'PATCH', url: '/v1/things/1', body: '{"price":9007199254740992}' },
    ],
    ['invalid-request', 'half a character', { method: 'PATCH', url: '/v1/things/1', body: '{"name":"\\ud800"}' }],
    ['invalid-request', '201 characters', { method: 'PATCH', url: '/v1/things/1', body: { name: '😀'.repeat(201) } }],
    ['invalid-request', 'a key that is no key', { body: ORDER, headers: { 'idempotency-key': '"open' } }],
    ['invalid-request', 'a tag without quotes', { url: '/v1/things/1/cancel', headers: { 'if-match': '3' } }],
    ['invalid-cursor', 'a cursor of nobody', { method: 'GET', url: '/v1/things?cursor=abc' }],
    ['invalid-cursor', 'an empty cursor', { method: 'GET', url: '/v1/things?cursor=' }],
    [
      'invalid-log-position',
      'a token of nobody',
      { method: 'GET', url: '/v1/things/1', headers: { 'min-log-position': 'x' } },
    ],
    ['route-not-found', 'an unknown path', { url: '/v2/orders' }],
    [
      'route-not-found',
      'an unknown path with any body',
      { url: '/v2', body: '{', headers: { 'content-type': 'text/xml' } },
    ],
    ['method-not-allowed', 'another method', { method: 'DELETE', url: '/v1/orders' }],
    ['not-acceptable', 'an answer as HTML', { body: ORDER, headers: { accept: 'text/html' } }],
    ['not-acceptable', 'anything but JSON', { body: ORDER, headers: { accept: '*/*, application/json;q=0' } }],
    [
      'not-acceptable',
      'JSON of a route that has none',
      { method: 'GET', url: '/metrics', headers: { accept: 'application/json' } },
    ],
    ['payload-too-large', 'a body of 2 MiB', { body: `"${'a'.repeat(2 * 1024 * 1024)}"` }],
    ['unsupported-media-type', 'plain text', { body: 'a', headers: { 'content-type': 'text/plain' } }],
    ['unsupported-media-type', 'a form', { body: 'a', headers: { 'content-type': 'multipart/form-data; boundary=a' } }],
    ['unsupported-media-type', 'no media type', { body: text, headers: { 'content-type': undefined } }],
    [
      'unsupported-media-type',
      'a merge patch to POST',
      { body: text, headers: { 'content-type': 'application/merge-patch+json' } },
    ],
    ['unsupported-media-type', 'JSON where a form is read', { url: '/v1/uploads', body: {} }],
    [
      'unsupported-media-type',
      'nothing where a form is read',
      { url: '/v1/uploads', headers: { 'content-type': undefined } },
    ],
    ['revision-mismatch', 'another revision', { url: '/v1/things/1/cancel', headers: { 'if-match': '"2"' } }],
    ['revision-mismatch', 'a weak tag', { url: '/v1/things/1/cancel', headers: { 'if-match': 'W/"3"' } }],
    ['forbidden', 'another name for this machine', { body: ORDER, headers: { host: 'evil.example' } }],
    ['forbidden', 'a page of another origin', { body: ORDER, headers: { origin: 'https://evil.example' } }],
    ['forbidden', 'a page of another server here', { body: ORDER, headers: { origin: 'http://localhost:8080' } }],
    ['forbidden', 'a page without an origin', { body: ORDER, headers: { origin: 'null' } }],
    ['forbidden', 'a name that begins like ours', { body: ORDER, headers: { host: 'localhost.evil.example' } }],
  ];
  for (const [code, what, asked] of cases) {
    const answer = await ask(app, asked);
    t.equal(answer.code, code, `${what} is ${code}`);
    t.equal(answer.status, problemKind(code as never).status, what);
  }
});

void t.test('what is right is let through', async (t) => {
  const app = await sampleApp();
  t.teardown(() => app.close());
  const cases: readonly (readonly [number, Asked])[] = [
    [201, { body: ORDER }],
    [
      201,
      {
        body: ORDER,
        headers: { 'content-type': 'application/json; charset=utf-8', accept: 'text/html, application/*;q=0.1' },
      },
    ],
    [
      201,
      { body: ORDER, headers: { host: '127.8.9.1:81', origin: 'http://127.8.9.1:81', 'idempotency-key': '"a\\"b"' } },
    ],
    [201, { body: { ...ORDER, items: Array(2_000).fill(ORDER.items[0]) } }],
    [200, { url: '/v1/things/1/cancel', body: '' }],
    [200, { url: '/v1/things/1/cancel', headers: { 'content-type': undefined } }],
    [200, { url: '/v1/things/1/cancel', body: 'null' }],
    [200, { url: '/v1/things/1/cancel', body: { reason: '😀'.repeat(500) }, headers: { 'if-match': '"1", "3"' } }],
    [200, { url: '/v1/things/1/cancel', headers: { 'if-match': '*' } }],
    [200, { url: '/v1/things/1/retire', body: {} }],
    [
      200,
      {
        method: 'PATCH',
        url: '/v1/things/1',
        body: { name: 'b' },
        headers: { 'content-type': 'application/merge-patch+json' },
      },
    ],
    [204, { method: 'DELETE', url: '/v1/things/1' }],
    [204, { method: 'DELETE', url: '/v1/things/1', headers: { 'content-type': undefined } }],
    [200, { method: 'HEAD', url: '/v1/things/1' }],
    [200, { method: 'GET', url: '/v1/things/2147483647' }],
  ];
  for (const [status, asked] of cases)
    t.equal((await ask(app, asked)).status, status, JSON.stringify(asked).slice(0, 120));
});

void t.test('where nothing is served it does not matter what is wrong with the body', async (t) => {
  const app = await sampleApp();
  t.teardown(() => app.close());
  const types = ['application/json', 'application/merge-patch+json', 'multipart/form-data', 'text/plain', 'nonsense'];
  const bodies = ['{', '', `"${'a'.repeat(2 * 1024 * 1024)}"`];
  const asked = types.flatMap((type) => bodies.map((body) => ({ body, headers: { 'content-type': type } })));
  for (const method of ['POST', 'PUT', 'DELETE'] as const) {
    for (const one of asked) {
      const what = `${method} ${one.headers['content-type']} ${one.body.slice(0, 2)}`;
      t.equal((await ask(app, { ...one, method, url: '/v1/nothing' })).code, 'route-not-found', what);
      const answer = await ask(app, { ...one, method, url: '/health/live' });
      t.same([answer.code, answer.headers['allow']], ['method-not-allowed', 'GET, HEAD'], what);
    }
  }
  const foreign = { url: '/v1/nothing', body: '{', headers: { host: 'evil.example' } };
  t.equal((await ask(app, foreign)).code, 'forbidden', 'who may not ask is told so first');
});

void t.test('a method that is not allowed is told which are', async (t) => {
  const app = await sampleApp();
  t.teardown(() => app.close());
  t.equal((await ask(app, { method: 'PUT', url: '/v1/things/anything' })).headers['allow'], 'DELETE, GET, HEAD, PATCH');
  t.equal((await ask(app, { method: 'GET', url: '/v1/orders?a=1' })).headers['allow'], 'POST');
  t.equal((await ask(app, { method: 'OPTIONS', url: '/v1/orders' })).headers['allow'], 'POST');
});

void t.test('errors of the inside become their codes, and nothing of an unforeseen one leaves', async (t) => {
  const told = failing();
  const app = await sampleApp(told);
  t.teardown(() => app.close());
  const database = Object.assign(new Error('terminating connection'), { code: '57P01' });
  const cases: readonly (readonly [string, number, unknown])[] = [
    ['order-paid', 409, new Refusal('order-paid', 'The order is paid.')],
    ['payload-too-large', 413, new EventTooLarge('thing-1', 600_000)],
    ['event-store-unavailable', 503, new EventStoreUnavailable('secret host')],
    ['database-unavailable', 503, database],
    ['event-store-unavailable', 503, new Unopened('secret place')],
    ['overloaded', 503, new Refusal('overloaded', 'Too many.', [], 17)],
    ['internal-error', 500, new Error('secret')],
    ['internal-error', 500, 'secret'],
  ];
  for (const [code, status, error] of cases) {
    told.error = error;
    const answer = await ask(app, { body: ORDER });
    t.equal(answer.code, code);
    t.equal(answer.status, status);
    t.equal(answer.headers['retry-after'] !== undefined, status === 503, 'says when to try again');
    if (code === 'overloaded') t.equal(answer.headers['retry-after'], '17', 'as long as is known');
    t.notMatch(JSON.stringify(answer.body), /secret|terminating/);
  }
});

void t.test('every code has a page that explains it', async (t) => {
  const app = await sampleApp();
  t.teardown(() => app.close());
  for (const code of PROBLEM_CODES) {
    const answer = await ask(app, { method: 'GET', url: `/problems/${code}` });
    t.equal(answer.status, 200);
    t.match(answer.body, { data: { code, status: problemKind(code).status, explanation: /\w/ } });
  }
  t.equal((await ask(app, { method: 'GET', url: '/problems/toString' })).code, 'route-not-found');
});

void t.test('the body is checked without delay, however many faults it has', async (t) => {
  const app = await sampleApp();
  t.teardown(() => app.close());
  const keys = Array.from({ length: 80_000 }, (_, index) => `"k${index}":0`);
  const start = Date.now();
  const answer = await ask(app, { body: `{${keys.join()}}` });
  t.equal(answer.code, 'invalid-request');
  t.equal(answer.paths.length, 5_000);
  const items = `[${'{},'.repeat(340_000)}{}]`;
  t.equal((await ask(app, { body: `{"items":${items}}` })).code, 'invalid-request');
  t.ok(Date.now() - start < 5_000, `took ${Date.now() - start} ms`);
});
