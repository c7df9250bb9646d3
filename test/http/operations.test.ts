import t, { type Test } from 'tap';
import { DocumentUnreadable } from '../../src/documents/frames.js';
import { EventStoreUnavailable } from '../../src/engine/core/errors.js';
import { createMetrics } from '../../src/http/metrics.js';
import { PROBLEM_CODES, problemKind, statusOf } from '../../src/http/problem-codes.js';
import { failing, sampleApp } from './sample-app.js';

const headers = { host: 'localhost' };
const USER = '01a20bcc-cc54-775b-bb6c-67c5d407a7be';
const MARK = 'Marker';

void t.test('every answer has the security headers and its request id', async (t) => {
  const app = await sampleApp();
  t.teardown(() => app.close());
  for (const url of ['/v1/things', '/v1/things?x', '/none', '/metrics', '/%zz']) {
    const { headers: got } = await app.inject({ url, headers });
    t.match(
      got,
      { 'x-content-type-options': 'nosniff', 'content-security-policy': /'none'/, 'x-request-id': /-/ },
      url,
    );
  }
});

void t.test('the process is ready when every check is, and says which is not', async (t) => {
  const checks = {
    fine: () => Promise.resolve({ ok: true }),
    half: () => Promise.resolve({ ok: true, degraded: true, detail: '1 key waits' }),
    whole: () => Promise.resolve({ ok: true, degraded: false, detail: '6 of 6 connected' }),
    late: () => Promise.resolve({ ok: false, detail: '5 events behind' }),
    broken: () => Promise.reject(new Error('secret')),
    stuck: () => new Promise<never>(() => undefined),
  };
  const list = Object.entries(checks).map(([name, check]) => ({ name, check }));
  const well = await sampleApp(failing(), { checks: list.slice(0, 1) });
  const half = await sampleApp(failing(), { checks: list.slice(0, 3) });
  const ill = await sampleApp(failing(), { checks: list });
  t.teardown(() => well.close());
  t.teardown(() => half.close());
  t.teardown(() => ill.close());
  t.equal((await ill.inject({ url: '/health/live', headers })).statusCode, 200);
  const ready = await well.inject({ url: '/health/ready', headers });
  t.equal(ready.statusCode, 200);
  t.same(ready.json(), { status: 'ok', checks: { fine: { ok: true } } });
  const works = await half.inject({ url: '/health/ready', headers });
  t.equal(works.statusCode, 200);
  t.same(works.json(), {
    status: 'degraded',
    checks: {
      fine: { ok: true },
      half: { ok: true, degraded: true, detail: '1 key waits' },
      whole: { ok: true, detail: '6 of 6 connected' },
    },
  });
  const not = await ill.inject({ url: '/health/ready', headers });
  t.equal(not.statusCode, 503);
  t.same(not.json(), {
    status: 'unavailable',
    checks: {
      fine: { ok: true },
      half: { ok: true, degraded: true, detail: '1 key waits' },
      whole: { ok: true, detail: '6 of 6 connected' },
      late: { ok: false, detail: '5 events behind' },
      broken: { ok: false, detail: 'the check failed' },
      stuck: { ok: false, detail: 'no answer within 2000 ms' },
    },
  });
});

void t.test('requests are measured and logged by their route, never by what was sent', async (t) => {
  const lines: string[] = [];
  const write = (...parts: unknown[]): void => void lines.push(JSON.stringify(parts));
  const logger = {
    level: 'info',
    info: write,
    warn: write,
    error: write,
    fatal: write,
    debug: write,
    trace: write,
    silent: write,
    child: () => logger,
  };
  const metrics = createMetrics();
  const told = failing();
  const app = await sampleApp(told, { metrics }, logger);
  t.teardown(() => app.close());
  const marked = { ...headers, 'x-marker': MARK, 'idempotency-key': MARK };
  await app.inject({ url: `/v1/things/1?email=${MARK}`, headers: marked });
  await app.inject({ url: `/none/${MARK}`, headers: marked });
  await app.inject({ method: 'POST', url: '/v1/things/5/cancel', headers: marked, payload: { reason: MARK } });
  told.error = Object.assign(new Error(MARK), {
    severity: 'ERROR',
    code: '23505',
    detail: MARK,
    constraint: 'one_email',
  });
  await app.inject({
    method: 'POST',
    url: '/v1/orders',
    headers: marked,
    payload: { user_id: USER, items: [{ product_id: 1, quantity: 1 }] },
  });
  t.notMatch(lines.join('\n'), new RegExp(MARK));
  t.match(lines.join('\n'), /"method":"GET","route":"\/v1\/things\/:thing_id","status":400/);
  t.match(lines.join('\n'), /one_email/);
  const text = (await app.inject({ url: '/metrics', headers: { ...headers, accept: 'text/plain' } })).body;
  t.match(
    text,
    /http_request_duration_seconds_count\{method="POST",route="\/v1\/things\/:thing_id\/cancel",status="200"\} 1/,
  );
  t.match(text, /route="none",status="404"/);
  t.match(text, /nodejs_eventloop_lag_seconds/);
  t.notMatch(text, new RegExp(MARK));
});

/** An application whose orders fail as they are told, and what it logs from warnings on. */
async function failingApp(t: Test) {
  const lines: unknown[][] = [];
  const write = (...parts: unknown[]): void => void lines.push(parts);
  const logger = {
    level: 'info',
    info: () => undefined,
    warn: write,
    error: write,
    fatal: write,
    debug: () => undefined,
  };
  const full = { ...logger, trace: () => undefined, silent: () => undefined, child: () => full };
  const told = failing();
  const app = await sampleApp(told, {}, full);
  t.teardown(() => app.close());
  const ask = async (error: Error) => {
    told.error = error;
    const payload = { user_id: USER, items: [{ product_id: 1, quantity: 1 }] };
    return app.inject({ method: 'POST', url: '/v1/orders', headers, payload });
  };
  return { ask, lines };
}

void t.test('a lack of disk space or file descriptors is 503 with Retry-After, its cause in the log', async (t) => {
  const { ask, lines } = await failingApp(t);
  const fault = (code: string): Error => Object.assign(new Error(`${code}: ${MARK}`), { code, syscall: 'write' });
  for (const code of ['ENOSPC', 'EDQUOT', 'EMFILE', 'ENFILE', 'ENOMEM', 'EIO', 'EROFS', 'EACCES', 'ENOENT']) {
    for (const error of [fault(code), new Error('wrapped', { cause: fault(code) })]) {
      const answer = await ask(error);
      t.equal(answer.statusCode, 503, code);
      t.equal(answer.headers['retry-after'], '10');
      t.match(answer.json(), { code: 'overloaded', detail: /disk space, open files or memory/ });
      t.notMatch(answer.body, MARK);
      t.match(JSON.stringify(lines.splice(0)), new RegExp(`"${code}".*needs the operator`));
    }
  }
  const missing = new DocumentUnreadable('there is no document 5', { cause: fault('ENOENT') });
  const answer = await ask(missing);
  t.equal(answer.statusCode, 404);
  t.match(answer.json(), { code: 'id-proof-not-found' });
  t.match(JSON.stringify(lines.splice(0)), /there is no document 5.*"ENOENT".*needs the operator/);
  t.equal((await ask(new Error('a defect'))).statusCode, 500);
});

void t.test(
  'a database without disk space, memory or connections is 503 with the remedy; the log says which',
  async (t) => {
    const { ask, lines } = await failingApp(t);
    const fault = (code: string): Error =>
      Object.assign(new Error(`the database ${MARK}`), { code, severity: 'ERROR' });
    for (const [code, detail] of [
      ['53100', /no disk space left\. To mend it, make room on its disk\. The log of this server says which/],
      ['53200', /no memory left\. To mend it, give its machine more memory/],
      ['53300', /no more connections\. To mend it, .*max_connections/],
      ['58030', /can not read or write its files\./],
    ] as const) {
      const error = fault(code);
      const ofTheLog = new EventStoreUnavailable(`the log can not be reached: ${error.message}`, { cause: error });
      for (const [one, problem] of [
        [error, 'database-unavailable'],
        [ofTheLog, 'event-store-unavailable'],
      ] as const) {
        const answer = await ask(one);
        t.equal(answer.statusCode, 503, code);
        t.equal(answer.headers['retry-after'], '10');
        t.match(answer.json(), { code: problem, detail });
        t.notMatch(answer.body, MARK, 'the place is for the operator alone');
        t.match(JSON.stringify(lines.splice(0)), new RegExp(`the database ${MARK}.*"${code}".*needs the operator`));
      }
    }
    for (const code of ['57P01', '57P03']) {
      const answer = await ask(fault(code));
      t.equal(answer.headers['retry-after'], '2');
      t.match(answer.json(), {
        code: 'database-unavailable',
        detail: /^The database .*(stops|stopping).* Try again later\.$/,
      });
      t.same(lines.splice(0), [], 'it passes by itself');
    }
  },
);

void t.test('a query answers stock that is not tracked with 404', (t) => {
  t.equal(statusOf('stock-not-tracked', 'query'), 404);
  t.equal(statusOf('stock-not-tracked', 'command'), 409);
  t.end();
});

void t.test('the codes are those of the contract', async (t) => {
  const byStatus: Record<string, string> = {
    400: 'invalid-request invalid-cursor invalid-log-position malformed-json id-proof-missing',
    401: 'unauthenticated',
    403: 'forbidden',
    404:
      'user-not-found order-not-found category-not-found product-not-found id-proof-not-found job-not-found ' +
      'route-not-found',
    405: 'method-not-allowed',
    406: 'not-acceptable',
    409:
      'order-paid order-cancelled email-taken sku-taken category-exists category-code-taken product-exists ' +
      'category-cycle category-not-empty user-erased revision-conflict idempotency-in-flight out-of-stock ' +
      'stock-not-tracked stock-reserved external-reference-taken job-running not-quarantined read-model-busy',
    412: 'revision-mismatch',
    413: 'payload-too-large',
    415: 'unsupported-media-type',
    422:
      'idempotency-mismatch unknown-product product-retired unknown-category unknown-user id-proof-pending ' +
      'currency-mismatch total-too-large order-too-large id-proof-not-pdf id-proof-encrypted ' +
      'id-proof-active-content id-proof-damaged',
    429: 'rate-limited',
    431: 'headers-too-large',
    500: 'internal-error',
    503: 'read-model-behind event-store-unavailable database-unavailable overloaded',
  };
  for (const [status, codes] of Object.entries(byStatus)) {
    const ours = PROBLEM_CODES.filter((code) => problemKind(code).status === Number(status));
    t.same(ours.toSorted(), codes.split(' ').toSorted(), status);
  }
  t.equal(PROBLEM_CODES.length, Object.values(byStatus).join(' ').split(' ').length);
});
