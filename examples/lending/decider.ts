/** The rules of one book. */
import { type Decider, type Envelope, Refusal, type StreamBinding, streamName } from '../../src/engine/index.js';
import { bookEvents, type BookFact } from './events.js';

export type BookCommand =
  | { readonly type: 'AcquireBook'; readonly title: string; readonly at: string }
  | { readonly type: 'LendBook'; readonly reader: string; readonly due: string; readonly at: string }
  | { readonly type: 'ReturnBook'; readonly at: string };

/** Null: the library has no such book. */
export type BookState = { readonly loan: { readonly reader: string; readonly due: string } | null } | null;

function decide(state: BookState, command: BookCommand): BookFact[] {
  const { at } = command;
  if (command.type === 'AcquireBook') {
    if (state) throw new Refusal('book-exists', 'The library has this book already.');
    return [{ type: 'BookAcquired', data: { title: command.title, acquired_at: at } }];
  }
  if (!state) throw new Refusal('book-not-found', 'The library has no such book.');
  const { loan } = state;
  if (command.type === 'ReturnBook') return loan ? [{ type: 'BookReturned', data: { returned_at: at } }] : [];
  const { reader, due } = command;
  if (loan?.reader === reader && loan.due === due) return [];
  if (loan) throw new Refusal('book-lent', 'The book is lent.');
  return [{ type: 'BookLent', data: { reader, due, lent_at: at } }];
}

function evolve(_state: BookState, event: Envelope<BookFact>): BookState {
  if (event.type !== 'BookLent') return { loan: null };
  const { reader, due } = event.data;
  return { loan: { reader, due } };
}

export const bookDecider: Decider<BookState, BookCommand, BookFact> = { initialState: null, decide, evolve };

/** The stream category: the log has one stream for each book. */
export const bookStream: StreamBinding<BookState, BookCommand, BookFact> = {
  name: (id) => streamName('book', id),
  types: bookEvents,
  decider: bookDecider,
};
