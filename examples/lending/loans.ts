/** The read model: one row for each book, and the query that counts overdue books. */
import {
  column,
  defineProjection,
  type Freshness,
  keyedTable,
  type ReadModel,
  type Standing,
} from '../../src/engine/index.js';
import { bookEvents } from './events.js';

const { changing, key, lastRevision, nullable, text, time } = column;

const books = keyedTable('books', {
  category: 'book',
  missing: 'has not been acquired',
  columns: {
    book_id: key('text'),
    title: text(),
    reader: changing(nullable(text())),
    due: changing(nullable(time)),
    revision: lastRevision,
  },
  indexes: 'create index books_due on {schema}.books (due) where due is not null;',
});

export const loans = defineProjection({
  name: 'loans',
  version: 1,
  reads: { book: bookEvents },
  // An event that can't be applied holds up its own book and no other.
  keyedBy: ['book'],
  page: { books },
  handlers: {
    BookAcquired: ({ books }, event) => {
      books.insert(event, { title: event.data.title, reader: null, due: null });
    },
    BookLent: ({ books }, event) => {
      books.patch(event, { reader: event.data.reader, due: event.data.due });
    },
    BookReturned: ({ books }, event) => {
      books.patch(event, { reader: null, due: null });
    },
  },
});

export interface Overdue {
  readonly reader: string;
  readonly books: number;
}

const OVERDUE = `select b.reader, count(*)::integer as books from {schema}.books b
  where b.due < $1::timestamptz group by b.reader order by b.reader`;

/** How many books each reader should have returned by a time, and the position in the log that the answer reflects. */
export async function overdue(
  model: ReadModel,
  by: string,
  freshness?: Freshness,
): Promise<Standing & { readonly readers: readonly Overdue[] }> {
  const { rows, ...standing } = await model.query<Overdue>('overdue', OVERDUE, [by], freshness);
  return { ...standing, readers: rows };
}
