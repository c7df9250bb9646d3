import { createHmac, createSecretKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, SignJWT, UnsecuredJWT } from 'jose';
import t, { type Test } from 'tap';
import { authenticator } from '../../src/access/credentials.js';
import { tokenCheck } from '../../src/access/tokens.js';
import { Client, outcome } from '../support/http-client.js';
import { runningApp } from '../support/running-app.js';
import { required } from './guarded.js';

const issuer = 'https://login.shop.test';
const audience = 'orderlog';
const hashKey = createSecretKey(Buffer.alloc(32, 7));
const USER = '018f0000-0000-7000-8000-00000000000a';
const rsa = generateKeyPairSync('rsa', { modulusLength: 2_048 });
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const ed = generateKeyPairSync('ed25519');
const check = tokenCheck({ issuer, audience, keys: { publicKey: rsa.publicKey } }, hashKey);

interface Made {
  readonly alg?: string;
  readonly key?: KeyObject | Uint8Array;
  readonly kid?: string;
  readonly claims?: Readonly<Record<string, unknown>>;
}

const now = (): number => Math.floor(Date.now() / 1_000);

function token({ alg = 'RS256', key = rsa.privateKey, kid, claims = {} }: Made = {}): Promise<string> {
  const all = { iss: issuer, aud: audience, exp: now() + 60, sub: USER, role: 'customer', ...claims };
  return new SignJWT(all).setProtectedHeader({ alg, ...(kid !== undefined && { kid }) }).sign(key);
}

t.test('a token is its role and its subject', async (t) => {
  t.same(await check(await token()), { kind: 'customer', id: USER });
  t.same(await check(await token({ alg: 'PS256' })), { kind: 'customer', id: USER });
  t.same(await check(await token({ claims: { sub: USER.toUpperCase(), aud: ['x', audience] } })), {
    kind: 'customer',
    id: USER,
  });
  t.same(await check(await token({ claims: { role: 'clerk', sub: 'auth0|5f7c' } })), {
    kind: 'clerk',
    id: 'auth0|5f7c',
  });
  const named = await check(await token({ claims: { role: 'admin', sub: 'eve@shop.test' } }));
  t.match(named, { kind: 'admin', id: /^[\da-f-]{36}$/ }, 'a subject that may name a person stays out of the events');
});

const bad: readonly (readonly [what: string, make: () => Promise<string> | string])[] = [
  ['an expired one', () => token({ claims: { exp: now() - 1 } })],
  ['one without an end', () => token({ claims: { exp: undefined } })],
  ['one that is not valid yet', () => token({ claims: { nbf: now() + 60 } })],
  ['one of another issuer', () => token({ claims: { iss: 'https://evil.test' } })],
  ['one without an issuer', () => token({ claims: { iss: undefined } })],
  ['one for another audience', () => token({ claims: { aud: 'other' } })],
  ['one for no audience', () => token({ claims: { aud: undefined } })],
  ['one without a role', () => token({ claims: { role: undefined } })],
  ['one of an unknown role', () => token({ claims: { role: 'root' } })],
  ['one of several roles', () => token({ claims: { role: ['admin'] } })],
  ['one without a subject', () => token({ claims: { sub: undefined } })],
  ['one of an empty subject', () => token({ claims: { role: 'admin', sub: '' } })],
  ['a customer who is no user', () => token({ claims: { sub: 'ada' } })],
  ['one signed by another key', () => token({ key: generateKeyPairSync('rsa', { modulusLength: 2_048 }).privateKey })],
  ['one of another algorithm', () => token({ alg: 'RS512' })],
  ['one of another kind of key', () => token({ alg: 'ES256', key: ec.privateKey })],
  ['an HS256 token with the public key as its secret', () => withPublicKeyAsSecret()],
  ['an unsigned one', () => unsigned()],
  ['an unsigned one with a signature', () => `${unsigned()}AAAA`],
  ['one whose claims were changed', async () => changed(await token())],
  ['one that was cut off', async () => (await token()).slice(0, -8)],
  ['no token', () => 'a.b.c'],
];

for (const [what, make] of bad) {
  t.test(`refuses ${what}`, async (t) => {
    t.equal(await check(await make()), null);
  });
}

function unsigned(): string {
  return new UnsecuredJWT({ sub: USER, role: 'admin' })
    .setIssuer(issuer)
    .setAudience(audience)
    .setExpirationTime('1m')
    .encode();
}

function withPublicKeyAsSecret(): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const claims = { iss: issuer, aud: audience, exp: now() + 60, sub: USER, role: 'admin' };
  const text = `${part({ alg: 'HS256' })}.${part(claims)}`;
  const secret = rsa.publicKey.export({ type: 'spki', format: 'pem' });
  return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
}

function changed(text: string): string {
  const [head = '', claims = '', signature = ''] = text.split('.');
  const forged = { ...(JSON.parse(Buffer.from(claims, 'base64url').toString()) as object), role: 'admin' };
  return [head, Buffer.from(JSON.stringify(forged)).toString('base64url'), signature].join('.');
}

t.test('each kind of key checks the tokens that it signs', async (t) => {
  for (const [alg, pair] of [
    ['ES256', ec],
    ['EdDSA', ed],
  ] as const) {
    // prettier-ignore
    const of = tokenCheck({ issuer, audience, keys: { publicKey: pair.publicKey } }, hashKey);
    t.match(await of(await token({ alg, key: pair.privateKey })), { kind: 'customer' }, alg);
    t.equal(await of(await token()), null, `${alg} pinned`);
  }
});

/** An issuer that publishes these keys; `told` counts how often, and can make it fail. */
async function jwks(t: Test, keys: readonly object[]): Promise<{ url: URL; told: { asked: number; status: number } }> {
  const told = { asked: 0, status: 200 };
  const server = createServer((_request, response) => {
    told.asked += 1;
    response.writeHead(told.status, { 'content-type': 'application/json' }).end(JSON.stringify({ keys }));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  return { url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks.json`), told };
}

t.test('the keys of an issuer are fetched once, and chosen by their id', async (t) => {
  const keys = [
    { ...(await exportJWK(rsa.publicKey)), kid: 'a', alg: 'RS256', use: 'sig' },
    { ...(await exportJWK(ec.publicKey)), kid: 'b', alg: 'ES256', use: 'sig' },
    { ...(await exportJWK(createSecretKey(Buffer.alloc(32, 1)))), kid: 'c', alg: 'HS256' },
  ];
  const { url, told } = await jwks(t, keys);
  const of = tokenCheck({ issuer, audience, keys: { jwksUrl: url } }, hashKey);
  t.match(await of(await token({ kid: 'a' })), { kind: 'customer' });
  t.match(await of(await token({ kid: 'b', alg: 'ES256', key: ec.privateKey })), { kind: 'customer' });
  t.equal(await of(await token({ kid: 'd' })), null, 'an unknown kid');
  t.equal(await of(await token({ kid: 'b' })), null, 'the kid of another key');
  t.equal(await of(await token({ kid: 'c', alg: 'HS256', key: Buffer.alloc(32, 1) })), null, 'a shared secret');
  t.equal(await of(await token({ kid: 'a', alg: 'PS256' })), null, 'an algorithm that the key is not for');
  t.equal(told.asked, 1, 'an unknown kid has them fetched again only after a while');
});

t.test('while the keys of the issuer can not be fetched, a token is neither valid nor wrong', async (t) => {
  const { url, told } = await jwks(t, [{ ...(await exportJWK(rsa.publicKey)), kid: 'a', alg: 'RS256' }]);
  const of = tokenCheck({ issuer, audience, keys: { jwksUrl: url } }, hashKey);
  told.status = 503;
  await t.rejects(of(await token({ kid: 'a' })), { code: 'overloaded', detail: /keys of the tokens' issuer/ });
  t.equal(await of(unsigned()), null, 'what would be refused with any key is refused');
  told.status = 200;
  t.match(await of(await token({ kid: 'a' })), { kind: 'customer' });
  const nowhere = tokenCheck({ issuer, audience, keys: { jwksUrl: new URL('http://127.0.0.1:1/') } }, hashKey);
  await t.rejects(nowhere(await token({ kid: 'a' })), { code: 'overloaded' });
});

t.test('without an issuer no token is valid', async (t) => {
  const of = authenticator({ callerOf: () => Promise.resolve(null) }, null);
  t.equal(await of(`Bearer ${await token()}`), null);
});

t.test('a token allows what a key of its role allows', async (t) => {
  const access = { ...required, jwt: { issuer, audience, keys: { publicKey: rsa.publicKey } } };
  const shop = await runningApp(t, { access });
  const { user_id } = await shop.registerUser();
  const ada = new Client(shop.http.url, await token({ claims: { sub: user_id } }));
  t.equal(outcome(await ada.get(`/v1/users/${user_id}`)), '200');
  t.equal(outcome(await ada.get(`/v1/users/${USER}`)), '404 user-not-found');
  t.equal(outcome(await ada.get('/v1/users')), '403 forbidden');
  const late = new Client(shop.http.url, await token({ claims: { exp: now() - 1 } }));
  t.equal(outcome(await late.get(`/v1/users/${user_id}`)), '401 unauthenticated');
  const clerk = new Client(shop.http.url, await token({ claims: { role: 'clerk', sub: 'c-1' } }));
  await clerk.ok('PATCH', `/v1/users/${user_id}`, { json: { name: 'Ada L.' } });
  const events = (await shop.http.ok('GET', `/v1/users/${user_id}/events`)).data as { metadata: { actor: object } }[];
  t.same(events.at(-1)?.metadata.actor, { kind: 'clerk', id: 'c-1' });
});
