import assert from 'node:assert/strict';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import { z } from 'zod';
import { eventType } from '../../../src/engine/core/event-type.js';
import type { RecordedEvent } from '../../../src/engine/core/message.js';
import {
  changing,
  insertedAt,
  integer,
  integers,
  json,
  key,
  lastRevision,
  list,
  nullable,
  text,
  time,
} from '../../../src/engine/projecting/columns.js';
import { defineProjection } from '../../../src/engine/projecting/define-projection.js';
import { keyedTable } from '../../../src/engine/projecting/keyed-table.js';
import { Quarantine } from '../../../src/engine/quarantine/quarantine.js';
import { loaded } from '../../support/bulk-load.js';
import { testDatabase } from '../../support/database.js';
import { ProjectionUnderTest, TestLog } from '../../support/project.js';

const loanEvents = {
  Lent: eventType('Lent', z.strictObject({ reader: z.string(), tags: z.array(z.int()), at: z.iso.datetime() })),
  Renewed: eventType('Renewed', z.strictObject({ until: z.string().nullable(), tags: z.array(z.int()) })),
  Noted: eventType('Noted', z.strictObject({ note: z.string().nullable() })),
  Touched: eventType('Touched', z.strictObject({})),
  Dusted: eventType('Dusted', z.strictObject({})),
};

type LoanEvent = keyof typeof loanEvents;

const loans = keyedTable('loans', {
  category: 'loan',
  missing: 'has not begun',
  columns: {
    loan_id: key('integer'),
    reader: text(),
    until: changing(nullable(text())),
    tags: changing(integers),
    renewals: changing(integer),
    label: changing(nullable(json<{ readonly text: string }>())),
    lent_at: time,
    position: insertedAt,
    revision: lastRevision,
    notes: list<{ readonly note: string | null }>(),
  },
  indexes: 'create index loans_by_reader on {schema}.loans (reader);',
  fillfactor: 90,
});

const projection = defineProjection({
  name: 'loans',
  version: 1,
  reads: { loan: loanEvents },
  keyedBy: ['loan'],
  page: { loans },
  handlers: {
    Lent: ({ loans }, event) => {
      const { reader, tags, at } = event.data;
      loans.insert(event, { reader, until: null, tags, renewals: 0, label: null, lent_at: at, notes: [] });
    },
    Renewed: ({ loans }, event) => {
      const { until, tags } = event.data;
      loans.patch(event, { until, tags, label: until === null ? null : { text: until } });
    },
    Noted: ({ loans }, event) => {
      loans.patch(event, {}, { notes: { note: event.data.note } });
    },
    Touched: ({ loans }, event) => {
      loans.patchIfThere(event, { renewals: 7 });
    },
    Dusted: 'passed-over',
  },
});

const { pool } = await testDatabase(t);

const AT = '2026-01-02T03:04:05.678Z';

function lent(log: TestLog, id: number): void {
  log.add(`loan-${id}`, loanEvents.Lent, { reader: 'r\t"\\', tags: [1], at: AT });
}

function inChunks(
  events: readonly RecordedEvent[],
  ends: readonly number[],
  quarantine = new Quarantine(projection.keyedBy),
): Promise<Record<string, unknown[]>> {
  return loaded(pool, projection, events, ends, quarantine);
}

/** As the projector does, in pages that end at these events: what can't be applied is left out, with all later of its stream. */
async function live(
  events: readonly RecordedEvent[],
  ends: readonly number[],
  quarantine = new Quarantine(projection.keyedBy),
): Promise<Record<string, unknown[]>> {
  await pool.query('drop schema if exists live cascade');
  const under = await ProjectionUnderTest.create(pool, projection, 'live');
  const apply = async (page: readonly RecordedEvent[]): Promise<void> => {
    const allowed = page.filter((event) => quarantine.lets(event));
    try {
      await under.apply(allowed);
    } catch (error) {
      const [first, ...rest] = allowed;
      if (rest.length === 0 && first) quarantine.hold(first, error);
      else for (const event of allowed) await apply([event]);
    }
  };
  let start = 0;
  for (const end of [...ends, events.length]) {
    if (end > start) await apply(events.slice(start, end));
    start = Math.max(start, end);
  }
  return under.rows();
}

interface Loan {
  readonly loan_id: number;
  readonly until: string | null;
  readonly tags: readonly number[];
  readonly renewals: number;
  readonly label: unknown;
  readonly position: string;
  readonly revision: number;
  readonly notes: readonly unknown[];
}

async function both(t: Test, log: TestLog, ends: readonly number[]): Promise<readonly Loan[]> {
  const rows = await live(log.events, ends);
  t.same(await inChunks(log.events, ends), rows, 'both paths agree');
  return rows['loans'] as readonly Loan[];
}

t.test('the description makes table, indexes and the columns of a query', async (t) => {
  await live([], []);
  const { rows } = await pool.query<{ def: string }>(
    `select pg_get_indexdef(indexrelid) as def from pg_index where indrelid = 'live.loans'::regclass order by 1`,
  );
  t.match(rows, [{ def: /INDEX loans_by_reader/ }, { def: /UNIQUE INDEX loans_pkey .*\(loan_id\)/ }]);
  t.match(loans.select('l'), /^l\.loan_id, l\.reader, .*, l\.notes$/);
  const { rows: options } = await pool.query(`select reloptions from pg_class where oid = 'live.loans'::regclass`);
  t.same(options, [{ reloptions: ['fillfactor=90'] }]);
});

for (const [how, ends] of [
  ['in one page', []],
  ['each event in a page of its own', [1, 2, 3, 4, 5, 6, 7]],
  ['over two pages', [3]],
] as const) {
  t.test(`the last patch wins, null is a value, and lists grow in order, ${how}`, async (t) => {
    const log = new TestLog();
    lent(log, 1);
    log.add('loan-1', loanEvents.Noted, { note: 'a,"]\\' });
    log.add('loan-1', loanEvents.Renewed, { until: 'May', tags: [2, 3] });
    log.add('loan-1', loanEvents.Noted, { note: null });
    log.add('loan-1', loanEvents.Renewed, { until: 'June', tags: [] });
    log.add('loan-1', loanEvents.Touched, {});
    log.add('loan-1', loanEvents.Renewed, { until: null, tags: [4] });
    log.add('loan-1', loanEvents.Noted, { note: 'c' });
    t.match(await both(t, log, ends), [
      {
        ...{ loan_id: 1, reader: 'r\t"\\', until: null, tags: [4], renewals: 7, label: null, revision: 7 },
        ...{ position: log.events[0]?.position, notes: [{ note: 'a,"]\\' }, { note: null }, { note: 'c' }] },
      },
    ]);
  });
}

t.test('what a patch leaves out stays as it is', async (t) => {
  const log = new TestLog();
  lent(log, 1);
  log.add('loan-1', loanEvents.Renewed, { until: 'May', tags: [2] });
  log.add('loan-1', loanEvents.Noted, { note: 'n' });
  const expected = [
    { until: 'May', tags: [2], label: { text: 'May' }, renewals: 0, notes: [{ note: 'n' }], revision: 2 },
  ];
  t.match(await both(t, log, [2]), expected);
  t.match(await both(t, log, [1]), expected);
});

t.test('a list is written as the whole of it would be', async (t) => {
  const log = new TestLog();
  lent(log, 1);
  for (const note of ['ä', '\u0001', 'b']) log.add('loan-1', loanEvents.Noted, { note });
  for (const ends of [[], [1], [2], [1, 2, 3]]) {
    await both(t, log, ends);
    for (const schema of ['live', 'bulk']) {
      const { rows } = await pool.query<{ notes: string }>(`select notes::text as notes from ${schema}.loans`);
      t.equal(rows[0]?.notes, JSON.stringify([{ note: 'ä' }, { note: '\u0001' }, { note: 'b' }]), schema);
    }
  }
});

t.test(
  'a patch of a row that may be missing is forgotten when there is none, also if one is inserted later',
  async (t) => {
    const log = new TestLog();
    log.add('loan-1', loanEvents.Touched, {});
    log.add('loan-2', loanEvents.Touched, {});
    lent(log, 1);
    log.add('loan-1', loanEvents.Noted, { note: null });
    for (const ends of [[], [1], [2], [3], [1, 2, 3]])
      t.match(await both(t, log, ends), [{ loan_id: 1, renewals: 0, revision: 2 }]);
  },
);

t.test('a patch that needs a row and finds none waits, with all that follows in its stream', async (t) => {
  const log = new TestLog();
  lent(log, 2);
  log.add('loan-1', loanEvents.Touched, {});
  log.add('loan-1', loanEvents.Noted, { note: 'too early' });
  lent(log, 1);
  log.add('loan-1', loanEvents.Noted, { note: 'later' });
  log.add('loan-2', loanEvents.Noted, { note: 'fine' });
  for (const ends of [[], [2], [3], [4], [5], [1, 2, 3, 4, 5]]) {
    const [held, ofLoad] = [new Quarantine(projection.keyedBy), new Quarantine(projection.keyedBy)];
    const rows = await live(log.events, ends, held);
    t.same(await inChunks(log.events, ends, ofLoad), rows);
    t.match(rows['loans'], [{ loan_id: 2, notes: [{ note: 'fine' }] }]);
    for (const quarantine of [held, ofLoad]) {
      t.equal(quarantine.size, 1);
      t.ok(quarantine.waitsAt({ stream: 'loan-1', revision: 1 }), `ends at ${ends.join(', ')}`);
    }
  }
});

t.test('a missing row is named by its key', async (t) => {
  await pool.query('drop schema if exists live cascade');
  const under: ProjectionUnderTest<unknown> = await ProjectionUnderTest.create<unknown>(pool, projection, 'live');
  const log = new TestLog();
  lent(log, 1);
  log.add('loan-1', loanEvents.Noted, { note: null });
  log.add('loan-3', loanEvents.Noted, { note: null });
  await t.rejects(under.apply(log.events), { name: 'NotApplied', message: 'loan 3 has not begun' });
  t.same((await under.rows())['loans'], []);
});

t.test('both paths agree over random histories, in whatever pages and chunks they come', async () => {
  const kinds: fc.Arbitrary<readonly [LoanEvent, number, string | null]> = fc.tuple(
    fc.constantFrom<LoanEvent>('Renewed', 'Noted', 'Touched', 'Lent', 'Dusted'),
    fc.integer({ min: 1, max: 3 }),
    fc.option(
      fc.string({ unit: 'binary', maxLength: 3 }).map((made) => made.replaceAll('\u0000', '')),
      { nil: null },
    ),
  );
  const ends = fc.array(fc.nat(20), { maxLength: 3 }).map((all) => all.toSorted((a, b) => a - b));
  await fc.assert(
    fc.asyncProperty(fc.array(kinds, { maxLength: 20 }), ends, ends, async (steps, pages, chunks) => {
      const log = new TestLog();
      const begun = new Set<number>();
      for (const [kind, id, said] of steps) {
        const stream = `loan-${id}`;
        if (kind === 'Renewed') log.add(stream, loanEvents.Renewed, { until: said, tags: [id] });
        else if (kind === 'Noted') log.add(stream, loanEvents.Noted, { note: said });
        else if (kind === 'Lent' && !begun.has(id)) lent(log, id);
        else log.add(stream, loanEvents.Touched, {});
        if (kind === 'Lent') begun.add(id);
      }
      const [held, ofLoad] = [new Quarantine(projection.keyedBy), new Quarantine(projection.keyedBy)];
      const fits = (all: readonly number[]): number[] => all.map((end) => Math.min(end, log.events.length));
      const rows = await live(log.events, fits(pages), held);
      assert.deepEqual(await inChunks(log.events, fits(chunks), ofLoad), rows);
      for (const id of [1, 2, 3])
        for (let revision = 0; revision < 20; revision++) {
          const at = { stream: `loan-${id}`, revision };
          assert.equal(ofLoad.waitsAt(at), held.waitsAt(at), `${at.stream}@${revision}`);
        }
    }),
    { numRuns: 30 },
  );
});

t.test('an event type without a handler does not compile, unless it is passed over by name', async (t) => {
  const { handlers } = defineProjection({
    ...{ name: 'dust', version: 1, reads: { loan: loanEvents }, page: { loans } },
    // @ts-expect-error Renewed is missing
    handlers: {
      Lent: 'passed-over',
      Noted: 'passed-over',
      Touched: 'passed-over',
      Dusted: ({ loans }, event) => {
        loans.patchIfThere(event);
      },
    },
  });
  t.same(Object.keys(handlers), ['Dusted']);
});
