/** Bodies that are JSON, and yet no request. */
import t from 'tap';
import { sampleApp } from './sample-app.js';

const USER = '01a20bcc-cc54-775b-bb6c-67c5d407a7be';
const ITEMS = '"items":[{"product_id":1,"quantity":2}]';
const ORDER = `"user_id":"${USER}",${ITEMS}`;
const UNKNOWN = 'is not known; remove it';
const TWICE = 'is given twice';
const UP_TO = 'must be at most 1000000';

const CASES: readonly (readonly [
  what: string,
  body: string,
  ...faults: (readonly [path: string, message: string])[],
])[] = [
  ['a prototype', `{"__proto__":{"a":1},${ORDER}}`, ['__proto__', UNKNOWN]],
  ['a prototype that is null', `{"__proto__":null,${ORDER}}`, ['__proto__', UNKNOWN]],
  ['an escaped prototype', `{"\\u005f_proto__":{},${ORDER}}`, ['__proto__', UNKNOWN]],
  [
    'a prototype that holds what is missing',
    `{"__proto__":{${ORDER}}}`,
    ['user_id', 'is missing'],
    ['items', 'is missing'],
    ['__proto__', UNKNOWN],
  ],
  [
    'a prototype of a line',
    `{"user_id":"${USER}","items":[{"__proto__":{},"product_id":1,"quantity":2}]}`,
    ['items[0].__proto__', UNKNOWN],
  ],
  ['a constructor', `{"constructor":{"prototype":{"a":1}},${ORDER}}`, ['constructor', UNKNOWN]],
  ['a member twice', `{${ORDER},"user_id":"${USER}"}`, ['user_id', TWICE]],
  ['a member twice, once escaped', `{${ORDER},"user\\u005fid":"${USER}"}`, ['user_id', TWICE]],
  ['a member three times', `{${ORDER},${ITEMS},${ITEMS}}`, ['items', TWICE]],
  [
    'members of a line twice',
    `{"user_id":"${USER}","items":[{"product_id":1,"quantity":2},{"product_id":1,"quantity":2,"product_id":2,"quantity":3}]}`,
    ['items[1].product_id', TWICE],
    ['items[1].quantity', TWICE],
  ],
  ['an unknown member twice', `{"a":"}{\\"","a":["}",{"b":1}],${ORDER}}`, ['a', TWICE]],
  [
    'a number beyond 2^53',
    `{"user_id":"${USER}","items":[{"product_id":1,"quantity":9007199254740993}]}`,
    ['items[0].quantity', UP_TO],
  ],
  [
    'a number below -2^53',
    `{"user_id":"${USER}","items":[{"product_id":1,"quantity":-9007199254740993}]}`,
    ['items[0].quantity', 'must be at least 1'],
  ],
  [
    'a number beyond all',
    `{"user_id":"${USER}","items":[{"product_id":1,"quantity":1e400}]}`,
    ['items[0].quantity', 'is larger than any number can be'],
  ],
];

void t.test('each fault is named once, with its place', async (t) => {
  const app = await sampleApp();
  t.teardown(() => app.close());
  for (const [what, body, ...faults] of CASES) {
    const { status, problem } = await send(app, body);
    t.equal(status, 400, what);
    t.equal(problem.code, 'invalid-request', what);
    const found = problem.errors?.map(({ path, message }) => [path, message]) ?? [];
    t.same(found, faults, what);
  }
});

void t.test('names that are equal in two objects, or stand in a text, are not given twice', async (t) => {
  const app = await sampleApp();
  t.teardown(() => app.close());
  const line = '{"product_id":1,"quantity":2}';
  for (const body of [
    `{"user_id":"${USER}","items":[${line},${line}]}`,
    `\uFEFF { "user_id" : "${USER}" , "items" : [ ${line} ] } `,
  ]) {
    t.equal((await send(app, body)).status, 201, body);
  }
  const text = JSON.stringify(JSON.stringify({ a: '"a":1', b: '\\' }));
  const { problem } = await send(app, `{${ORDER},"a":${text},"b":[{"a":1},{"a":2}]}`);
  t.same(
    problem.errors?.map(({ path }) => path),
    ['a', 'b'],
  );
});

void t.test('a body that nests without end, with names that are given twice, gets a short answer', async (t) => {
  const app = await sampleApp();
  t.teardown(() => app.close());
  const many = '"a":1,'.repeat(50_000);
  for (const body of [
    `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`,
    `${'['.repeat(200_000)}{"a":1,"a":2}${']'.repeat(200_000)}`,
    `{"a":{${many}"b":1}}`,
  ]) {
    const { status, bytes } = await send(app, body);
    t.equal(status, 400);
    t.ok(bytes < 5_000, `${bytes} bytes`);
  }
});

void t.test('a body that is no JSON is told where it stops to be, and nothing of what it holds', async (t) => {
  const app = await sampleApp();
  t.teardown(() => app.close());
  const { status, problem } = await send(app, `\uFEFF{\n  "user_id": Ada,\n${ITEMS}}`);
  t.equal(status, 400);
  t.match(problem, {
    code: 'malformed-json',
    detail:
      'The body is not JSON: in line 2, column 14, a word stands without double quotes that is not true, false or null.',
  });
});

void t.test('where a body is optional, none is none, whatever type is named for it', async (t) => {
  const app = await sampleApp();
  t.teardown(() => app.close());
  const form = 'application/x-www-form-urlencoded';
  for (const [url, type, payload, wanted] of [
    ['/v1/things/1/cancel', form, '', 200],
    ['/v1/things/1/cancel', 'text/plain', '', 200],
    ['/v1/things/1/cancel', 'application/json', '', 200],
    ['/v1/things/1/retire', form, '', 200],
    ['/v1/things/1/cancel', form, 'reason=late', 415],
    ['/v1/orders', form, '', 415],
    ['/v1/nowhere', form, 'a=b', 404],
  ] as const) {
    const headers = { host: 'localhost', 'content-type': type, 'content-length': String(payload.length) };
    const { statusCode } = await app.inject({ method: 'POST', url, headers, payload });
    t.equal(statusCode, wanted, `${url} ${type} ${payload}`);
  }
});

void t.test('an id that is no number has one fault, and so has one that is too large', async (t) => {
  const app = await sampleApp();
  t.teardown(() => app.close());
  const form = 'is not a whole number from 1 to 2147483647 in plain digits';
  for (const [id, message] of [
    ['x', form],
    ['0', form],
    ['99999999999', form],
    ['2147483648', 'is larger than 2147483647'],
  ] as const) {
    const answer = await app.inject({ url: `/v1/things/${id}`, headers: { host: 'localhost' } });
    t.same(answer.json<Problem>().errors, [{ path: 'path.thing_id', message }], id);
  }
});

interface Problem {
  readonly code: string;
  readonly detail?: string;
  readonly errors?: readonly { readonly path: string; readonly message: string }[];
}

async function send(
  app: Awaited<ReturnType<typeof sampleApp>>,
  payload: string,
): Promise<{ status: number; problem: Problem; bytes: number }> {
  const headers = { host: 'localhost', 'content-type': 'application/json' };
  const answer = await app.inject({ method: 'POST', url: '/v1/orders', headers, payload });
  return { status: answer.statusCode, problem: answer.json<Problem>(), bytes: answer.body.length };
}
