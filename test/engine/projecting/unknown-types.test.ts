import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { test } from 'tap';
import type { EventStore, Position } from '../../../src/engine/core/event-store.js';
import type { NewEvent } from '../../../src/engine/core/message.js';
import type { AnyProjection } from '../../../src/engine/projecting/projection.js';
import { quarantinedIn } from '../../../src/engine/quarantine/quarantined.js';
import { meaningOf } from '../../../src/engine/projecting/reads.js';
import { retryKeys } from '../../../src/engine/quarantine/retry-keys.js';
import { knowing } from '../../support/knowing.js';
import { rebuildAll } from '../builds/rebuilding.js';
import { keyedSums } from './keyed-sums.js';
import { stage, until } from './running.js';
import { counted, tallied, tally } from './tally.js';

const UNKNOWN =
  /Weighed at .*: this release knows no event of this type in such a stream: it was written by a newer one/;
const weighed = (): NewEvent => counted(1, 'Weighed');

async function append(store: EventStore, stream: string, ...events: readonly NewEvent[]): Promise<Position> {
  return (await store.append(stream, events, 'any')).position;
}

const order = (): string => `order-${randomUUID()}`;

async function sums(pool: pg.Pool, build: number): Promise<Record<string, number>> {
  const { rows } = await pool.query<{ stream: string; sum: number }>(`select * from rm_sums_v${build}.sums`);
  return Object.fromEntries(rows.map(({ stream, sum }) => [stream, sum]));
}

test('a key waits at an event of an unknown type until a release that knows the type retries it', async (t) => {
  const { store, pool, watch, start, log, reached } = await stage(t);
  const [waits, other] = [order(), order()];
  const of = { name: 'sums', build: 1 };
  const models = [keyedSums('sums')] as AnyProjection[];
  await append(store, waits, counted(5), weighed(), counted(7));
  await append(store, other, counted(3));
  const first = start(...models);
  await reached('sums', await store.head());
  const last = await append(store, waits, counted(100));
  t.ok(await reached('sums', last), 'the checkpoint goes past it');
  t.same(await sums(pool, 1), { [waits]: 5, [other]: 3 });
  t.match(await quarantinedIn(pool, of), [{ stream: waits, revision: 1, type: 'Weighed', message: UNKNOWN }]);
  t.match(
    log.lines.filter(({ level }) => level === 'error'),
    [{ fields: { stream: waits, revision: 1 }, message: /its key waits/ }],
  );
  await rebuildAll({ pool, store, watch }, {}, models);
  t.same(await sums(pool, 2), await sums(pool, 1), 'rebuilt, the rows are the same');
  t.match(await quarantinedIn(pool, { ...of, build: 2 }), [{ stream: waits, revision: 1, message: UNKNOWN }]);
  const [same] = models as [AnyProjection];
  t.match(
    [...(await retryKeys({ pool, store }, { projection: same, of, streams: [waits] }))],
    [[waits, { events: 0, held: { revision: 1, message: UNKNOWN } }]],
  );
  await first.stop();
  const newer = knowing(same, 'order', 'Weighed');
  t.match(
    [...(await retryKeys({ pool, store }, { projection: newer, of, streams: [waits] }))],
    [[waits, { events: 2, held: null }]],
  );
  await rebuildAll({ pool, store, watch }, {}, [newer]);
  const all = { [waits]: 112, [other]: 3 };
  t.same([await sums(pool, 1), await sums(pool, 3)], [all, all], 'a retry makes the rows of a rebuild');
});

test('without a key the projection stops before an event of an unknown type, and continues with code that knows the type', async (t) => {
  const { store, pool, watch, start, log, reached } = await stage(t);
  const before = await append(store, 'test-1', counted(1, 'Unheard'), counted());
  await append(store, 'test-2', weighed(), counted());
  const first = start(tally('stops'));
  await until(() => log.lines.some(({ level }) => level === 'error'));
  t.match(log.lines.at(-1), {
    fields: { model: 'stops', stream: 'test-2', revision: 0, message: UNKNOWN },
    message: /projection stopped/,
  });
  t.same(await tallied(pool, 'stops'), { noted: 1, total: 1, position: before, events: 1 });
  await first.stop();
  start(knowing(tally('stops'), 'test', 'Weighed'));
  const last = await append(store, 'test-1', counted());
  t.ok(await reached('stops', last));
  t.match(await tallied(pool, 'stops'), { noted: 3, position: last });
  // The bulk path stops there too, where it has no key.
  await append(store, 'product-1', weighed());
  const sums = keyedSums('sums');
  await t.rejects(rebuildAll({ pool, store, watch }, {}, [sums]), { name: 'UnreadableEvent', message: UNKNOWN });
});

test('a type that is known in other streams only is not known', async (t) => {
  const { store, pool, start, reached } = await stage(t);
  const stream = order();
  start(knowing(keyedSums('sums'), 'product', 'Weighed'));
  t.ok(await reached('sums', await append(store, stream, weighed(), counted())));
  t.match(await quarantinedIn(pool, { name: 'sums', build: 1 }), [{ stream, revision: 0, message: UNKNOWN }]);
  t.same(await sums(pool, 1), {});
});

test('what is known and has no handler is passed over, and so is whatever is in streams that are not read', async (t) => {
  const { store, pool, watch, start, log, reached } = await stage(t);
  const stream = order();
  start(keyedSums('sums'));
  await append(store, stream, counted(1), counted(9, 'Unheard'), counted(9, 'constructor'), counted(2));
  for (const other of ['orders-1', 'order', 'customer-order-1', 'constructor-1'])
    await append(store, other, weighed(), counted(9));
  const last = await append(store, stream, counted(9, 'Unheard'));
  t.ok(await reached('sums', last));
  await rebuildAll({ pool, store, watch }, {}, [keyedSums('sums')]);
  t.same([await sums(pool, 1), await sums(pool, 2)], [{ [stream]: 3 }, { [stream]: 3 }]);
  t.same(await quarantinedIn(pool, { name: 'sums', build: 1 }), []);
  t.notOk(log.lines.some(({ level }) => level === 'error'));
  // Where whole logs are read, not by categories.
  for (const other of ['orders-1', 'order', 'constructor-1'])
    t.equal(meaningOf(keyedSums('sums'), { stream: other, type: 'Weighed' }), 'passed-over', other);
});
