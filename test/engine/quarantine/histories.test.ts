import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import type pg from 'pg';
import { test } from 'tap';
import { projections } from '../../../projections/index.js';
import type { RecordedEvent } from '../../../src/engine/core/message.js';
import { MemoryEventStore } from '../../../src/engine/log/memory.js';
import { CheckpointWatch } from '../../../src/engine/projecting/watch.js';
import type { AnyProjection } from '../../../src/engine/projecting/projection.js';
import { startProjectors } from '../../../src/engine/projecting/projector.js';
import { quarantinedIn } from '../../../src/engine/quarantine/quarantined.js';
import { retryResult } from '../../../src/commands/quarantine.js';
import { broken } from '../../support/broken.js';
import { quarantineOver } from '../../support/engine-parts.js';
import { testDatabase } from '../../support/database.js';
import { knowing } from '../../support/knowing.js';
import { ProjectionUnderTest } from '../../support/project.js';
import { shopHistories } from '../../support/shop.js';
import { buildRows, quiet, rebuildAll } from '../builds/rebuilding.js';

const keyed = projections.filter(({ name }) => name === 'order-counts' || name === 'user-orders');
/** Those of the release that knows the type which nobody knew. */
const newer = keyed.map((projection) => knowing(projection, 'order', 'OrderShipped'));

const poisoned = fc.record({
  shop: shopHistories,
  bad: fc.array(fc.nat(1_000), { minLength: 1, maxLength: 5 }),
  unknown: fc.array(fc.nat(1_000), { maxLength: 4 }),
  pageSize: fc.constantFrom(1, 7, 500),
});

async function storeOf(events: readonly RecordedEvent[]): Promise<MemoryEventStore> {
  const store = new MemoryEventStore();
  for (const { stream, id, type, data, metadata } of events)
    await store.append(stream, [{ id, type, data, metadata }], 'any');
  return store;
}

const isOfOrder = ({ stream }: RecordedEvent): boolean => stream.startsWith('order-');

/** With events of a type that nobody knows, each behind one of an order. */
function withUnknown(events: readonly RecordedEvent[], behind: readonly number[]): RecordedEvent[] {
  const orders = events.filter(isOfOrder);
  const chosen = new Set(behind.map((number) => orders[number % orders.length]));
  return events.flatMap((event) =>
    chosen.has(event) ? [event, { ...event, id: randomUUID(), type: 'OrderShipped' }] : [event],
  );
}

/** What an ordinary projection of these events would be, row for row. */
async function projectionOf(
  pool: pg.Pool,
  projection: AnyProjection,
  events: readonly RecordedEvent[],
): Promise<Record<string, string[]>> {
  const schema = 'rm_expected_v1';
  await pool.query(`drop schema if exists ${schema} cascade`);
  const under = await ProjectionUnderTest.create(pool, projection, schema);
  await under.apply(events);
  return buildRows(pool, { ...projection, name: 'expected' }, 1);
}

test('random histories with events that can not be applied: live path, rebuild and retry make the same rows', async (t) => {
  const { pool } = await testDatabase(t);
  const property = fc.asyncProperty(poisoned, async ({ shop, bad, unknown, pageSize }) => {
    fc.pre(shop.log.events.some(isOfOrder));
    const store = await storeOf(withUnknown(shop.log.events, unknown));
    const events: RecordedEvent[] = [];
    for await (const event of store.readAll()) events.push(event);
    const ofOrders = events.filter(isOfOrder);
    const waitsAt = new Map<string, number>();
    const poisons: string[] = [];
    for (const number of bad) {
      const { stream, revision } = ofOrders[number % ofOrders.length] as RecordedEvent;
      poisons.push(`${stream}@${revision}`);
      waitsAt.set(stream, Math.min(revision, waitsAt.get(stream) ?? revision));
    }
    for (const { stream, revision, type } of ofOrders) {
      if (type === 'OrderShipped') waitsAt.set(stream, Math.min(revision, waitsAt.get(stream) ?? revision));
    }
    const models = keyed.map((projection) => broken(projection, poisons));
    const others = events.filter(({ stream, revision }) => revision < (waitsAt.get(stream) ?? Infinity));
    // 1. One by one.
    const watch = new CheckpointWatch(pool);
    const projectors = startProjectors({ pool, store, watch, log: quiet, projections: models, pageSize });
    const head = await store.head();
    for (const { name } of models) assert.ok(await watch.waitFor(name, 1, head, 10_000));
    await projectors.stop();
    // 2. Rebuilt, and switched to.
    await rebuildAll({ pool, store, watch }, {}, models);
    for (const projection of newer) {
      const expected = await projectionOf(pool, projection, others);
      for (const build of [1, 2]) {
        assert.deepEqual(await buildRows(pool, projection, build), expected, `build ${build} is exact for all others`);
        const held = await quarantinedIn(pool, { name: projection.name, build });
        assert.deepEqual(new Map(held.map(({ stream, revision }) => [stream, revision])), waitsAt);
      }
    }
    // 3. With code that is mended.
    const { exitCode } = await retryResult(
      { engine: quarantineOver({ pool, store }), projections: newer, tokens: { encode: String } },
      { streams: [] },
    );
    assert.equal(exitCode, 0);
    for (const projection of newer) {
      const expected = await projectionOf(pool, projection, events);
      for (const build of [1, 2]) {
        assert.deepEqual(
          await buildRows(pool, projection, build),
          expected,
          `build ${build} is that of a clean projection`,
        );
        assert.deepEqual(await quarantinedIn(pool, { name: projection.name, build }), []);
      }
    }
    await watch.close();
    await store.close();
    for (const { name } of keyed) {
      for (const build of [1, 2]) await pool.query(`drop schema rm_${name.replaceAll('-', '_')}_v${build} cascade`);
    }
    await pool.query('delete from orderlog.builds; delete from orderlog.checkpoints');
  });
  await fc.assert(property, { numRuns: 25, endOnFailure: true });
});
