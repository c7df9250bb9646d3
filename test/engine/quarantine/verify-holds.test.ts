import { test, type Test } from 'tap';
import { projections } from '../../../projections/index.js';
import type { AnyProjection } from '../../../src/engine/projecting/projection.js';
import { type Verified, verify } from '../../../src/engine/verifying/verify.js';
import { broken } from '../../support/broken.js';
import { until } from '../../support/orderlog.js';
import { demo, type RunningApp, runningApp } from '../../support/running-app.js';
import { witnessedStreams } from '../../../src/streams.js';

const keyed = projections.filter(({ name }) => name === 'order-counts' || name === 'user-orders');

/** A shop in whose read models nothing waits. */
async function paidOrder(t: Test): Promise<{ shop: RunningApp; stream: string }> {
  const shop = await runningApp(t, { seed: demo });
  const { user_id } = await shop.registerUser();
  const { order_id } = await shop.placeOrder(user_id, [1]);
  await shop.http.ok('POST', `/v1/orders/${order_id}/mark-paid`, { json: {} });
  const head = await shop.runtime.store.head();
  await until(async () => {
    const { rows } = await shop.runtime.pool.query(
      'select from orderlog.checkpoints where position < $1 and build > 0',
      [head],
    );
    return rows.length === 0;
  });
  return { shop, stream: `order-${order_id}` };
}

function verified({ runtime: { pool, store } }: RunningApp, models: readonly AnyProjection[]): Promise<Verified> {
  const nothing = (): void => undefined;
  return verify({ pool, store, streams: witnessedStreams }, models, {
    signal: new AbortController().signal,
    stretch: nothing,
    done: nothing,
  });
}

test('an applied event that the verifying code can not apply is a finding', async (t) => {
  const { shop, stream } = await paidOrder(t);
  const found = await verified(
    shop,
    keyed.map((one) => broken(one, [`${stream}@1`])),
  );
  t.match(
    found.checks.find(({ check }) => check === 'quarantine'),
    {
      ok: false,
      findings: keyed.map(({ name }) => new RegExp(`^${name}: ${stream}@1 .*OrderPaid is too much for this code`)),
    },
  );
  t.match((await verified(shop, keyed)).checks.at(-1), { check: 'quarantine', ok: true, findings: [] });
});

test('an event that was applied after one that was left out is a finding', async (t) => {
  const { shop, stream } = await paidOrder(t);
  await shop.runtime.pool.query(
    `insert into orderlog.skipped_events (model, stream, revision, position, type, message, reason)
     values ('user-orders', $1, 0, '', 'OrderPlaced', '', 'by hand')`,
    [stream],
  );
  const found = await verified(shop, keyed);
  t.match(
    found.checks.find(({ check }) => check === 'quarantine'),
    { ok: false, findings: [new RegExp(`^user-orders: ${stream}@1 .*not been placed`)] },
  );
});
