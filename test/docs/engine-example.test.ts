/** The example of src/engine/README.md, as it stands there, at work on a database. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { z } from 'zod';
import {
  column,
  defineProjection,
  eventType,
  type FactOf,
  keyedTable,
  openEngine,
  openLog,
  Refusal,
  type StreamBinding,
  streamName,
} from '../../src/engine/index.js';
import { MemoryVault, testContext } from '../../src/engine/testing.js';
import { testDatabase } from '../support/database.js';

const { pool } = await testDatabase(t);
const store = await openLog(pool);
t.teardown(() => store.close());
const vault = new MemoryVault();
const context = testContext;
const quiet = (): void => undefined;
const log = { info: quiet, warn: quiet, error: quiet };

// --- the page begins
// Events: what can happen to a book, in the format in which the log stores it.
const bookEvents = {
  BookAcquired: eventType('BookAcquired', z.strictObject({ title: z.string() })),
  BookLent: eventType('BookLent', z.strictObject({ reader: z.string() })),
};
type Book = { readonly lentTo: string | null } | null;
type BookCommand = { type: 'AcquireBook'; title: string } | { type: 'LendBook'; reader: string };
// A stream category: its name, its event types and its rules.
const books: StreamBinding<Book, BookCommand, FactOf<typeof bookEvents>> = {
  name: (id) => streamName('book', id),
  types: bookEvents,
  decider: {
    initialState: null,
    decide: (book, command) => {
      if (command.type === 'AcquireBook') return book ? [] : [{ type: 'BookAcquired', data: { title: command.title } }];
      if (book?.lentTo === command.reader) return []; // sent again, it changes nothing
      if (book?.lentTo !== null) throw new Refusal('book-not-available', 'The book is not on the shelf.');
      return [{ type: 'BookLent', data: { reader: command.reader } }];
    },
    evolve: (_, event) => ({ lentTo: event.type === 'BookLent' ? event.data.reader : null }),
  },
};
// A projection: one row a book. The same handlers serve the live path and the bulk path.
const { changing, key, lastRevision, nullable, text } = column;
const columns = { book_id: key('text'), title: text(), lent_to: changing(nullable(text())), revision: lastRevision };
const loans = defineProjection({
  name: 'loans',
  version: 1,
  reads: { book: bookEvents },
  keyedBy: ['book'], // an event that can't be applied holds up its book, and no other
  page: { rows: keyedTable('loans', { category: 'book', missing: 'has not been acquired', columns }) },
  handlers: {
    BookAcquired: ({ rows }, event) => {
      rows.insert(event, { title: event.data.title, lent_to: null });
    },
    BookLent: ({ rows }, event) => {
      rows.patch(event, { lent_to: event.data.reader });
    },
  },
});
// At work. The caller brings a migrated database, a log and a vault for personal data.
const streams = { known: { book: bookEvents }, claims: [], references: () => [] };
const keepAsOf = { keepSeconds: 600, maxBytes: 1_000_000_000 };
const engine = await openEngine({ pool, store, vault, projections: [loans], streams, keepAsOf, log });
const projectors = engine.startProjectors();
await engine.handler.execute(books, '7', { type: 'AcquireBook', title: 'Emma' }, context());
const { position } = await engine.handler.execute(books, '7', { type: 'LendBook', reader: 'Ada' }, context());
// The query waits until the read model has reached the position of the command.
const freshness = { min: position, waitMs: 10_000, lenient: false };
const { rows } = await engine.readModel('loans').query('loans-all', 'select * from {schema}.loans', [], freshness);
// --- the page ends

t.teardown(async () => {
  await projectors.stop();
  await engine.close();
});

t.same(rows, [{ book_id: '7', title: 'Emma', lent_to: 'Ada', revision: 1 }], 'the page says which row there is');

await t.rejects(engine.handler.execute(books, '7', { type: 'LendBook', reader: 'Bob' }, context()), {
  code: 'book-not-available',
});

t.test('the example here is that of the page', async (t) => {
  const root = join(import.meta.dirname, '../../..');
  const page = readFileSync(join(root, 'src/engine/README.md'), 'utf8');
  const source = readFileSync(join(root, 'test/docs/engine-example.test.ts'), 'utf8');
  const [, onThePage] = /```ts\n([^]*?)```/.exec(page) ?? [];
  const [, here] = /\/\/ --- the page begins\n([^]*?)\/\/ --- the page ends/.exec(source) ?? [];
  t.ok(onThePage, 'the page has an example');
  t.equal(here, onThePage);
});
