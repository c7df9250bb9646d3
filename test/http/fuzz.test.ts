import fc from 'fast-check';
import t from 'tap';
import { isProblemCode, type ProblemCode, statusOf } from '../../src/http/problem-codes.js';
import { sampleApp } from './sample-app.js';

const USER = '01a20bcc-cc54-775b-bb6c-67c5d407a7be';
const METHODS = ['GET', 'POST', 'PATCH', 'PUT', 'DELETE', 'HEAD', 'OPTIONS'] as const;
const PATHS = [
  '/v1/orders',
  '/v1/things',
  '/v1/tree',
  '/v1/uploads',
  '/health/ready',
  '/problems',
  '/docs',
  '/metrics',
];

const words = fc.oneof(
  fc.constantFrom(
    '',
    '1',
    '0',
    '-1',
    '1e3',
    '2147483648',
    USER,
    '%',
    '%00',
    '%ff',
    '..',
    '"3"',
    '*',
    'W/"1"',
    'null',
    '__proto__',
    'toString',
  ),
  fc.string({ maxLength: 30, unit: 'binary' }).map((text) => encodeURIComponent(Buffer.from(text).toString())),
  fc.string({ maxLength: 12 }).map((text) => text.replace(/[^\x21-\x7e]/g, '')),
);

const path = fc
  .tuple(
    fc.constantFrom(...PATHS),
    fc.array(fc.oneof(words, fc.constantFrom('cancel', 'retire', 'static', 'json')), { maxLength: 3 }),
    fc.array(fc.tuple(fc.oneof(fc.constantFrom('limit', 'cursor', 'status'), words), words), { maxLength: 3 }),
  )
  .map(
    ([base, steps, query]) =>
      [base, ...steps].join('/') + (query.length > 0 ? `?${query.map((pair) => pair.join('=')).join('&')}` : ''),
  );

const headerText = fc.oneof(
  words,
  fc.constantFrom(
    'application/json',
    'multipart/form-data; boundary=b',
    'application/merge-patch+json',
    'text/plain',
    '*/*',
    'wait=1',
    'gzip;q=x',
    ',,;="',
  ),
  fc.string({ maxLength: 20 }).map((text) => text.replace(/[^\x20-\x7e]/g, '')),
);
const names = [
  'content-type',
  'accept',
  'accept-encoding',
  'if-match',
  'if-none-match',
  'idempotency-key',
  'prefer',
  'min-log-position',
  'x-request-id',
  'range',
  'expect',
  'transfer-encoding',
  'cookie',
  'accept-version',
];
const headers = fc.dictionary(fc.constantFrom(...names), headerText, { maxKeys: 5 });

const likely = fc.record(
  {
    user_id: fc.oneof(fc.constant(USER), fc.json()),
    items: fc.array(fc.record({ product_id: fc.oneof(fc.nat(), fc.double()), quantity: fc.nat() })),
    name: fc.string({ unit: 'binary' }),
    reason: fc.anything(),
  },
  { requiredKeys: [] },
);
const body = fc.oneof(
  fc.constant(undefined),
  fc.json(),
  likely.map((value) => JSON.stringify(value)),
  fc.string(),
  fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
  fc.string().map((value) => `--b\r\ncontent-disposition: form-data; name="${value}"\r\n\r\n${value}\r\n--b--\r\n`),
);

void t.test('whatever is sent to whatever route, the answer is one of the codes and never a 500', async (t) => {
  const app = await sampleApp();
  t.teardown(() => app.close());
  const seen = new Map<number, number>();
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...METHODS), path, headers, body, async (method, url, sent, payload) => {
      const given = { 'content-type': 'application/json', ...sent, host: 'localhost' };
      const answer = await app.inject({ method, url, headers: given, ...(payload !== undefined && { payload }) });
      seen.set(answer.statusCode, (seen.get(answer.statusCode) ?? 0) + 1);
      if (answer.statusCode < 400) return true;
      if (method === 'HEAD') return answer.statusCode < 500;
      const { code = '' } = answer.json<{ code?: string }>();
      return isProblemCode(code) && code !== 'internal-error' && statusesOf(code).includes(answer.statusCode);
    }),
    { numRuns: 3_000 },
  );
  t.comment(JSON.stringify([...seen].sort()));
  for (const status of [200, 400, 404, 405, 406, 415]) t.ok(seen.has(status), `some were ${status}`);
});

function statusesOf(code: ProblemCode): number[] {
  return [statusOf(code, 'command'), statusOf(code, 'query')];
}
