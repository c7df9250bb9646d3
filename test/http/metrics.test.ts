import t from 'tap';
import { buildApp } from '../../src/app.js';
import { Drain } from '../../src/http/drain.js';
import { createMetrics } from '../../src/http/metrics.js';
import { LineWriter } from '../../src/logging/line-writer.js';
import { measureLog } from '../../src/logger.js';
import { accessTo, addRoutes } from '../../src/routes.js';
import { verifyNowAndThen } from '../../src/scheduled-verify.js';
import { Refusal } from '../../src/engine/core/errors.js';
import { sendAndLeave } from '../support/leaving.js';
import { lintMetrics } from '../support/metric-lint.js';
import { until } from '../support/orderlog.js';
import { runningApp } from '../support/running-app.js';
import { failing, sampleApp } from './sample-app.js';

const headers = { host: 'localhost' };
const USER = '018f0000-0000-7000-8000-000000000001';

void t.test('every metric keeps the rules of promtool', async (t) => {
  const shop = await runningApp(t);
  const metrics = createMetrics();
  measureLog(metrics, new LineWriter(2, String));
  shop.runtime.engine.measure(metrics);
  const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
  await verifyNowAndThen(metrics, {
    everySeconds: 1,
    run: () => Promise.reject(new Error('not run')),
    log,
    signal: AbortSignal.abort(),
  });
  const check = { name: 'database', check: () => Promise.resolve({ ok: true }) };
  const parts = { logger: null, version: '1', access: accessTo(shop.runtime), checks: [check], metrics };
  const app = await buildApp({ ...parts, drain: new Drain() });
  await addRoutes(app, shop.runtime, { jobs: shop.jobs, ending: new AbortController().signal });
  t.teardown(() => app.close());
  await app.inject({ url: '/v1/categories', headers });
  let text = '';
  await until(async () => {
    text = (await app.inject({ url: '/metrics', headers })).body;
    return text.includes('orderlog_read_model_owned{model="users"} 1');
  });
  t.same(lintMetrics(text), []);
  t.match(text, 'orderlog_read_model_lag_events{model="users",version="1"} 0', 'what the process projects is told');
  t.match(text, 'orderlog_commands_total{command="PlaceOrder",outcome="ok"} 0', 'a rate has a beginning');
  for (const command of ['RegisterUser', 'MarkPaid', 'RetireProduct', 'RemoveCategory', 'EraseUser']) {
    t.match(text, `command="${command}"`);
  }
});

void t.test('the rules of promtool find what breaks them', (t) => {
  const lines = (...names: string[]): string =>
    names.map((name) => `# HELP ${name} h\n# TYPE ${name} gauge\n${name} 1`).join('\n');
  t.same(lintMetrics(lines('orderlog_things')), []);
  for (const bad of ['a_total', 'a_count', 'a_gauge', 'a_ms', 'aB', 'a_megabytes'])
    t.ok(lintMetrics(lines(bad)).length > 0, bad);
  t.same(lintMetrics('# HELP a h\n# TYPE a counter\na 1\na 1'), [
    'a: told twice',
    'a: a counter that does not end in _total',
  ]);
  t.same(lintMetrics('a 1'), ['a: no help', 'a: no type']);
  t.end();
});

void t.test('commands are counted by what became of them, and a refused request is logged with its code', async (t) => {
  const lines: string[] = [];
  const { pino } = await import('pino');
  const logger = pino({ level: 'info' }, { write: (line: string) => void lines.push(line) });
  const metrics = createMetrics();
  const app = await sampleApp(failing(), { metrics }, logger);
  t.teardown(() => app.close());
  const url = '/v1/things/5/cancel';
  await app.inject({ method: 'POST', url, headers });
  await app.inject({ method: 'POST', url, headers: { ...headers, 'if-match': '"1"' } });
  await app.inject({ method: 'POST', url, headers, payload: { reasons: 'a secret' } });
  await app.inject({ method: 'POST', url: '/v1/nothing', headers });
  const text = await metrics.metrics();
  const counted = (outcome: string): string => `orderlog_commands_total{command="CancelThing",outcome="${outcome}"} 1`;
  for (const outcome of ['ok', 'revision-mismatch', 'invalid-request']) t.match(text, counted(outcome));
  t.notMatch(text, 'route-not-found');
  const codes = lines.map((line) => (JSON.parse(line) as { code?: string }).code);
  t.same(codes, [undefined, 'revision-mismatch', 'invalid-request', 'route-not-found']);
  t.notMatch(lines.join(''), 'a secret');
});

for (const [when, error, status, outcome] of [
  ['took effect', undefined, 200, 'ok'],
  ['was refused', new Refusal('order-paid', 'It is paid.'), 409, 'order-paid'],
] as const) {
  void t.test(`a command that ${when} is logged and counted once, although its caller left`, async (t) => {
    const lines: string[] = [];
    const { pino } = await import('pino');
    const logger = pino({ level: 'info' }, { write: (line: string) => void lines.push(line) });
    const metrics = createMetrics();
    const told = failing();
    const app = await sampleApp(told, { metrics }, logger);
    t.teardown(() => app.close());
    const left = new Promise((resolve) => app.server.on('connection', (socket) => socket.once('close', resolve)));
    told.before = async () => {
      await left;
      if (error) throw error;
    };
    await app.listen({ port: 0, host: '127.0.0.1' });
    await sendAndLeave(app.server, ['POST /v1/things/5/cancel']);
    const ofRoute = (): object[] => lines.map((line) => JSON.parse(line) as object).filter((line) => 'route' in line);
    await until(() => ofRoute().length > 0);
    await new Promise((resolve) => setImmediate(resolve));
    t.match(ofRoute(), [{ route: '/v1/things/:thing_id/cancel', status, msg: 'the caller left before the answer' }]);
    t.equal(ofRoute().length, 1);
    const text = await metrics.metrics();
    t.match(text, `orderlog_commands_total{command="CancelThing",outcome="${outcome}"} 1`);
    t.match(text, 'http_requests_abandoned_total{method="POST",route="/v1/things/:thing_id/cancel"} 1');
    t.match(text, `route="/v1/things/:thing_id/cancel",status="${status}"} 1`);
  });
}

void t.test('a replay of a refusal counts as that refusal', async (t) => {
  const shop = await runningApp(t);
  const metrics = createMetrics();
  const parts = { logger: null, version: '1', access: accessTo(shop.runtime), checks: [], metrics, drain: new Drain() };
  const app = await buildApp(parts);
  await addRoutes(app, shop.runtime, { jobs: shop.jobs, ending: new AbortController().signal });
  t.teardown(() => app.close());
  const payload = { user_id: USER, items: [{ product_id: 1, quantity: 1 }] };
  const keyed = { ...headers, 'idempotency-key': 'refused' };
  const answers = [];
  for (let i = 0; i < 2; i++)
    answers.push(await app.inject({ method: 'POST', url: '/v1/orders', headers: keyed, payload }));
  t.same(
    answers.map(({ headers: told }) => told['idempotency-replayed']),
    [undefined, 'true'],
  );
  t.match(await metrics.metrics(), 'orderlog_commands_total{command="PlaceOrder",outcome="unknown-user"} 2');
});

void t.test('metrics report that a store is down while it is down', async (t) => {
  const metrics = createMetrics();
  const check = { name: 'database', check: () => Promise.reject(new Error('away')) };
  const app = await sampleApp(failing(), { metrics, checks: [check] });
  t.teardown(() => app.close());
  t.match(await metrics.metrics(), 'orderlog_up{check="database"} 0');
});
