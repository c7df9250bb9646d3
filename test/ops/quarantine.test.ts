import t from 'tap';
import { projections } from '../../projections/index.js';
import { listResult } from '../../src/commands/quarantine.js';
import { type Projectors, startProjectors } from '../../src/engine/projecting/projector.js';
import { Refusal } from '../../src/engine/core/errors.js';
import { NOT_NOW } from '../../src/engine/reacting/transient.js';
import { type ProblemCode, problemKind } from '../../src/http/problem-codes.js';
import { broken } from '../support/broken.js';
import { outcome } from '../support/http-client.js';
import { until } from '../support/orderlog.js';
import { demo, type RunningApp, runningApp } from '../support/running-app.js';

interface Listed {
  readonly quarantined: readonly { readonly model: string; readonly stream: string; readonly revision: number }[];
  readonly skipped: readonly object[];
}

async function listed({ http }: RunningApp, query = ''): Promise<Listed> {
  return (await http.ok('GET', `/v1/ops/quarantine${query}`)).data as Listed;
}

void t.test('quarantined keys are listed, retried and skipped over HTTP as on the command line', async (t) => {
  const shop = await runningApp(t, { seed: demo });
  const { user_id } = await shop.registerUser();
  t.same(await listed(shop), { quarantined: [], skipped: [], stopped: [] });
  await shop.stopProjectors();
  const orders = [await shop.placeOrder(user_id, [1]), await shop.placeOrder(user_id, [1])];
  const [first, second] = orders.map(({ order_id }) => `order-${order_id}`) as [string, string];
  const worse = projections.map((one) =>
    one.keyedBy?.includes('order') ? broken(one, [`${first}@0`, `${second}@0`]) : one,
  );
  const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };
  let running: Projectors = startProjectors({ ...shop.runtime, log: quiet, projections: worse });
  t.teardown(() => running.stop());
  await until(async () => (await listed(shop)).quarantined.length === 4);
  t.same(await listed(shop), (await listResult(shop.runtime, {})).document);
  t.equal((await listed(shop, '?model=user-orders')).quarantined.length, 2);
  await running.stop();
  // Today's code can apply them.
  running = startProjectors({ ...shop.runtime, log: quiet, projections });

  const retry = (json: object): ReturnType<typeof shop.http.send> =>
    shop.http.send('POST', '/v1/ops/quarantine/retry', { json });
  const skip = (json: object): ReturnType<typeof shop.http.send> =>
    shop.http.send('POST', '/v1/ops/quarantine/skip', { json });
  t.match((await retry({ streams: [first] })).data, {
    retried: [
      { model: 'order-counts', stream: first, events: 1, held: null },
      { model: 'user-orders', stream: first, events: 1, held: null },
    ],
  });
  t.match((await skip({ stream: `${second}@0`, reason: ' a test ' })).data, {
    skipped: [
      { model: 'order-counts', stream: second, revision: 0, reason: 'a test' },
      { model: 'user-orders', stream: second, revision: 0, reason: 'a test' },
    ],
  });
  const { quarantined, skipped } = await listed(shop);
  t.same(quarantined, []);
  t.match(skipped, [
    { stream: second, reason: 'a test' },
    { stream: second, reason: 'a test' },
  ]);

  const refused: readonly (readonly [answer: ReturnType<typeof retry>, wanted: string])[] = [
    [retry({ streams: [first] }), '409 not-quarantined'],
    [skip({ stream: first, reason: 'why' }), '409 not-quarantined'],
    [retry({ model: 'nothing' }), '400 invalid-request'],
    [skip({ stream: first }), '400 invalid-request'],
    [skip({ stream: first, reason: '   ' }), '400 invalid-request'],
    [shop.http.get('/v1/ops/quarantine?model=nothing'), '400 invalid-request'],
  ];
  for (const [answer, wanted] of refused) t.equal(outcome(await answer), wanted);
  const { detail } = (await retry({ streams: [first] })).body as { detail: string };
  t.match(detail, /GET \/v1\/ops\/quarantine/, 'the remedy is one of HTTP');
  t.notMatch(detail, /orderlog|--/);
});

void t.test('a retry or a skip fails as the commands of a reactor do, and the document says so', async (t) => {
  const shop = await runningApp(t, { seed: demo });
  for (const code of NOT_NOW) {
    const refuses = (): Promise<never> => Promise.reject(new Refusal(code, 'Others were faster.'));
    Object.assign(shop.runtime.engine, { retryQuarantined: refuses, skipQuarantined: refuses });
    const { status } = problemKind(code as ProblemCode);
    // The answer is held against the document by `runningApp`.
    const retried = await shop.http.send('POST', '/v1/ops/quarantine/retry', { json: {} });
    t.equal(outcome(retried), `${status} ${code}`);
    const skipped = await shop.http.send('POST', '/v1/ops/quarantine/skip', { json: { stream: 'x', reason: 'y' } });
    t.equal(outcome(skipped), `${status} ${code}`);
  }
});
