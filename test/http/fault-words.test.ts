import t from 'tap';
import { z } from 'zod';
import { print } from '../../src/engine/index.js';
import { sampleApp } from './sample-app.js';

/** Every kind of fault that zod knows, as a schema and a value that has it. */
const CASES: readonly (readonly [kind: string, schema: z.ZodType, value: unknown, words: string])[] = [
  ['invalid_type', z.object({ a: z.string() }), {}, 'is missing'],
  ['invalid_type', z.string(), 5, 'must be text'],
  ['invalid_type', z.number(), '5', 'must be a number'],
  ['invalid_type', z.int(), Infinity, 'is larger than any number can be'],
  ['invalid_type', z.int(), -Infinity, 'is smaller than any number can be'],
  ['invalid_type', z.int(), 1.5, 'must be a whole number'],
  ['invalid_type', z.bigint(), 1, 'must be a whole number'],
  ['invalid_type', z.boolean(), 'yes', 'must be true or false'],
  ['invalid_type', z.object({}), null, 'must be an object'],
  ['invalid_type', z.record(z.string(), z.string()), [], 'must be an object'],
  ['invalid_type', z.map(z.string(), z.string()), {}, 'must be an object'],
  ['invalid_type', z.array(z.string()), {}, 'must be a list'],
  ['invalid_type', z.tuple([z.string()]), {}, 'must be a list'],
  ['invalid_type', z.set(z.string()), {}, 'must be a list'],
  ['invalid_type', z.null(), 1, 'must be null'],
  ['invalid_type', z.date(), 'today', 'must be a date'],
  ['invalid_type', z.file(), 'a', 'must be a file'],
  ['invalid_type', z.never(), 1, 'has a form that is not allowed'],
  ['too_small', z.int().min(1), 0, 'must be at least 1'],
  ['too_small', z.number().gt(1), 1, 'must be more than 1'],
  ['too_small', z.int(), Number.MIN_SAFE_INTEGER - 1, `must be at least ${Number.MIN_SAFE_INTEGER}`],
  ['too_small', z.string().min(2), 'a', 'must have at least 2 characters'],
  ['too_small', z.string().length(2), 'a', 'must have exactly 2 characters'],
  ['too_small', z.array(z.string()).min(1), [], 'must have at least 1 entry'],
  ['too_small', z.set(z.string()).min(2), new Set(), 'must have at least 2 entries'],
  ['too_small', z.date().min(new Date(0)), new Date(-1), 'must be at least 1970-01-01T00:00:00.000Z'],
  ['too_big', z.int().max(100), 101, 'must be at most 100'],
  ['too_big', z.number().lt(100), 100, 'must be less than 100'],
  ['too_big', z.string().max(2), 'abc', 'must have at most 2 characters'],
  ['too_big', z.array(z.string()).max(1), ['a', 'b'], 'must have at most 1 entry'],
  ['not_multiple_of', z.number().multipleOf(5), 6, 'must be a multiple of 5'],
  ['invalid_format', z.email(), 'a', 'has a form that is not allowed'],
  ['invalid_format', z.url(), 'a', 'must be a URL'],
  ['invalid_format', z.uuid(), 'a', 'must be a UUID'],
  ['invalid_format', z.guid(), 'a', 'must be a UUID'],
  ['invalid_format', z.iso.datetime(), 'a', 'must be a time in UTC such as 2026-01-31T09:30:00Z'],
  ['invalid_format', z.iso.date(), 'a', 'must be a date such as 2026-01-31'],
  ['invalid_format', z.iso.time(), 'a', 'must be a time such as 09:30:00'],
  ['invalid_format', z.string().regex(/^b/), 'a', 'has a form that is not allowed'],
  ['invalid_format', z.cuid2(), '-', 'has a form that is not allowed'],
  ['invalid_format', z.string().startsWith('b'), 'a', 'must begin with b'],
  ['invalid_format', z.string().endsWith('b'), 'a', 'must end with b'],
  ['invalid_format', z.string().includes('b'), 'a', 'must contain b'],
  ['unrecognized_keys', z.strictObject({}), { a: 1 }, 'is not known; remove it'],
  ['invalid_value', z.enum(['placed', 'paid', 'cancelled']), 'x', 'must be one of placed, paid, cancelled'],
  ['invalid_value', z.object({ a: z.enum(['on', 'off']) }), {}, 'is missing'],
  ['invalid_value', z.literal('erased'), 'x', 'must be erased'],
  ['invalid_union', z.union([z.string(), z.number()]), true, 'has a form that is not allowed'],
  [
    'invalid_union',
    z.discriminatedUnion('kind', [z.object({ kind: z.literal('a') }), z.object({ kind: z.literal('b') })]),
    { kind: 'c' },
    'must be one of a, b',
  ],
  ['invalid_key', z.record(z.string().min(2), z.string()), { a: 'b' }, 'has a member whose name is not allowed'],
  ['invalid_element', z.map(z.any(), z.string()), new Map([[{}, 1]]), 'has an entry that is not allowed'],
  ['custom', z.string().refine(() => false), 'a', 'is not allowed'],
];

t.test('every kind of fault is told in words of our own', async (t) => {
  for (const [kind, schema, value, words] of CASES) {
    const [issue] = schema.safeParse(value, { error: print.fault }).error?.issues ?? [];
    t.equal(issue?.code, kind, `${words} is ${kind}`);
    t.equal(issue?.message, words, kind);
  }
});

t.test('the words of a schema itself come first', async (t) => {
  const schema = z.string('is no text').regex(/^b/, 'does not begin with b');
  for (const [value, words] of [
    [1, 'is no text'],
    ['a', 'does not begin with b'],
  ] as const) {
    t.equal(schema.safeParse(value, { error: print.fault }).error?.issues[0]?.message, words);
  }
});

/** Words of zod, of Fastify, of its parsers and of Node. */
const FOREIGN =
  /invalid (?:input|option|string|value|element|key|type)|too (?:big|small): |expected \w+|received|unrecognized|unexpected token|FST_|HPE_|Body cannot|Body is not valid|Unsupported Media Type:|boundary|Multipart:|Unexpected end|querystring|JSON at position/i;

t.test('no problem has a word of a library', async (t) => {
  const app = await sampleApp();
  t.teardown(() => app.close());
  const headers = { host: 'localhost' };
  const json = { ...headers, 'content-type': 'application/json' };
  const form = { ...headers, 'content-type': 'multipart/form-data; boundary=b' };
  const post = (payload: string | object, given: Record<string, string> = json, url = '/v1/orders') =>
    ({ method: 'POST', url, headers: given, payload }) as const;
  const requests = [
    post({}),
    post({ user_id: 5, items: [{ product_id: 'a', quantity: 0.5 }, null, { product_id: 1e300 }], more: 1 }),
    post('{"user_id":'),
    post('{"a":\u0000}'),
    post('[]'),
    post('"text"'),
    post('{"__proto__":{}}'),
    post('x', { ...headers, 'content-type': 'text/plain' }),
    post('x', { ...headers, 'content-type': '::' }),
    post('x', { ...json, 'content-length': '5' }),
    post('x', { ...json, 'content-encoding': 'br' }),
    post('x', form, '/v1/uploads'),
    post('--b\r\n\r\n', form, '/v1/uploads'),
    post('--b\r\ncontent-disposition: form-data; name="x"\r\n\r\ny\r\n--b--\r\n', form, '/v1/uploads'),
    post('x', { ...headers, 'content-type': 'multipart/form-data' }, '/v1/uploads'),
    { method: 'GET', url: '/v1/things?limit=x&status=5&a=1&cursor=%zz', headers },
    { method: 'GET', url: '/v1/things?limit[]=1&status=on&status=off', headers },
    { method: 'GET', url: '/v1/things/%zz', headers },
    { method: 'GET', url: '/v1/things/x', headers: { ...headers, 'min-log-position': 'x' } },
    { method: 'PATCH', url: '/v1/things/1', headers: json, payload: { name: 5, price: '1' } },
    { method: 'DELETE', url: '/v1/things/1', headers: json, payload: '{' },
  ] as const;
  for (const request of requests) {
    const answer = await app.inject(request);
    t.ok(answer.statusCode >= 400 && answer.statusCode < 500, `${request.method} ${request.url} is refused`);
    const { detail, errors = [] } = answer.json<{ detail: string; errors?: { message: string }[] }>();
    for (const words of [detail, ...errors.map(({ message }) => message)]) t.notMatch(words, FOREIGN);
  }
});
