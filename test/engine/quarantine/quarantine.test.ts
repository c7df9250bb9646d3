import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { test } from 'tap';
import type { EventStore, Position } from '../../../src/engine/core/event-store.js';
import type { NewEvent, RecordedEvent } from '../../../src/engine/core/message.js';
import type { AnyProjection } from '../../../src/engine/projecting/projection.js';
import { type QuarantinedEvent } from '../../../src/engine/quarantine/quarantine.js';
import { quarantinedIn } from '../../../src/engine/quarantine/quarantined.js';
import { fenceAll } from '../../../src/engine/projecting/checkpoints.js';
import { retryKeys } from '../../../src/engine/quarantine/retry-keys.js';
import { Term } from '../../../src/engine/projecting/term.js';
import { rebuildAll } from '../builds/rebuilding.js';
import { keyedSums, LARGEST_SUM } from '../projecting/keyed-sums.js';
import { stage, until } from '../projecting/running.js';
import { counted } from '../projecting/tally.js';

const POISON = 13;
const poisons: Readonly<Record<string, { bad: NewEvent; why: RegExp; apply?: (amount: number) => void }>> = {
  'a handler that throws': { bad: counted(POISON), why: /thirteen/, apply: refuse },
  'data that is not of its schema': { bad: { ...counted(), data: { amount: 1.5 } }, why: /amount/ },
  'a version that there never was': {
    bad: { ...counted(), metadata: { ...counted().metadata, schema_version: 0 } },
    why: /version/,
  },
  'a row that the database refuses': { bad: counted(LARGEST_SUM + 1), why: /out of range/ },
};

function refuse(amount: number): void {
  if (amount === POISON) throw new Error('thirteen can not be counted');
}

async function append(store: EventStore, stream: string, ...events: readonly NewEvent[]): Promise<Position> {
  return (await store.append(stream, events, 'any')).position;
}

const order = (): string => `order-${randomUUID()}`;

async function sums(pool: pg.Pool, build = 1): Promise<Record<string, number>> {
  const { rows } = await pool.query<{ stream: string; sum: number }>(`select * from rm_sums_v${build}.sums`);
  return Object.fromEntries(rows.map(({ stream, sum }) => [stream, sum]));
}

interface Row {
  readonly state: string;
  readonly position: Position;
  readonly events: number;
  readonly quarantined: number;
}

async function checkpoint(pool: pg.Pool): Promise<Row | undefined> {
  const text = `select state, position, events, quarantined from orderlog.checkpoints where model = 'sums' and build = 1`;
  return (await pool.query<Row>(text)).rows[0];
}

for (const [what, { bad, why, apply }] of Object.entries(poisons)) {
  test(`one key waits at an event that can not be applied, all others continue: ${what}`, async (t) => {
    const { store, pool, watch, start, log, reached } = await stage(t);
    const [one, waits] = [order(), order()];
    await append(store, one, counted(1), counted(2));
    await append(store, waits, counted(5), bad, counted(7));
    const others = Array.from({ length: 40 }, order);
    for (const stream of others) await append(store, stream, counted(3));
    start(keyedSums('sums', apply));
    await append(store, waits, counted(100));
    const last = await append(store, one, counted(4));
    t.ok(await reached('sums', last), 'the checkpoint goes past it');
    const expected = { [one]: 7, [waits]: 5, ...Object.fromEntries(others.map((stream) => [stream, 3])) };
    t.same(await sums(pool), expected);
    t.match(await checkpoint(pool), { state: 'running', position: last, events: 44, quarantined: 1 });
    const [held, ...rest] = await quarantinedIn(pool, { name: 'sums', build: 1 });
    t.match(held, { stream: waits, revision: 1, type: 'Counted', message: why });
    t.notMatch(held?.message, /\n/, 'in one line');
    t.same(rest, []);
    const told = log.lines.filter(({ level }) => level === 'error');
    t.match(told, [{ fields: { model: 'sums', stream: waits, revision: 1 }, message: /its key waits/ }]);
    // The same by the bulk path.
    await rebuildAll({ pool, store, watch }, {}, [keyedSums('sums', apply)]);
    t.same(await sums(pool, 2), expected, 'rebuilt, the rows are the same');
    t.match(await quarantinedIn(pool, { name: 'sums', build: 2 }), [{ stream: waits, revision: 1, message: why }]);
  });
}

test('what waits still waits after a restart, and nothing of it has taken effect', async (t) => {
  const { store, pool, start, reached } = await stage(t);
  const waits = order();
  const first = start(keyedSums('sums', refuse));
  t.ok(await reached('sums', await append(store, waits, counted(5), counted(POISON))));
  await first.stop();
  start(keyedSums('sums'));
  t.ok(await reached('sums', await append(store, waits, counted(7))));
  t.same(await sums(pool), { [waits]: 5 }, 'also with code that could apply it: that is what retry is for');
});

test('a key that was retried continues with the running projector', async (t) => {
  const { store, pool, start, reached } = await stage(t);
  const waits = order();
  start(keyedSums('sums', refuse));
  t.ok(await reached('sums', await append(store, waits, counted(5), counted(POISON), counted(7))));
  const mended = { projection: keyedSums('sums') as AnyProjection, of: { name: 'sums', build: 1 }, streams: [waits] };
  t.same([...(await retryKeys({ pool, store }, mended))], [[waits, { events: 2, held: null, skipped: false }]]);
  t.ok(await reached('sums', await append(store, waits, counted(1))));
  t.same(await sums(pool), { [waits]: 26 });
  t.match(await checkpoint(pool), { events: 4, quarantined: 0 });
  t.equal((await retryKeys({ pool, store }, mended)).size, 0, 'a second time there is nothing to do');
});

test('an event without a key still stops the projection', async (t) => {
  const { store, pool, start, log } = await stage(t);
  start(keyedSums('sums', refuse));
  await append(store, 'product-1', counted(POISON));
  await until(() => log.lines.some(({ level }) => level === 'error'));
  t.match(await checkpoint(pool), { state: 'stopped', quarantined: 0 });
});

test('a statement that is wrong stops the projection: no key is to blame', async (t) => {
  const { store, pool, start, log } = await stage(t);
  const flush: AnyProjection['flush'] = async (_page, db) => {
    await db.query('wrong', 'selct 1');
  };
  start({ ...keyedSums('sums'), flush });
  await append(store, order(), counted());
  await until(() => log.lines.some(({ level }) => level === 'error'));
  t.match(await checkpoint(pool), { state: 'stopped', quarantined: 0 });
});

test('when a thousand keys wait, the next one stops the projection', async (t) => {
  const { store, pool, start, log, reached } = await stage(t);
  const first = start(keyedSums('sums', refuse));
  t.ok(await reached('sums', await append(store, order(), counted(POISON))));
  await first.stop();
  await pool.query(
    `insert into orderlog.quarantine (model, build, stream, revision, position, type, message)
     select 'sums', 1, 'order-' || n, 0, '', 'Counted', '' from generate_series(1, 998) n`,
  );
  start(keyedSums('sums', refuse));
  t.ok(await reached('sums', await append(store, order(), counted(POISON))));
  t.match(await checkpoint(pool), { state: 'running', quarantined: 1_000 });
  await append(store, order(), counted(POISON));
  await until(() => log.lines.some(({ message }) => message.startsWith('projection stopped')));
  const { rows } = await pool.query<{ error: QuarantinedEvent }>('select error from orderlog.checkpoints');
  t.match(rows[0]?.error, { message: /1000 keys wait already/ });
});

test('an owner that loses its lease at the event lets no key wait', async (t) => {
  const { store, pool, start, reached } = await stage(t);
  const first = start(keyedSums('sums', refuse));
  const before = await append(store, order(), counted());
  t.ok(await reached('sums', before));
  await first.stop();
  const of = { name: 'sums', build: 1 };
  const term = await Term.begin(pool, keyedSums('sums', refuse), of, { owner: 'by hand' });
  if (!term) return t.fail('the lease is not free');
  const send = term.client.query.bind(term.client) as (text: unknown) => Promise<pg.QueryResult>;
  let tries = 0;
  term.client.query = (async (text: unknown) => {
    const result = await send(text);
    // Its last try was undone, the next transaction is to say that the key waits.
    if (text === 'rollback' && ++tries === 2) await fenceAll(pool, 'sums');
    return result;
  }) as typeof term.client.query;
  const events: RecordedEvent[] = [];
  await append(store, order(), counted(POISON));
  for await (const event of store.readAll({ from: before })) events.push(event);
  await t.rejects(term.apply(events, await store.head()), { name: 'LeaseLost' });
  term.abandon();
  t.equal(tries, 3, 'the transaction of the entry was undone as well');
  t.same(await quarantinedIn(pool, of), []);
  t.match(await checkpoint(pool), { quarantined: 0, position: before });
});

test('what the database refuses of one chunk is left out of the next one as well', async (t) => {
  const { store, pool, watch, start, reached } = await stage(t);
  const [waits, other] = [order(), order()];
  await append(store, waits, counted(LARGEST_SUM + 1));
  // A chunk is ten thousand: the second one is folded before the first is written.
  const many = Array.from({ length: 11_000 }, () => counted(1));
  await append(store, other, ...many);
  await append(store, waits, counted(1));
  const last = await append(store, other, counted(1));
  start(keyedSums('sums'));
  t.ok(await reached('sums', last));
  await rebuildAll({ pool, store, watch }, {}, [keyedSums('sums')]);
  t.same(await sums(pool), { [other]: 11_001 });
  t.same(await sums(pool, 2), { [other]: 11_001 });
});
