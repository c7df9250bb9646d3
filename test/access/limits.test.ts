import t from 'tap';
import { ADA, ADMIN, CLERK, guardedSample } from './guarded.js';

const rateLimits = { customer: 3, staff: 5 };
const as = (name: string) => ({ authorization: `Bearer ${name}` });

t.test('a caller is told how many requests are left, and refused when there are none', async (t) => {
  const app = await guardedSample(t, { rateLimits });
  const ask = async (name: string) => app.inject({ url: '/v1/things', headers: as(name) });
  for (const left of [2, 1, 0]) {
    const { statusCode, headers } = await ask('ada');
    t.equal(statusCode, 200);
    t.equal(headers['ratelimit-policy'], '"customer";q=3;w=60');
    t.match(headers['ratelimit'], new RegExp(`^"customer";r=${left};t=(?:60|59|58)$`));
  }
  const refused = await ask('ada');
  t.equal(refused.statusCode, 429);
  t.match(refused.json(), {
    code: 'rate-limited',
    detail: 'More than 3 requests came from this caller within a minute.',
  });
  t.match(refused.headers, { ratelimit: /^"customer";r=0;t=\d+$/, 'retry-after': /^(?:60|59|58)$/ });
  t.match((await ask('clerk')).headers, { ratelimit: /^"staff";r=4/ }, 'each caller is counted by itself');
  t.match((await ask('admin')).headers, { ratelimit: /^"staff";r=4/ });
  t.match(
    [ADA, CLERK, ADMIN].map(({ kind }) => kind),
    ['customer', 'clerk', 'admin'],
  );
});

t.test('routes that need no key have no limit', async (t) => {
  const app = await guardedSample(t, { rateLimits: { customer: 1, staff: 1 } });
  for (let i = 0; i < 5; i++) {
    const { statusCode, headers } = await app.inject({ url: '/health/live', headers: as('ada') });
    t.equal(statusCode, 200);
    t.equal(headers['ratelimit'], undefined);
  }
});

t.test('wrong credentials are counted by address; a valid key from there is still served', async (t) => {
  const app = await guardedSample(t, {}, { trustProxy: 1 });
  const from = async (ip: string, name: string) =>
    app.inject({ url: '/v1/things', headers: { ...as(name), 'x-forwarded-for': ip } });
  for (let i = 0; i < 300; i++) t.equal((await from('192.0.2.1', 'guess')).statusCode, 401);
  const refused = await from('192.0.2.1', 'guess');
  t.equal(refused.statusCode, 429);
  t.match(refused.json(), { detail: /300 wrong credentials came from this address/ });
  t.ok(Number(refused.headers['retry-after']) > 0);
  t.equal((await from('192.0.2.2', 'guess')).statusCode, 401, 'another address');
  t.equal((await from('192.0.2.1', 'ada')).statusCode, 200);
  t.equal((await app.inject({ url: '/v1/things' })).statusCode, 401, 'no credentials are no guess');
});

t.test('an address is taken from a proxy only if there is one', async (t) => {
  const app = await guardedSample(t);
  const guess = async (ip: string) =>
    app.inject({ url: '/v1/things', headers: { ...as('guess'), 'x-forwarded-for': ip } });
  for (let i = 0; i < 300; i++) await guess(`192.0.2.${i % 250}`);
  t.equal((await guess('198.51.100.1')).statusCode, 429, 'all of them came from this machine');
});

t.test('without access control there is no limit', async (t) => {
  const app = await guardedSample(t, {}, { control: null });
  const { statusCode, headers } = await app.inject({ url: '/v1/things', headers: { host: 'localhost' } });
  t.equal(statusCode, 200);
  t.equal(headers['ratelimit'], undefined);
});
