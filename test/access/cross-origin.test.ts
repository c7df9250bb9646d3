import t from 'tap';
import { guardedSample } from './guarded.js';

const shop = 'https://shop.example.org';
const access = { corsOrigins: [shop, 'http://localhost:5173'] };
const asked = {
  'access-control-request-method': 'POST',
  'access-control-request-headers': 'authorization, content-type',
};

t.test('a page of an allowed origin may ask, without a key, and learns what it may send', async (t) => {
  const app = await guardedSample(t, {}, access);
  const { statusCode, headers } = await app.inject({
    ...{ method: 'OPTIONS', url: '/v1/orders' },
    headers: { origin: shop, ...asked },
  });
  t.equal(statusCode, 204);
  t.match(headers, {
    'access-control-allow-origin': shop,
    'access-control-allow-methods': /POST.*PATCH/,
    'access-control-allow-headers': /Authorization.*Idempotency-Key.*If-Match.*Min-Log-Position/,
    'access-control-max-age': '600',
    'x-content-type-options': 'nosniff',
    vary: /origin/i,
  });
  t.equal(headers['access-control-allow-credentials'], undefined, 'no cookies');
});

t.test('a page of an allowed origin may read the answers and their headers, refusals too', async (t) => {
  const app = await guardedSample(t, {}, access);
  for (const authorization of ['Bearer ada', 'Bearer guess']) {
    const { headers } = await app.inject({ url: '/v1/tree', headers: { origin: shop, authorization } });
    t.equal(headers['access-control-allow-origin'], shop);
    const exposed = String(headers['access-control-expose-headers']).toLowerCase();
    for (const name of [
      'log-position',
      'etag',
      'location',
      'link',
      'retry-after',
      'idempotency-replayed',
      'ratelimit',
      'x-request-id',
    ])
      t.ok(exposed.includes(name), name);
    t.match(headers.vary, /origin/i, 'no cache gives it to another origin');
  }
});

t.test('a page of another origin gets no permission', async (t) => {
  const app = await guardedSample(t, {}, access);
  for (const origin of [
    'https://evil.example',
    'http://shop.example.org',
    `${shop}.evil.example`,
    'null',
    `${shop}:444`,
  ]) {
    const preflight = await app.inject({ method: 'OPTIONS', url: '/v1/orders', headers: { origin, ...asked } });
    t.equal(preflight.headers['access-control-allow-origin'], undefined, origin);
    const answer = await app.inject({ url: '/v1/things', headers: { origin, authorization: 'Bearer ada' } });
    t.equal(answer.headers['access-control-allow-origin'], undefined, origin);
  }
});

t.test('OPTIONS that asks for no permission is not allowed, and no path exists because of it', async (t) => {
  const app = await guardedSample(t, {}, access);
  for (const headers of [{}, { origin: shop }]) {
    const plain = await app.inject({ method: 'OPTIONS', url: '/v1/tree', headers });
    t.equal(plain.statusCode, 405);
    t.equal(plain.headers.allow, 'GET, HEAD');
    t.match(plain.json(), { code: 'method-not-allowed' });
  }
  const none = await app.inject({ url: '/v1/none', headers: { authorization: 'Bearer ada' } });
  t.match(none.json(), { code: 'route-not-found' });
});

t.test('without CORS_ORIGINS no page of another origin gets permission', async (t) => {
  const app = await guardedSample(t);
  const { statusCode, headers } = await app.inject({
    method: 'OPTIONS',
    url: '/v1/tree',
    headers: { origin: shop, ...asked },
  });
  t.equal(statusCode, 405);
  t.equal(headers['access-control-allow-origin'], undefined);
  t.equal(headers.vary, undefined);
});

const served = [
  'localhost',
  'LOCALHOST:3000',
  'localhost.',
  'localhost.:80',
  '127.0.0.1:3000',
  '127.9.9.9',
  '[::1]',
  '[::1]:3000',
];
const foreign = [
  ...[
    'evil.example',
    'evil.example:3000',
    'localhost.evil.example',
    'localhost:3000.evil.example',
    '127.0.0.1.evil.example',
  ],
  ...['evil.example.', 'localhost..', '127.0.0.1.', '[::2]', '[::ffff:192.0.2.1]', '0.0.0.0', '192.168.0.1'],
  ...['localhost:', 'localhost:3000:1', 'a@localhost', 'localhost/', '2130706433', '0x7f.1'],
];

t.test('without access control only this machine is served, under each of its names', async (t) => {
  const lines: string[] = [];
  const app = await guardedSample(t, {}, { control: null }, lines);
  const ask = async (headers: Record<string, string>) => (await app.inject({ url: '/v1/things', headers })).statusCode;
  for (const host of served) {
    t.equal(await ask({ host }), 200, host);
    t.equal(await ask({ host, origin: `http://${host}` }), 200, `a page of ${host} itself`);
  }
  for (const host of foreign) {
    t.equal(await ask({ host }), 403, host);
    t.equal(await ask({ host: 'localhost', origin: `https://${host}` }), 403, host);
  }
  for (const origin of ['null', 'file://', 'localhost']) t.equal(await ask({ host: 'localhost', origin }), 403, origin);
  const answer = await app.inject({ url: '/v1/things', headers: { host: 'evil.example' } });
  t.match(answer.json(), { code: 'forbidden', detail: /Host must be localhost/ });
  const denied = lines.filter((line) => line.includes('"denied"'));
  t.equal(denied.length, 2 * foreign.length + 4, 'each refusal leaves a line');
  t.notMatch(denied.join(''), 'evil');
});

t.test('without access control a page of another server is foreign, though it is of this machine', async (t) => {
  const app = await guardedSample(t, {}, { control: null });
  const ask = async (host: string, origin: string) =>
    app.inject({ method: 'POST', url: '/v1/orders', headers: { host, origin } });
  const own = [
    ['localhost:3000', 'http://LOCALHOST:3000'],
    ['[::1]:3000', 'http://[::1]:3000'],
    ['localhost', 'http://localhost:80'],
    ['127.0.0.1:80', 'http://127.0.0.1'],
  ] as const;
  for (const [host, origin] of own) t.not((await ask(host, origin)).statusCode, 403, `${origin} at ${host}`);
  const others = [
    ['localhost:3000', 'http://localhost:8080'],
    ['localhost:3000', 'http://localhost'],
    ['localhost', 'http://localhost:8080'],
    ['localhost:3000', 'http://127.0.0.1:3000'],
    ['127.0.0.1:3000', 'http://127.0.0.2:3000'],
    ['127.0.0.1:3000', 'http://[::1]:3000'],
    ['localhost:3000', 'https://localhost:3000'],
    ['localhost', 'https://localhost'],
    ['localhost:3000', 'http://localhost:3000, http://localhost:3000'],
    ['localhost:3000', 'http://localhost:3000/'],
    ['localhost:3000', ''],
  ] as const;
  for (const [host, origin] of others) {
    const answer = await ask(host, origin);
    t.equal(answer.statusCode, 403, `${origin} at ${host}`);
    t.match(answer.json(), { code: 'forbidden', detail: `Origin must be http://${host}, or an origin` });
  }
});

t.test('without access control a page of this machine may be allowed, and no other', async (t) => {
  const app = await guardedSample(t, {}, { corsOrigins: ['http://localhost:5173'], control: null });
  const ask = async (origin: string) => app.inject({ url: '/v1/things', headers: { host: 'localhost', origin } });
  const own = await ask('http://localhost:5173');
  t.equal(own.headers['access-control-allow-origin'], 'http://localhost:5173');
  t.equal((await ask(shop)).statusCode, 403);
  t.equal((await ask('http://localhost:5174')).statusCode, 403);
});

t.test('with access control the Host of a request makes no difference', async (t) => {
  const app = await guardedSample(t);
  const { statusCode } = await app.inject({
    ...{ url: '/v1/things' },
    headers: { host: 'orders.example.org', origin: shop, authorization: 'Bearer ada' },
  });
  t.equal(statusCode, 200);
});
