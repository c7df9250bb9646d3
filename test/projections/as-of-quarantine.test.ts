import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { projections } from '../../projections/index.js';
import type { RecordedEvent } from '../../src/engine/core/message.js';
import { streamCategory } from '../../src/engine/core/stream.js';
import type { AnyProjection } from '../../src/engine/projecting/projection.js';
import { Quarantine } from '../../src/engine/quarantine/quarantine.js';
import { broken } from '../support/broken.js';
import { testDatabase } from '../support/database.js';
import { type Histories, ofOrders, ofShops, ofUsers } from '../support/log-histories.js';
import { placeOf, storeOf } from '../support/made-up-store.js';
import { ProjectionUnderTest } from '../support/project.js';
import { forgetAsOfBuilds, skipEvents, asOfRows, asOfBuildsOn } from '../support/as-of-builds.js';

const { pool } = await testDatabase(t);
const MINUTE = 60_000;

const faults = fc.record({
  places: fc.array(fc.nat(80), { minLength: 1, maxLength: 3 }),
  bad: fc.array(fc.nat(1_000), { maxLength: 4 }),
  unknown: fc.array(fc.nat(1_000), { maxLength: 2 }),
  skipped: fc.array(fc.nat(1_000), { maxLength: 3 }),
});

const nameOf = ({ stream, revision }: { readonly stream: string; readonly revision: number }): string =>
  `${stream}@${revision}`;

/** Event by event, as a projector does it: what can't be applied waits with all behind it, what was skipped is left out. */
async function oneByOne(
  projection: AnyProjection,
  events: readonly RecordedEvent[],
  skipped: readonly RecordedEvent[],
): Promise<{ rows: Record<string, unknown[]>; held: string[] }> {
  await pool.query('drop schema if exists prefix cascade');
  const under = await ProjectionUnderTest.create(pool, projection, 'prefix');
  const quarantine = new Quarantine(projection.keyedBy, [], skipped);
  const held: string[] = [];
  for (const event of events) {
    if (!quarantine.lets(event)) continue;
    await under.apply([event]).catch((error: unknown) => {
      assert.ok(quarantine.hold(event, error), String(error));
      held.push(nameOf(event));
    });
  }
  return { rows: await under.rows(), held: held.sort() };
}

async function agree(name: string, histories: Histories): Promise<void> {
  const whole = projections.find((one) => one.name === name) as AnyProjection;
  const property = fc.asyncProperty(histories, faults, async (made, { places, bad, unknown, skipped }) => {
    const { events: written } = await made();
    const keyed = written.filter(
      ({ stream, type }) => whole.keyedBy?.includes(streamCategory(stream)) && Object.hasOwn(whole.handlers, type),
    );
    fc.pre(keyed.length > 0);
    const chosen = (numbers: readonly number[]): RecordedEvent[] =>
      numbers.map((number) => keyed[number % keyed.length] as RecordedEvent);
    // Some are of types that nobody knows.
    const strange = new Set(chosen(unknown));
    const events = written.map((event) => (strange.has(event) ? { ...event, type: `${event.type}Later` } : event));
    const projection = broken(whole, chosen(bad).map(nameOf));
    await pool.query('truncate orderlog.skipped_events');
    await skipEvents(pool, name, chosen(skipped));
    await forgetAsOfBuilds(pool);
    const asOf = asOfBuildsOn(pool, storeOf(events), { projections: [projection] });
    for (const number of places) {
      const { build } = await asOf.at(name, placeOf(events, Math.min(number, events.length)), MINUTE);
      const expected = await oneByOne(projection, events.slice(0, number), chosen(skipped));
      assert.deepEqual(await asOfRows(pool, build), expected.rows, `${name} after ${number} events`);
      assert.deepEqual(build.held.map(nameOf).sort(), expected.held);
    }
    await asOf.close();
  });
  await fc.assert(property, { numRuns: 25 });
}

void t.test(
  'orders as of any position, with quarantined keys and skipped events, are as the projector has them',
  async () => {
    await agree('user-orders', ofOrders);
  },
);

void t.test('order counts as of any position, with such events, are as the projector has them', async () => {
  await agree('order-counts', ofShops);
});

void t.test('users as of any position, with such events, are as the projector has them', async () => {
  await agree('users', ofUsers);
});
