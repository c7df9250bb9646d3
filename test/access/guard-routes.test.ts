import t from 'tap';
import { ROLES } from '../../src/access/caller.js';
import { buildApp } from '../../src/app.js';
import { Drain } from '../../src/http/drain.js';
import { createMetrics } from '../../src/http/metrics.js';
import { openAccess } from '../http/sample-app.js';
import { ADA, guardedSample } from './guarded.js';

const ORDER = '018f0000-0000-7000-8000-000000000001';
const OTHER = '018f0000-0000-7000-8000-000000000002';
const as = (name: string) => ({ authorization: `Bearer ${name}` });

async function emptyApp() {
  const pair = { 'GET /v1/pair': { roles: null }, 'POST /v1/pair': { roles: ROLES } };
  const access = { ...openAccess, table: { ...openAccess.table, ...pair } };
  const parts = { logger: null, version: '1', checks: [], metrics: createMetrics(), drain: new Drain() };
  return buildApp({ ...parts, access });
}

t.test('a route without an entry in the table fails the start', async (t) => {
  const app = await emptyApp();
  t.teardown(() => app.close());
  const answer = (): string => 'a';
  t.throws(() => app.get('/v1/secret', answer), /the route GET \/v1\/secret has no entry in the table of access/);
  t.throws(() => app.delete('/v1/things', answer), /the route DELETE \/v1\/things has no entry/, 'of another method');
  t.throws(() => app.get('/docsandmore', answer), /no entry/, 'beside a path that an entry covers');
  const both = { method: ['GET', 'POST'], url: '/v1/pair', handler: answer };
  t.throws(() => app.route(both), /GET and POST of \/v1\/pair differ in who may call them/);
});

t.test('a caller that may not is told which roles may', async (t) => {
  const app = await guardedSample(
    t,
    {},
    { table: { ...openAccess.table, 'GET /v1/things': { roles: ['clerk', 'admin'] } } },
  );
  const { statusCode, headers, ...answer } = await app.inject({ url: '/v1/things', headers: as('ada') });
  t.equal(statusCode, 403);
  t.match(answer.json(), {
    code: 'forbidden',
    detail: 'This takes the role clerk or admin, and the caller is a customer.',
  });
  t.match(headers['www-authenticate'], /error="insufficient_scope", scope="clerk admin"/);
  t.equal((await app.inject({ url: '/v1/things', headers: as('clerk') })).statusCode, 200);
});

t.test('HEAD needs what GET needs', async (t) => {
  const app = await guardedSample(t);
  t.equal((await app.inject({ method: 'HEAD', url: '/v1/things' })).statusCode, 401);
  t.equal((await app.inject({ method: 'HEAD', url: '/v1/things', headers: as('ada') })).statusCode, 200);
});

t.test('who asks is known before the body is read', async (t) => {
  const app = await guardedSample(t);
  const sent = {
    method: 'POST',
    url: '/v1/orders',
    payload: '{',
    headers: { 'content-type': 'application/json' },
  } as const;
  t.equal((await app.inject(sent)).statusCode, 401);
  t.equal((await app.inject({ ...sent, headers: { ...sent.headers, ...as('ada') } })).statusCode, 400);
});

t.test('a path that is not served is 404, and another method 405, with a key and without', async (t) => {
  const app = await guardedSample(t);
  for (const headers of [{}, as('ada'), as('guess')]) {
    t.equal((await app.inject({ url: '/v1/none', headers })).statusCode, 404);
    t.equal((await app.inject({ method: 'DELETE', url: '/v1/tree', headers })).statusCode, 405);
  }
});

t.test('the owner of an order is looked up once, and for customers alone', async (t) => {
  const asked: string[] = [];
  const ownerOfOrder = (id: string): Promise<string | null> => {
    asked.push(id);
    return Promise.resolve(id === ORDER ? ADA.id : null);
  };
  const app = await guardedSample(t, { ownerOfOrder });
  const cancel = async (id: string, name: string) =>
    (await app.inject({ method: 'POST', url: `/v1/orders/${id}/cancel`, headers: as(name) })).statusCode;
  t.equal(await cancel(ORDER, 'clerk'), 200);
  t.same(asked, []);
  t.equal(await cancel(ORDER, 'ada'), 200);
  t.equal(await cancel(ORDER, 'ada'), 200);
  t.same(asked, [ORDER]);
  t.equal(await cancel(OTHER, 'ada'), 404);
  t.equal(await cancel('none', 'ada'), 400, 'a malformed id is not looked up');
  t.same(asked, [ORDER, OTHER]);
});

t.test('ready shows its checks to staff alone, and its status to all', async (t) => {
  const checks = [{ name: 'database', check: () => Promise.resolve({ ok: true, detail: 'v18' }) }];
  const app = await guardedSample(t, {}, {}, undefined, { checks });
  const ask = async (headers: Record<string, string>) =>
    (await app.inject({ url: '/health/ready', headers })).json<object>();
  for (const headers of [{}, as('ada'), as('guess')]) t.same(await ask(headers), { status: 'ok', checks: {} });
  for (const headers of [as('clerk'), as('admin')])
    t.same(await ask(headers), { status: 'ok', checks: { database: { ok: true, detail: 'v18' } } });
});

t.test('a store that is away makes ready no secret, and other routes 503', async (t) => {
  const away = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
  const app = await guardedSample(t, { authenticate: () => Promise.reject(away) });
  t.equal((await app.inject({ url: '/health/ready', headers: as('admin') })).statusCode, 200);
  const answer = await app.inject({ url: '/v1/things', headers: as('admin') });
  t.equal(answer.statusCode, 503);
  t.match(answer.json(), { code: 'database-unavailable' });
});

t.test('denied and privileged calls leave a line: key, role, route and outcome, and nothing secret', async (t) => {
  const lines: string[] = [];
  const table = {
    ...openAccess.table,
    'POST /v1/things/:thing_id/retire': { roles: ['admin'], isPrivileged: true },
  } as const;
  const app = await guardedSample(t, {}, { table }, lines);
  const retire = { method: 'POST', url: '/v1/things/7/retire?mark=secret' } as const;
  await app.inject({ ...retire, headers: as('ada') });
  await app.inject({ ...retire, url: '/v1/things/7/retire', headers: as('admin') });
  const key = `olk_0123456789abcdef_${'s'.repeat(43)}`;
  await app.inject({ url: '/v1/things?name=Ada', headers: as(key) });
  const found = lines
    .map((line) => JSON.parse(line) as { msg: string })
    .filter(({ msg }) => /denied|privileged/.test(msg));
  const route = '/v1/things/:thing_id/retire';
  t.match(found, [
    { msg: 'denied', level: 40, role: 'customer', key_id: 'key-of-ada', method: 'POST', route, code: 'forbidden' },
    { msg: 'privileged call', level: 30, role: 'admin', key_id: 'key-of-admin', method: 'POST', route, status: 200 },
    { msg: 'denied', role: 'anonymous', key_id: '0123456789abcdef', route: '/v1/things', code: 'unauthenticated' },
  ]);
  t.equal(found.length, 3);
  t.notMatch(lines.join(''), /sss|Bearer|secret|name=Ada|\/7\//);
});
