import { randomUUID } from 'node:crypto';
import { test } from 'tap';
import { eventType } from '../../../src/engine/core/event-type.js';
import { CommandHandler } from '../../../src/engine/core/command-handler.js';
import type { NewEvent } from '../../../src/engine/core/message.js';
import type { AnyProjection, EventHandler } from '../../../src/engine/projecting/projection.js';
import { quarantinedIn } from '../../../src/engine/quarantine/quarantined.js';
import { retryKeys } from '../../../src/engine/quarantine/retry-keys.js';
import { toProblem } from '../../../src/http/problem.js';
import { failure } from '../../support/event-store/case.js';
import { MemoryVault } from '../../support/memory-vault.js';
import { rebuildAll } from '../builds/rebuilding.js';
import { keyedSums } from './keyed-sums.js';
import { stage, until } from './running.js';
import { counted, Counted, known } from './tally.js';

/** As a release after this one writes it. */
function newer(amount: number): NewEvent {
  const event = counted(amount);
  return { ...event, metadata: { ...event.metadata, schema_version: 2 } };
}

/** The projection as that release has it. */
function ofNewerRelease(projection: AnyProjection): AnyProjection {
  const eventOfTwo = eventType('Counted', Counted.schema, { upcasters: [(data) => data] });
  const { Counted: handler, ...others } = projection.handlers as Record<string, EventHandler<unknown>>;
  if (!handler) throw new Error('there is a handler');
  const types = { ...known, Counted: eventOfTwo };
  return {
    ...projection,
    reads: { order: types, product: types },
    handlers: { ...others, Counted: { ...handler, eventType: eventOfTwo } },
  };
}

const NEWER =
  /Counted at order-.*: a newer release wrote it with schema version 2; this release knows versions up to 1$/;

test('a projector stops before an event of a newer schema version, quarantines nothing, and a newer release continues', async (t) => {
  const { store, pool, watch, start, log, reached } = await stage(t);
  const [stream, other] = [`order-${randomUUID()}`, `order-${randomUUID()}`];
  const of = { name: 'sums', build: 1 };
  const before = await store.append(stream, [counted(5)], 'any');
  await store.append(stream, [newer(7)], 'any');
  const { position } = await store.append(other, [counted(3)], 'any');
  start(keyedSums('sums'));
  await until(() => log.lines.some(({ level }) => level === 'error'));
  t.match(log.lines.at(-1), {
    fields: { model: 'sums', stream, revision: 1, message: NEWER },
    message: /projection stopped: only a process of the newer release can continue it/,
  });
  t.same(await quarantinedIn(pool, of), []);
  const { rows } = await pool.query('select position, state, lease_until < now() as free from orderlog.checkpoints');
  t.same(rows, [{ position: before.position, state: 'stopped', free: true }], 'the lease is released');
  await t.rejects(rebuildAll({ pool, store, watch }, {}, [keyedSums('sums')]), { message: NEWER });

  // It runs beside the older one, as during a deployment.
  start(ofNewerRelease(keyedSums('sums')));
  t.ok(await reached('sums', position));
  t.same((await pool.query('select sum from rm_sums_v1.sums order by sum')).rows, [{ sum: 3 }, { sum: 12 }]);
  t.same(await quarantinedIn(pool, of), []);
});

test('a key that waits stays where it is when the next event is of a newer schema version', async (t) => {
  const { store, pool, start, reached } = await stage(t);
  const stream = `order-${randomUUID()}`;
  const projection = keyedSums('sums', (amount) => {
    if (amount === 9) throw new Error('too much for this code');
  }) as AnyProjection;
  start(projection);
  t.ok(await reached('sums', (await store.append(stream, [counted(9), newer(1)], 'any')).position));
  const of = { name: 'sums', build: 1 };
  const retried = await retryKeys({ pool, store }, { projection: keyedSums('sums'), of, streams: [stream] });
  t.match([...retried], [[stream, { events: 1, held: { revision: 1, message: NEWER } }]]);
});

test('a command on a stream of a newer release is told that another version has to answer, not 500', async (t) => {
  const { store } = await stage(t);
  const id = randomUUID();
  await store.append(`order-${id}`, [newer(1)], 'any');
  const decider = { initialState: null, decide: () => [], evolve: () => null };
  const binding = { name: (of: string) => `order-${of}`, types: known, decider };
  const problem = toProblem(await failure(new CommandHandler(store, new MemoryVault()).load(binding, id)));
  t.match(problem, { code: 'event-store-unavailable', headers: { 'retry-after': '60' } });
  t.match(problem.detail, `order-${id}@0`);
});
