import t, { type Test } from 'tap';
import { bookDecider, bookStream, type BookCommand } from '../../examples/lending/decider.js';
import { type Library, openLibrary } from '../../examples/lending/library.js';
import { loans, overdue, type Overdue } from '../../examples/lending/loans.js';
import { CommandHandler, type CommandContext, type Outcome } from '../../src/engine/index.js';
import { given, MemoryEventStore, MemoryVault, testContext } from '../../src/engine/testing.js';
import { testDatabase } from '../support/database.js';
import { until } from '../support/orderlog.js';

const [june, july, august] = ['2026-06-01T00:00:00Z', '2026-07-01T00:00:00Z', '2026-08-01T00:00:00Z'] as const;
const acquire: BookCommand = { type: 'AcquireBook', title: 'Emma', at: june };
const lend: BookCommand = { type: 'LendBook', reader: 'ann', due: july, at: june };
const giveIn: BookCommand = { type: 'ReturnBook', at: july };
const acquired = { type: 'BookAcquired', data: { title: 'Emma', acquired_at: june } } as const;
const lent = { type: 'BookLent', data: { reader: 'ann', due: july, lent_at: june } } as const;
const returned = { type: 'BookReturned', data: { returned_at: july } } as const;

t.test('acquires a book once', async (t) => {
  given(t, bookDecider, []).when(acquire).then([acquired], 'book-exists');
});

t.test('lends a book that is there to one reader', async (t) => {
  given(t, bookDecider, [acquired]).when(lend).then([lent]);
  given(t, bookDecider, [acquired, lent, returned]).when(lend).then([lent]);
  given(t, bookDecider, []).when(lend).refused('book-not-found');
  const toAnother: BookCommand = { ...lend, reader: 'ben' };
  given(t, bookDecider, [acquired, lent]).when(toAnother).refused('book-lent');
  given(t, bookDecider, [acquired, lent])
    .when({ ...lend, due: august })
    .refused('book-lent');
});

t.test('takes a book that was lent, and only then', async (t) => {
  given(t, bookDecider, [acquired, lent]).when(giveIn).then([returned]);
  given(t, bookDecider, [acquired]).when(giveIn).then([]);
  given(t, bookDecider, []).when(giveIn).refused('book-not-found');
});

type Handler = Pick<CommandHandler, 'execute'>;

function send(
  handler: Handler,
  book: string,
  command: BookCommand,
  context?: CommandContext,
): Promise<Outcome<unknown>> {
  return handler.execute(bookStream, book, command, context ?? testContext());
}

t.test('carries commands out on the memory log, each once', async (t) => {
  const store = new MemoryEventStore();
  t.teardown(() => store.close());
  const handler = new CommandHandler(store, new MemoryVault());
  const context = testContext({ key: 'lend-emma' });
  await send(handler, 'emma', acquire);
  const first = await send(handler, 'emma', lend, context);
  const again = await send(handler, 'emma', lend, context);
  t.match(first, { revision: 1, appended: 1, replayed: false });
  t.match(again, { revision: 1, appended: 0, replayed: true });
  await t.rejects(send(handler, 'emma', { ...lend, reader: 'ben' }), { code: 'book-lent' });
  const { state } = await handler.load(bookStream, 'emma');
  t.same(state, { loan: { reader: 'ann', due: july } });
});

const nothing = (): void => undefined;
const { signal } = new AbortController();
const WAIT_MS = 60_000;

async function opened(t: Test): Promise<Library> {
  const { config } = await testDatabase(t);
  const library = await openLibrary(config, new MemoryVault());
  t.teardown(() => library.close());
  return library;
}

/** The overdue books in August, once the read model has reached the head of the log. */
async function inAugust({ engine }: Library): Promise<readonly Overdue[]> {
  const freshness = { min: await engine.store.head(), waitMs: WAIT_MS, lenient: false };
  return (await overdue(engine.readModel('loans'), august, freshness)).readers;
}

async function verified({ engine }: Library): Promise<unknown> {
  const { ok, models } = await engine.verify([loans], { signal, stretch: nothing, done: nothing });
  return { ok, models: models.map(({ name, rows, events, differences }) => ({ name, rows, events, differences })) };
}

t.test('counts overdue books on Postgres, rebuilt, verified, and as of a time before the last return', async (t) => {
  const library = await opened(t);
  const { engine } = library;
  for (const book of ['emma', 'hamlet', 'ulysses']) await send(engine.handler, book, acquire);
  await send(engine.handler, 'emma', lend);
  await send(engine.handler, 'hamlet', lend);
  const last = await send(engine.handler, 'ulysses', { ...lend, reader: 'ben' });
  const before = [
    { reader: 'ann', books: 2 },
    { reader: 'ben', books: 1 },
  ];
  t.same(await inAugust(library), before);
  t.same((await overdue(engine.readModel('loans'), july)).readers, [], 'a book that is due now is not overdue yet');

  let moment = '';
  for await (const { recordedAt } of engine.store.readAll()) moment = recordedAt;
  await until(() => Date.now() > Date.parse(moment));
  await send(engine.handler, 'hamlet', giveIn);
  const after = [
    { reader: 'ann', books: 1 },
    { reader: 'ben', books: 1 },
  ];
  t.same(await inAugust(library), after);

  const [rebuilt] = await engine.rebuild([loans], {
    ...{ jobs: 1, switch: true, keepSeconds: 60, signal },
    ...{ stretch: nothing, done: nothing },
  });
  t.match(rebuilt, { name: 'loans', events: 7, rows: 3, switched: true });
  t.same(await inAugust(library), after, 'a rebuild counts the same');

  const whole = { name: 'loans', rows: 3, events: 7, differences: [] };
  t.same(await verified(library), { ok: true, models: [whole] });

  const at = await engine.times.positionAt(moment, WAIT_MS);
  t.equal(at, last.position, 'the time names the position of the last loan');
  if (at === null) return;
  const then = await overdue(engine.readModel('loans'), august, { min: null, waitMs: WAIT_MS, lenient: false, at });
  t.match(then, { position: last.position, degraded: 0, readers: before });
});

t.test('verification finds a row that the log does not say', async (t) => {
  const library = await opened(t);
  await send(library.engine.handler, 'emma', acquire);
  await send(library.engine.handler, 'emma', lend);
  await inAugust(library);
  const { rows } = await library.engine.pool.query<{ schema: string }>(
    `select schemaname as schema from pg_tables where tablename = 'books'`,
  );
  await library.engine.pool.query(`update ${rows[0]?.schema ?? ''}.books set reader = 'ben'`);
  t.match(await verified(library), {
    ok: false,
    models: [{ differences: [{ table: 'books', key: 'emma', column: 'reader' }] }],
  });
});
