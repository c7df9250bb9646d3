import t, { type Test } from 'tap';
import { projections } from '../../projections/index.js';
import { retryResult, skipResult } from '../../src/commands/quarantine.js';
import type { Position } from '../../src/engine/core/event-store.js';
import type { AnyProjection } from '../../src/engine/projecting/projection.js';
import { type Projectors, startProjectors } from '../../src/engine/projecting/projector.js';
import type { OrderAnswer } from '../../src/order/answer.js';
import { quiet } from '../engine/builds/rebuilding.js';
import { broken } from '../support/broken.js';
import { type Answer } from '../support/http-client.js';
import { until } from '../support/orderlog.js';
import { demo, type RunningApp, runningApp } from '../support/running-app.js';

/** A copy of the orders, kept by a client as docs/reference.md says. */
class Copy {
  readonly statuses = new Map<string, string>();
  since: string | null = null;

  constructor(private readonly shop: RunningApp) {}

  /** @param between runs after the first page */
  async synchronize(between: () => Promise<unknown> = () => Promise.resolve()): Promise<void> {
    const from = this.since === null ? '' : `&updated_since=${this.since}`;
    let next: string | null = `/v1/orders?sort=updated_at&limit=2${from}`;
    for (let page = 1; next !== null; page++) {
      const answer: Answer = await this.shop.http.ok('GET', next, { headers: { prefer: 'wait=30' } });
      for (const { order_id, status } of answer.data as OrderAnswer[]) this.statuses.set(order_id, status);
      this.since = answer.headers.get('log-position');
      next = (answer.body as { next: string | null }).next;
      if (page === 1) await between();
    }
  }

  get position(): Position {
    return this.shop.runtime.tokens.decode(this.since ?? '');
  }
}

interface Held {
  readonly shop: RunningApp;
  readonly copy: Copy;
  readonly stream: string;
  readonly orderId: string;
  /** Position of the event that waits. */
  readonly waits: Position;
  /** The code is mended. */
  readonly mend: () => Promise<void>;
}

/** A copy of three orders; after that one more order is placed, whose first event can't be applied, and is paid, and others change. */
async function held(t: Test): Promise<Held> {
  const shop = await runningApp(t, { seed: demo });
  const { http, runtime } = shop;
  const { user_id } = await shop.registerUser();
  const orders = [];
  for (let i = 0; i < 3; i++) orders.push((await shop.placeOrder(user_id, [1])).order_id);
  const copy = new Copy(shop);
  await copy.synchronize();
  t.same([...copy.statuses.keys()], orders);
  await shop.stopProjectors();
  let running: Projectors | null = null;
  t.teardown(() => running?.stop());
  const runWith = async (models: readonly AnyProjection[]): Promise<void> => {
    await running?.stop();
    running = startProjectors({ ...runtime, log: quiet, projections: models });
  };
  const { order_id: orderId } = await shop.placeOrder(user_id, [1]);
  const waits = runtime.tokens.decode(http.position ?? '');
  const stream = `order-${orderId}`;
  await http.ok('POST', `/v1/orders/${orderId}/mark-paid`);
  for (const id of orders) await http.ok('POST', `/v1/orders/${id}/mark-paid`);
  await runWith(projections.map((one) => (one.keyedBy?.includes('order') ? broken(one, [`${stream}@0`]) : one)));
  const head = await runtime.store.head();
  // A skip is for the models that the order waits in by then.
  await until(() => runtime.engine.hasReached(head));
  return { shop, copy, stream, orderId, waits, mend: () => runWith(projections) };
}

t.test('a copy misses no order that was in quarantine while the others were read', async (t) => {
  const { shop, copy, orderId, waits, mend } = await held(t);
  await copy.synchronize();
  t.same([...copy.statuses.values()], ['paid', 'paid', 'paid'], 'the others are there');
  t.ok(copy.position < waits, 'the position is before the event that waits');
  const at = copy.since;
  await copy.synchronize();
  t.equal(copy.since, at, 'and stays there for as long as it waits');
  const file = await shop.http.ok('GET', '/v1/orders?sort=updated_at', { headers: { accept: 'application/x-ndjson' } });
  t.equal(file.headers.get('log-position'), at, 'a file of the same list can be the begin of a copy');
  const newest = await shop.http.ok('GET', '/v1/orders');
  t.equal(newest.headers.get('degraded'), '1');
  t.ok(
    shop.runtime.tokens.decode(newest.headers.get('log-position') ?? '') > waits,
    'nobody resumes from another list',
  );
  await mend();
  t.equal((await retryResult(shop.runtime, { streams: [] })).exitCode, 0);
  await copy.synchronize();
  t.equal(copy.statuses.get(orderId), 'paid');
  t.ok(copy.position > waits, 'from now on nothing is read again');
});

t.test('a copy misses no order that comes out of quarantine between two pages', async (t) => {
  const { shop, copy, orderId, waits, mend } = await held(t);
  await copy.synchronize(async () => {
    await mend();
    t.equal((await retryResult(shop.runtime, { streams: [] })).exitCode, 0);
  });
  t.notOk(copy.statuses.has(orderId), 'its change is before the page that came next');
  t.ok(copy.position < waits);
  await copy.synchronize();
  t.equal(copy.statuses.get(orderId), 'paid');
});

t.test('what is skipped for good holds up no position', async (t) => {
  const { shop, copy, stream, orderId, waits } = await held(t);
  await copy.synchronize();
  for (let revision = 0; revision < 2; revision++)
    await skipResult(shop.runtime, { stream, reason: 'a test of the till' });
  await copy.synchronize();
  t.notOk(copy.statuses.has(orderId));
  t.ok(copy.position > waits);
});
