import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'tap';
import { acquireLease } from '../../../src/engine/projecting/checkpoints.js';
import { LeaseLost } from '../../../src/engine/projecting/leased-session.js';
import type { ProjectedEvent, ProjectionDb } from '../../../src/engine/projecting/page-part.js';
import type { Projection } from '../../../src/engine/projecting/projection.js';
import { NotApplied } from '../../../src/engine/quarantine/quarantine.js';
import { Term, Unprojectable } from '../../../src/engine/projecting/term.js';
import { ProjectionUnderTest } from '../../support/project.js';
import { collected, prepared, stage, until } from './running.js';
import { append, counted, handlingCounted, known } from './tally.js';

const NOTE = 'insert into {schema}.noted select * from unnest($1::uuid[], $2::int[])';
const ADD = 'update {schema}.total set total = total + $1::int';
const LARGEST = 100;

/** Two writes of which neither needs the other. */
function written(name: string, before?: (db: ProjectionDb) => Promise<void>): Projection<ProjectedEvent[]> {
  return {
    name,
    version: 1,
    tables: ['noted', 'total'],
    reads: { test: known },
    ddl: `
      create table {schema}.noted (id uuid primary key, amount integer not null check (amount <= ${LARGEST}));
      create table {schema}.total (one integer primary key, total bigint not null);
      insert into {schema}.total values (1, 0);
    `,
    handlers: handlingCounted((page: ProjectedEvent[], event) => page.push(event)),
    open: () => Promise.resolve([]),
    async flush(page, db): Promise<void> {
      const amounts = page.map(({ data }) => (data as { amount: number }).amount);
      db.write('note', NOTE, [page.map(({ id }) => id), amounts]);
      await before?.(db);
      db.write('add', ADD, [amounts.reduce((sum, one) => sum + one, 0)]);
    },
  };
}

/** Of the session that projects: what it sends from now on. */
function sentBy(term: Term): string[] {
  const sent: string[] = [];
  type Query = (statement: { text?: string } | string, ...values: unknown[]) => unknown;
  const query = term.client.query.bind(term.client) as Query;
  const spy: Query = (statement, ...values) => {
    sent.push(typeof statement === 'string' ? statement : (statement.text ?? ''));
    return query(statement, ...values);
  };
  Object.assign(term.client, { query: spy });
  return sent;
}

const ROWS = (name: string): string => `
  select (select count(*)::int from rm_${name}_v1.noted) as noted, (select total from rm_${name}_v1.total) as total,
    (select events::int from orderlog.checkpoints where model = '${name}') as events`;

test('a page that only writes is one statement, the move of its checkpoint included', async (t) => {
  const { pool, store } = await stage(t);
  await append(store, counted(3), counted(4));
  const { events, head } = await collected(store);
  const term = await Term.begin(pool, written('once'), await prepared(pool, written('once')), { owner: 'only' });
  if (!term) return t.fail('no lease');
  const sent = sentBy(term);
  await term.apply(events, head);
  t.equal(sent.length, 1, sent.join('\n'));
  t.same((await pool.query(ROWS('once'))).rows, [{ noted: 2, total: 7, events: 2 }]);
  t.equal(term.position, head);
  await term.end(null);
});

test('what follows on a write sees it, and a page that reads is a transaction', async (t) => {
  const { pool, store } = await stage(t);
  await append(store, counted(3));
  const { events, head } = await collected(store);
  let seen: unknown;
  const projection = written('ordered', async (db) => {
    seen = await db.query('look', 'select amount from {schema}.noted');
  });
  const term = await Term.begin(pool, projection, await prepared(pool, projection), { owner: 'only' });
  if (!term) return t.fail('no lease');
  const sent = sentBy(term);
  await term.apply(events, head);
  t.same(seen, [{ amount: 3 }]);
  t.match(sent, ['begin', /update orderlog\.checkpoints/, /insert into/, /select amount/, /update/, 'commit']);
  t.same((await pool.query(ROWS('ordered'))).rows, [{ noted: 1, total: 3, events: 1 }]);
  await term.end(null);
});

test('a process that has lost its lease writes nothing by one statement either', async (t) => {
  const { pool, store } = await stage(t);
  await append(store, counted(3));
  const { events, head } = await collected(store);
  const of = await prepared(pool, written('lost'));
  const former = await Term.begin(pool, written('lost'), of, { owner: 'first' });
  if (!former) return t.fail('no lease');
  await pool.query("update orderlog.checkpoints set lease_until = clock_timestamp() - interval '1 second'");
  await acquireLease(pool, of, 'second');
  await t.rejects(former.apply(events, head), LeaseLost);
  t.same((await pool.query(ROWS('lost'))).rows, [{ noted: 0, total: 0, events: 0 }]);
  await former.end(null);
});

test('one of the writes fails: none has effect, and the event that is to blame is found', async (t) => {
  const { pool, store } = await stage(t);
  await append(store, counted(1), counted(2), counted(LARGEST + 1), counted(4));
  const { events, head } = await collected(store);
  const term = await Term.begin(pool, written('wrong'), await prepared(pool, written('wrong')), { owner: 'only' });
  if (!term) return t.fail('no lease');
  const failed = await term.apply(events, head).then(
    () => null,
    (error: unknown) => error,
  );
  t.type(failed, Unprojectable);
  t.match(failed, { reason: { position: events[2]?.position, message: /noted_amount_check/ } });
  t.same(
    (await pool.query(ROWS('wrong'))).rows,
    [{ noted: 2, total: 3, events: 2 }],
    'what comes before it has effect',
  );
  await term.end(null);
});

test('a write that does not find the rows that it must fails the page, and says which', async (t) => {
  const { pool, store } = await stage(t);
  await append(store, counted(1), counted(7), counted(2));
  const { events, head } = await collected(store);
  const projection = written('needed');
  const needing: typeof projection = {
    ...projection,
    async flush(page, db) {
      await projection.flush(page, db);
      const wanted = page.map(({ data }) => (data as { amount: number }).amount).filter((amount) => amount < 7);
      const text = 'select w.n from unnest($1::int[]) as w (n) where w.n < 2';
      if (wanted.length > 0) {
        const otherwise = (found: readonly object[]): Error => new NotApplied(`${found.length} of ${wanted.length}`);
        db.write('need', text, [wanted], { rows: wanted.length, otherwise });
      }
    },
  };
  const term = await Term.begin(pool, needing, await prepared(pool, needing), { owner: 'only' });
  if (!term) return t.fail('no lease');
  const sent = sentBy(term);
  await t.rejects(term.apply(events, head), { message: '0 of 1' });
  t.same(
    (await pool.query(ROWS('needed'))).rows,
    [{ noted: 2, total: 8, events: 2 }],
    'what comes before it has effect',
  );
  t.match(sent.join(';'), /with moved as[^;]*write_2[^;]*\$\d+::bigint/, 'it was tried as one statement');
  await term.end(null);
});

test('a write that fails in a transaction is told, though nobody waits for it', async (t) => {
  const { pool, store } = await stage(t);
  await append(store, counted(LARGEST + 1));
  const { events, head } = await collected(store);
  const projection = written('unseen', async (db) => {
    await Promise.allSettled([db.query('look', 'select 1')]);
  });
  const term = await Term.begin(pool, projection, await prepared(pool, projection), { owner: 'only' });
  if (!term) return t.fail('no lease');
  await t.rejects(term.apply(events, head), /noted_amount_check/);
  t.same((await pool.query(ROWS('unseen'))).rows, [{ noted: 0, total: 0, events: 0 }]);
  await term.end(null);
});

test('a connection that is cut while a page is written leaves none of it, and the next try has the effect once', async (t) => {
  const { pool, store, start, reached } = await stage(t);
  await prepared(pool, written('cut'));
  await pool.query(`
    create function slow() returns trigger language plpgsql as $$ begin perform pg_sleep(0.5); return new; end $$;
    create trigger slow after update on rm_cut_v1.total for each row execute function slow()`);
  start(written('cut'));
  const position = await append(store, counted(3), counted(4));
  const CUT = `
    select pg_terminate_backend(pid) as cut from pg_stat_activity
    where query like '%rm_cut_v1.noted%' and wait_event = 'PgSleep'`;
  await until(async () => (await pool.query(CUT)).rowCount === 1);
  await sleep(100);
  t.same((await pool.query(ROWS('cut'))).rows, [{ noted: 0, total: 0, events: 0 }]);
  t.ok(await reached('cut', position));
  t.same((await pool.query(ROWS('cut'))).rows, [{ noted: 2, total: 7, events: 2 }]);
});

test('the tests of a projection find a row that two writes of a page touch', async (t) => {
  const { pool, store } = await stage(t);
  await append(store, counted(3), counted(4));
  const { events } = await collected(store);
  const projection = written('twice');
  const twice: typeof projection = {
    ...projection,
    async flush(page, db) {
      await projection.flush(page, db);
      db.write('double', 'update {schema}.total set total = total * 2', []);
    },
  };
  const [good, bad] = [
    await ProjectionUnderTest.create(pool, projection),
    await ProjectionUnderTest.create(pool, twice, 'twice'),
  ];
  await good.apply(events);
  t.match(await good.rows(), { total: [{ total: 7 }] });
  await t.rejects(bad.apply(events), /two touch a row/);
});
