import { type Test, test } from 'tap';
import { Refusal } from '../../../src/engine/core/errors.js';
import type { Position } from '../../../src/engine/core/event-store.js';
import { ReadModel } from '../../../src/engine/projecting/read-model.js';
import { writeQuarantined } from '../../../src/engine/quarantine/quarantined.js';
import { type Stage, stage } from './running.js';
import { append, counted, tally } from './tally.js';

const BEYOND = 'f'.repeat(16) as Position;
const NOTED = 'select position from {schema}.noted where position > $1::text order by position desc';

async function staged(t: Test): Promise<Stage & { model: ReadModel }> {
  const on = await stage(t);
  return { ...on, model: new ReadModel(on.pool, { name: 'rows', version: 1 }, on.watch) };
}

const refused = (call: Promise<unknown>): Promise<string> =>
  call.then(
    () => 'not refused',
    (error: unknown) => (error instanceof Refusal ? error.code : String(error)),
  );

test('rows come in their order with the position they are true for, and so does no row', async (t) => {
  const { store, start, reached, model } = await staged(t);
  start(tally('rows'));
  const first = await append(store, counted());
  const second = await append(store, counted());
  await reached('rows', second);
  t.same(await model.query('noted', NOTED, ['']), {
    position: second,
    ...{ degraded: 0, builds: '1' },
    rows: [{ position: second }, { position: first }],
  });
  t.same(await model.query('noted', NOTED, [second]), { position: second, degraded: 0, builds: '1', rows: [] });
  t.same(await model.query('null', 'select null as nothing', []), {
    position: second,
    ...{ degraded: 0, builds: '1' },
    rows: [{ nothing: null }],
  });
});

test('rows and position belong together, whatever is committed meanwhile', async (t) => {
  const { store, start, model, reached } = await staged(t);
  start(tally('rows'));
  await reached('rows', await append(store, counted()));
  let last = '' as Position;
  for (let round = 0; round < 60; round++) {
    const appended = append(store, counted());
    const answers = await Promise.all(
      Array.from({ length: 4 }, () =>
        model.query<{ n: number }>('count', 'select count(*) as n from {schema}.noted', []),
      ),
    );
    for (const { position, rows } of answers) if (rows[0]?.n !== parseInt(position, 16)) t.same(rows, position);
    last = await appended;
  }
  t.ok(await reached('rows', last));
});

test('a reader that asks for a position gets it, waiting for the commit', async (t) => {
  const { store, start, model } = await staged(t);
  start(tally('rows'));
  t.equal(await refused(model.query('noted', NOTED, [''])), 'read-model-behind', 'not made yet');
  await model.watch.waitFor('rows', 1, await append(store, counted()), 5_000);
  const waits: number[] = [];
  for (let i = 0; i < 30; i++) {
    const min = await append(store, counted());
    const started = performance.now();
    const { position, rows } = await model.query<{ position: Position }>('noted', NOTED, [''], {
      min,
      waitMs: 2_000,
      lenient: false,
    });
    waits.push(performance.now() - started);
    t.ok(position >= min);
    t.equal(rows[0]?.position, position);
  }
  const middle = waits.sort((a, b) => a - b)[15] as number;
  t.ok(middle < 120, `woken, not found by looking: median ${middle.toFixed(1)} ms`);
});

test('a position that is not reached in time is refused, or answered with older rows', async (t) => {
  const { store, start, reached, model } = await staged(t);
  start(tally('rows'));
  const position = await append(store, counted());
  await reached('rows', position);
  const started = performance.now();
  const strict = { min: BEYOND, waitMs: 200, lenient: false };
  t.equal(await refused(model.query('noted', NOTED, [''], strict)), 'read-model-behind');
  t.ok(performance.now() - started >= 195);
  t.equal(await refused(model.query('noted', NOTED, [''], { ...strict, waitMs: 0 })), 'read-model-behind');
  t.match(await model.query('noted', NOTED, [''], { ...strict, lenient: true }), {
    position,
    ...{ degraded: 0, builds: '1' },
    rows: [{ position }],
  });
});

test('a reader that waits for a position waits for a read model that has not been made yet', async (t) => {
  const { store, start, model } = await staged(t);
  const position = await append(store, counted());
  const strict = { min: position, waitMs: 10_000, lenient: false };
  const waiting = model.query('noted', NOTED, [''], strict);
  t.equal(await refused(model.query('noted', NOTED, [''])), 'read-model-behind', 'who does not wait is told');
  const hasty = { min: position, waitMs: 50, lenient: true };
  t.equal(await refused(model.query('noted', NOTED, [''], hasty)), 'read-model-behind', 'there is no older answer');
  start(tally('rows'));
  t.same(await waiting, { position, degraded: 0, builds: '1', rows: [{ position }] });
});

test('an error of a query is its own', async (t) => {
  const { store, start, reached, model, pool } = await staged(t);
  start(tally('rows'));
  await reached('rows', await append(store, counted()));
  t.match(await refused(model.query('wrong', 'select 1 / 0 as wrong', [])), /division by zero/);
  await pool.query('drop schema rm_rows_v1 cascade');
  t.equal(await refused(model.query('noted', NOTED, [''])), 'read-model-behind');
});

test('a query on two read models is true for the position that both have reached, and waits for both', async (t) => {
  const { store, start, reached, pool, watch } = await stage(t);
  const both = new ReadModel(pool, { name: 'rows', version: 1 }, watch, null, [{ name: 'others', version: 1 }]);
  const numbers = `select (select count(*)::integer from {schema}.noted) as rows,
    (select count(*)::integer from {schema:others}.noted) as others`;
  const ask = (freshness?: Parameters<ReadModel['query']>[3]): ReturnType<ReadModel['query']> =>
    both.query('both', numbers, [], freshness);
  start(tally('rows'));
  const first = await append(store, counted());
  await reached('rows', first);
  t.equal(await refused(ask()), 'read-model-behind', 'one of them is not made yet');
  const projectors = start(tally('others'));
  await reached('others', first);
  t.same(await ask(), { position: first, degraded: 0, builds: '1-1', rows: [{ rows: 1, others: 1 }] });
  await projectors.stop();
  const second = await append(store, counted());
  await reached('rows', second);
  t.same(await ask(), { position: first, degraded: 0, builds: '1-1', rows: [{ rows: 2, others: 1 }] });
  const hasty = { min: second, waitMs: 100, lenient: false };
  t.equal(await refused(ask(hasty)), 'read-model-behind');
  start(tally('others'));
  const patient = { ...hasty, waitMs: 10_000 };
  t.same(await ask(patient), { position: second, degraded: 0, builds: '1-1', rows: [{ rows: 2, others: 2 }] });
});

test('of one thing, the keys of all models of a query make the answer a degraded one', async (t) => {
  const { store, start, reached, pool, watch } = await stage(t);
  const both = new ReadModel(pool, { name: 'rows', version: 1 }, watch, null, [{ name: 'others', version: 1 }]);
  start(tally('rows'));
  start(tally('others'));
  const position = await append(store, counted());
  await reached('rows', position);
  await reached('others', position);
  const entry = { revision: 1, position, type: 'Counted', message: '' };
  await writeQuarantined(pool, { name: 'rows', build: 1 }, [{ ...entry, stream: 'count-other' }]);
  await writeQuarantined(pool, { name: 'others', build: 1 }, [{ ...entry, stream: 'count-this' }]);
  t.match(await both.queryOne('count-this', 'this', 'select 1 as one', []), { degraded: 1 });
  t.match(await both.query('any', 'select 1 as one', []), { degraded: 2 });
});
