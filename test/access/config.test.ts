import { generateKeyPairSync } from 'node:crypto';
import t, { type Test } from 'tap';
import { ConfigError, type Environment, readConfig } from '../../src/config.js';

const rsa = generateKeyPairSync('rsa', { modulusLength: 2_048 });
const pem = rsa.publicKey.export({ type: 'spki', format: 'pem' }).toString();
const AUTH = 'required';
const JWT = { AUTH, JWT_ISSUER: 'https://login.shop.test', JWT_AUDIENCE: 'orderlog' };
const URL_OF_KEYS = 'https://login.shop.test/jwks.json';

function problemsOf(t: Test, environment: Environment): readonly string[] {
  try {
    readConfig(environment, t.testdir());
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems;
  }
}

t.test('the issuer of tokens has a URL of keys, or one public key', async (t) => {
  const jwt = (environment: Environment) => readConfig({ ...JWT, ...environment }, t.testdir({ pem })).access.jwt;
  const by = { issuer: JWT.JWT_ISSUER, audience: JWT.JWT_AUDIENCE };
  t.same(jwt({ JWT_JWKS_URL: URL_OF_KEYS }), { ...by, keys: { jwksUrl: new URL(URL_OF_KEYS) } });
  for (const host of ['localhost', '127.0.0.1', '[::1]']) {
    t.match(jwt({ JWT_JWKS_URL: `http://${host}:8080/keys` }), by, host);
  }
  for (const given of [{ JWT_PUBLIC_KEY: pem }, { JWT_PUBLIC_KEY_FILE: 'pem' }])
    t.match(jwt(given), { ...by, keys: { publicKey: { asymmetricKeyType: 'rsa' } } });
  t.equal(readConfig({ AUTH }, t.testdir()).access.jwt, null);
});

t.test('origins and proxies are lists; a proxy may be a number', async (t) => {
  const access = (environment: Environment) => readConfig({ AUTH, ...environment }, t.testdir()).access;
  t.match(access({}), { corsOrigins: [], trustProxy: false, rateLimits: { customer: 1_200, staff: 60_000 } });
  t.same(access({ CORS_ORIGINS: 'https://a.test, http://b.test:81' }).corsOrigins, [
    'https://a.test',
    'http://b.test:81',
  ]);
  for (const [text, trusted] of [
    ['1', 1],
    ['true', 1],
    ['false', false],
    ['10.0.0.0/8, ::1', ['10.0.0.0/8', '::1']],
    ['loopback uniquelocal', ['loopback', 'uniquelocal']],
  ] as const)
    t.same(access({ TRUST_PROXY: text }).trustProxy, trusted, text);
  t.same(access({ RATE_LIMIT_CUSTOMER: '10', RATE_LIMIT_STAFF: '20' }).rateLimits, { customer: 10, staff: 20 });
});

const small = generateKeyPairSync('rsa', { modulusLength: 1_024 }).publicKey;
const weak = small.export({ type: 'spki', format: 'pem' }).toString();
const secret = rsa.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();

const refused: readonly (readonly [what: string, environment: Environment, problem: RegExp])[] = [
  ['an issuer without keys', JWT, /^tokens need JWT_ISSUER, JWT_AUDIENCE and one of/],
  ['keys without an issuer', { AUTH, JWT_JWKS_URL: URL_OF_KEYS }, /^tokens need/],
  ['keys in two ways', { ...JWT, JWT_JWKS_URL: URL_OF_KEYS, JWT_PUBLIC_KEY: pem }, /are both set/],
  ['keys that come in the clear', { ...JWT, JWT_JWKS_URL: 'http://login.shop.test/keys' }, /of the form https:/],
  ['a key that is none', { ...JWT, JWT_PUBLIC_KEY: 'hush' }, /^JWT_PUBLIC_KEY is no public key in PEM/],
  ['a private key', { ...JWT, JWT_PUBLIC_KEY: secret }, /^JWT_PUBLIC_KEY is no public key/],
  ['a weak key', { ...JWT, JWT_PUBLIC_KEY: weak }, /^JWT_PUBLIC_KEY is no public key.*2048 bits/],
  ['every origin', { AUTH, CORS_ORIGINS: '*' }, /^CORS_ORIGINS names "\*": name origins such as/],
  ['an origin with a path', { AUTH, CORS_ORIGINS: 'https://a.test/' }, /^CORS_ORIGINS/],
  ['an origin without a scheme', { AUTH, CORS_ORIGINS: 'a.test' }, /^CORS_ORIGINS/],
  ['no proxy that there could be', { AUTH, TRUST_PROXY: 'proxy.internal' }, /^TRUST_PROXY is neither/],
  ['a network that is none', { AUTH, TRUST_PROXY: '10.0.0.0/33' }, /^TRUST_PROXY is neither/],
  ['no request at all', { AUTH, RATE_LIMIT_CUSTOMER: '0' }, /^RATE_LIMIT_CUSTOMER is "0"/],
  ['tokens that nobody checks', { ...JWT, AUTH: 'none', JWT_PUBLIC_KEY: pem }, /^AUTH=none checks no tokens/],
  ['a proxy without access control', { TRUST_PROXY: '1' }, /^AUTH=none serves no proxy/],
  [
    'foreign pages without access control',
    { CORS_ORIGINS: 'https://a.test' },
    /^AUTH=none serves pages of this machine/,
  ],
];

for (const [what, environment, problem] of refused) {
  t.test(`refuses ${what}`, async (t) => {
    const problems = problemsOf(t, environment);
    t.match(problems, [problem]);
    t.equal(problems.length, 1, 'and nothing else');
    t.notMatch(problems.join(), 'hush');
  });
}

t.test('pages of this machine may be allowed without access control', async (t) => {
  t.same(problemsOf(t, { CORS_ORIGINS: 'http://localhost:5173 http://127.0.0.1:8080 http://[::1]:81' }), []);
});
