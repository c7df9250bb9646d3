import { gunzipSync } from 'node:zlib';
import { fastify, type LightMyRequestResponse } from 'fastify';
import t from 'tap';
import { z } from 'zod';
import { orderAnswer } from '../../src/order/answer.js';
import { userAnswer } from '../../src/user/answer.js';
import type { App } from '../../src/http/app-type.js';
import { completeRoutes } from '../../src/http/json-schema.js';
import { dataOf } from '../../src/http/schemas.js';
import { validatorCompiler } from '../../src/http/validation.js';
import { sampleApp } from './sample-app.js';

const headers = { host: 'localhost' };
const USER = '01a20bcc-cc54-775b-bb6c-67c5d407a7be';

/** What becomes of a value on its way through the serializer of an answer. */
async function serialized(schema: z.ZodType, value: unknown): Promise<unknown> {
  const app = fastify() as unknown as App;
  app.setValidatorCompiler(validatorCompiler);
  completeRoutes(app);
  app.get('/', { schema: { response: { 200: schema } } }, () => value as never);
  const answer = await app.inject({ url: '/' });
  await app.close();
  return answer.json();
}

void t.test('the serializer changes nothing and drops nothing', async (t) => {
  const at = '2011-08-31T17:05:00.123Z';
  const order = {
    order_id: USER,
    user_id: USER,
    number: 'O-000001',
    external_reference: 'WEB-"1',
    status: 'paid',
    currency: 'GBP',
    total: Number.MAX_SAFE_INTEGER,
    items: [
      { line: 1, product_id: 7, sku: 'a"b', name: 'ü\u2028😀\\', quantity: 1, unit_price: 0, line_total: 0 },
      { line: 2, product_id: 7, sku: 'a', name: 'b', quantity: 2, unit_price: 3, line_total: 6 },
    ],
    history: [
      { status: 'placed', at, by: { kind: 'anonymous', id: null } },
      { status: 'paid', at, by: null, reference: null },
      { status: 'cancelled', at, by: { kind: 'admin', id: 'x' }, reason: 'late' },
    ],
    placed_at: at,
    allowed_actions: [],
    revision: 1,
  };
  t.same(await serialized(dataOf(orderAnswer), { data: order }), { data: order });
  const proof = { document_id: USER, sha256: null, bytes: 5, uploaded_at: at };
  const user = {
    user_id: USER,
    name: null,
    email: 'a@b',
    status: 'active',
    id_proof: proof,
    registered_at: at,
    updated_at: at,
    revision: 0,
  };
  t.same(await serialized(dataOf(userAnswer), { data: user }), { data: user });
  t.same(await serialized(dataOf(userAnswer), { data: { ...user, id_proof: null } }), {
    data: { ...user, id_proof: null },
  });
  const event = {
    data: { a: [1, { b: null }], c: {}, d: '9007199254740993' },
    by: 'x',
    kind: 'b',
    many: [null, 'a'],
    empty: [],
  };
  const eventSchema = z.strictObject({
    data: z.record(z.string(), z.unknown()),
    by: z.union([z.string(), z.int()]),
    kind: z.literal('b').nullable(),
    many: z.array(z.string().nullable()),
    empty: z.array(z.int()).optional(),
  });
  t.same(await serialized(eventSchema, event), event);
  t.same(await serialized(eventSchema, { ...event, by: 5, kind: null }), { ...event, by: 5, kind: null });
});

void t.test('an answer that lacks what its schema asks for is a defect, not a gap', async (t) => {
  t.match(await serialized(z.strictObject({ a: z.string() }), {}), { statusCode: 500 });
});

void t.test('a list is gone through by its next links, which keep the rest of the query', async (t) => {
  const app = await sampleApp();
  t.teardown(() => app.close());
  const seen: number[] = [];
  let url: string | null = '/v1/things?status=on&limit=20';
  while (url !== null) {
    const answer: LightMyRequestResponse = await app.inject({ url, headers });
    const body: { data: { thing_id: number }[]; next: string | null } = answer.json();
    seen.push(...body.data.map((one) => one.thing_id));
    t.equal(answer.headers.link, body.next === null ? undefined : `<${body.next}>; rel="next"`);
    if (body.next !== null) t.match(body.next, /^\/v1\/things\?limit=20&status=on&cursor=[\w-]+$/);
    url = body.next;
  }
  t.same(
    seen,
    Array.from({ length: 45 }, (_, index) => index + 1),
  );
});

void t.test('a command answers with its revision, its position and the address of the new thing', async (t) => {
  const app = await sampleApp();
  t.teardown(() => app.close());
  const payload = { user_id: USER.toUpperCase(), items: [{ product_id: 1, quantity: 1 }] };
  const made = await app.inject({ method: 'POST', url: '/v1/orders', headers, payload });
  t.equal(made.statusCode, 201);
  t.match(made.headers, { etag: '"0"', location: /^\/v1\/orders\/[\da-f-]{36}$/, 'log-position': /^[\w-]+$/ });
  t.notOk(made.headers['idempotency-replayed']);
  t.same(made.json(), { data: { user_id: USER, lines: 1 } }, 'ids are lower-cased');
  const again = await app.inject({ method: 'POST', url: '/v1/things/1/cancel', headers });
  t.equal(again.statusCode, 200);
  t.match(again.headers, { etag: '"3"', 'idempotency-replayed': 'true' });
});

void t.test('a prepared answer goes out as it is, compressed where wanted, and not at all to who has it', async (t) => {
  const app = await sampleApp();
  t.teardown(() => app.close());
  const plain = await app.inject({ url: '/v1/tree', headers });
  t.equal(plain.body, '{"data":[]}');
  t.match(plain.headers, {
    'content-type': 'application/json; charset=utf-8',
    vary: 'accept-encoding',
    etag: /^"[\w-]+"$/,
  });
  const etag = String(plain.headers.etag);
  const small = await app.inject({ url: '/v1/tree', headers: { ...headers, 'accept-encoding': 'br, gzip;q=0.5' } });
  t.equal(small.headers['content-encoding'], 'gzip');
  t.equal(gunzipSync(small.rawPayload).toString(), '{"data":[]}');
  const refused = await app.inject({ url: '/v1/tree', headers: { ...headers, 'accept-encoding': '*, gzip;q=0' } });
  t.equal(refused.headers['content-encoding'], undefined);
  const same = await app.inject({ url: '/v1/tree', headers: { ...headers, 'if-none-match': `W/${etag}` } });
  t.equal(same.statusCode, 304);
  t.equal(same.body, '');
  t.equal(same.headers.etag, etag);
});
