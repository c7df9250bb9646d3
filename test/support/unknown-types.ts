/** A log with an event that a newer release has written, before it was taken back. */
import { randomUUID } from 'node:crypto';
import type { Test } from 'tap';
import { projections } from '../../projections/index.js';
import type { EventStore } from '../../src/engine/core/event-store.js';
import type { JsonObject, RecordedEvent } from '../../src/engine/core/message.js';
import { startProjectors } from '../../src/engine/projecting/projector.js';
import { listResult, retryResult } from '../../src/commands/quarantine.js';
import { type Verified, verify } from '../../src/engine/verifying/verify.js';
import { buildRows, quiet, rebuildAll } from '../engine/builds/rebuilding.js';
import { knowing } from './knowing.js';
import { until } from './orderlog.js';
import { demo, type RunningApp, runningApp, type RunningOptions } from './running-app.js';
import { witnessedStreams } from '../../src/streams.js';

export const UNKNOWN = 'this release knows no event of this type in such a stream';
const WAITING = ['order-counts', 'user-orders'];

export async function atTheHead({ runtime }: RunningApp): Promise<void> {
  const head = await runtime.store.head();
  await until(async () => {
    const { rows } = await runtime.pool.query('select from orderlog.checkpoints where position < $1 and build > 0', [
      head,
    ]);
    return rows.length === 0;
  });
}

export async function eventsOf(store: EventStore, stream: string): Promise<RecordedEvent[]> {
  const events: RecordedEvent[] = [];
  for await (const event of store.read(stream)) events.push(event);
  return events;
}

/** Appends what no command of this release would. */
export async function write(store: EventStore, stream: string, type: string, data: JsonObject = {}): Promise<void> {
  const metadata = (await eventsOf(store, stream))[0]?.metadata as JsonObject;
  await store.append(stream, [{ id: randomUUID(), type, data, metadata }], 'any');
}

export function verified({ runtime: { pool, store } }: RunningApp, models = projections): Promise<Verified> {
  const nothing = (): void => undefined;
  return verify({ pool, store, streams: witnessedStreams }, models, {
    signal: new AbortController().signal,
    stretch: nothing,
    done: nothing,
  });
}

/** Of a shop with such an event in an order: what goes on, what waits, who says so, and how it comes back. */
export async function oneOrderWaits(t: Test, options: RunningOptions = {}): Promise<void> {
  const shop = await runningApp(t, { seed: demo, ...options });
  const { runtime, http } = shop;
  const { store, pool } = runtime;
  const { user_id } = await shop.registerUser();
  const { order_id } = await shop.placeOrder(user_id, [1]);
  const stream = `order-${order_id}`;
  await write(store, stream, 'OrderShipped', { order_id });
  const paid = { order_id, user_id, reference: null, paid_at: new Date().toISOString(), reserved: [] };
  await write(store, stream, 'OrderPaid', paid);
  const other = await shop.placeOrder(user_id, [2]);
  await http.ok('POST', `/v1/orders/${other.order_id}/mark-paid`, { json: {} });
  await atTheHead(shop);
  // 1. Others go on, and what waits is said.
  const list = await http.get('/v1/orders');
  t.equal(list.headers.get('degraded'), '1');
  t.match(list.data, [
    { order_id: other.order_id, status: 'paid' },
    { order_id, status: 'placed' },
  ]);
  t.equal((await http.get(`/v1/orders/${other.order_id}`)).headers.get('degraded'), null);
  t.equal((await http.send('POST', `/v1/orders/${order_id}/mark-paid`, { json: {} })).status, 503);
  const entry = { stream, revision: 1, type: 'OrderShipped', error: new RegExp(UNKNOWN), waiting: 2 };
  t.match((await listResult(runtime, {})).document, { quarantined: WAITING.map((model) => ({ model, ...entry })) });
  const found = await verified(shop);
  t.notOk(found.ok);
  t.same(
    found.models.flatMap(({ differences }) => differences),
    [],
  );
  t.match(
    found.checks.filter(({ ok }) => !ok),
    [
      { check: 'types', findings: [new RegExp(`no event of type OrderShipped: ${stream}@1, of a newer`)] },
      {
        check: 'quarantine',
        findings: WAITING.map((model) => new RegExp(`^${model}: ${stream} waits from revision 1`)),
      },
    ],
  );
  // 2. The release that wrote it is back.
  await shop.stopProjectors();
  const newer = projections.map((one) => knowing(one, 'order', 'OrderShipped'));
  const projectors = startProjectors({ ...runtime, log: quiet, projections: newer });
  t.teardown(() => projectors.stop());
  for (const model of WAITING) {
    const { exitCode, document } = await retryResult({ ...runtime, projections: newer }, { streams: [], model });
    t.equal(exitCode, 0);
    t.match(document, { retried: [{ model, stream, held: null }] });
  }
  await shop.placeOrder(user_id, [1, 2]);
  await atTheHead(shop);
  const then = await http.get('/v1/orders');
  t.equal(then.headers.get('degraded'), null);
  t.match(then.data, [{ status: 'placed' }, { status: 'paid' }, { order_id, status: 'paid' }]);
  await rebuildAll(runtime, {}, newer);
  for (const projection of newer)
    t.same(await buildRows(pool, projection, 2), await buildRows(pool, projection, 1), projection.name);
}
