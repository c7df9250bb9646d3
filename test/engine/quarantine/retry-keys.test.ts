import type pg from 'pg';
import { test } from 'tap';
import type { AnyProjection } from '../../../src/engine/projecting/projection.js';
import { quarantinedIn, writeQuarantined } from '../../../src/engine/quarantine/quarantined.js';
import { retryKeys } from '../../../src/engine/quarantine/retry-keys.js';
import { retryResult, skipResult } from '../../../src/commands/quarantine.js';
import { keyedSums } from '../projecting/keyed-sums.js';
import { type Stage, stage } from '../projecting/running.js';
import { counted } from '../projecting/tally.js';
import { quarantineOver } from '../../support/engine-parts.js';

const of = { name: 'sums', build: 1 };
const mended = keyedSums('sums') as AnyProjection;

function refuse(amount: number): void {
  if (amount === 13) throw new Error('thirteen can not be counted');
}

/** Keys that wait at their first event of two. */
async function manyWait({ store, start, reached }: Stage, keys: number): Promise<string[]> {
  const projectors = start(keyedSums('sums', refuse));
  const streams = Array.from({ length: keys }, (_, i) => `order-${i}`);
  for (const stream of streams) await store.append(stream, [counted(13), counted(1)], 'any');
  if (!(await reached('sums', await store.head()))) throw new Error('the projector is not at the head');
  await projectors.stop();
  return streams;
}

async function sums(pool: pg.Pool): Promise<number[]> {
  const { rows } = await pool.query<{ sum: number }>('select sum from rm_sums_v1.sums order by sum');
  return rows.map(({ sum }) => sum);
}

async function epoch(pool: pg.Pool): Promise<number> {
  const { rows } = await pool.query<{ epoch: number }>('select lease_epoch as epoch from orderlog.checkpoints');
  return rows[0]?.epoch ?? 0;
}

test('many keys are retried under one lease', async (t) => {
  const running = await stage(t);
  const { pool, store } = running;
  const streams = await manyWait(running, 50);
  const before = await epoch(pool);
  const retried = await retryKeys({ pool, store }, { projection: mended, of, streams });
  t.same([...retried.keys()], streams);
  t.equal((await epoch(pool)) - before, 1);
  t.same(
    await sums(pool),
    Array.from({ length: 50 }, () => 14),
  );
  t.same(await quarantinedIn(pool, of), []);
});

test('the projection continues while a retry reads streams, and applies later events of their keys', async (t) => {
  const running = await stage(t);
  const { pool, store, start, reached } = running;
  const streams = await manyWait(running, 2);
  start(keyedSums('sums', refuse));
  const read = store.read.bind(store);
  store.read = async function* (stream, options) {
    yield* read(stream, options);
    const { position } = await store.append(stream, [counted(100)], 'any');
    if (!(await reached('sums', position))) throw new Error('the projection stands still while a stream is read');
  };
  const retried = await retryKeys({ pool, store }, { projection: mended, of, streams });
  t.same(
    [...retried.values()],
    streams.map(() => ({ events: 3, held: null, skipped: false })),
  );
  t.same(await sums(pool), [114, 114]);
});

test('a key whose event is missing in the log stays quarantined, and the retry says so', async (t) => {
  const running = await stage(t);
  const { pool, store } = running;
  const [stream = ''] = await manyWait(running, 1);
  const entry = { revision: 0, position: await store.head(), type: 'Counted', message: 'thirteen' };
  await writeQuarantined(pool, of, [
    { ...entry, stream: 'order-gone' },
    { ...entry, stream, revision: 7 },
  ]);
  const deps = { engine: quarantineOver({ pool, store }), projections: [mended], tokens: { encode: String } };
  const { exitCode, text } = await retryResult(deps, { streams: [] });
  t.equal(exitCode, 1);
  t.match(text, /order-gone: .*WAITS at 0: the log does not have this event/);
  t.match(text, new RegExp(`${stream}: .*WAITS at 7: the log does not have this event`));
  t.equal((await quarantinedIn(pool, of)).length, 2);
});

test('an event that the log does not have is not skipped either, and nobody is told so', async (t) => {
  const running = await stage(t);
  const { pool, store } = running;
  await manyWait(running, 1);
  const entry = { revision: 0, position: await store.head(), type: 'Counted', message: 'thirteen' };
  await writeQuarantined(pool, of, [{ ...entry, stream: 'order-gone' }]);
  const deps = { engine: quarantineOver({ pool, store }), projections: [mended], tokens: { encode: String } };
  const { exitCode, text } = await skipResult(deps, { stream: 'order-gone', reason: 'it is gone' });
  t.equal(exitCode, 1);
  t.match(text, /order-gone: events that have taken effect: 0, WAITS at 0/);
  t.same((await pool.query('select from orderlog.skipped_events')).rowCount, 0);
});
