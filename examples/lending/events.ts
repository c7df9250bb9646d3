// The storage format: what the log of the library holds.
import { z } from 'zod';
import { eventType, type FactOf } from '../../src/engine/index.js';

const time = z.iso.datetime();

/** Each event says when it happened, in its one field whose name ends in `_at`. The day when a book is due has another name. */
export const bookEvents = {
  BookAcquired: eventType('BookAcquired', z.strictObject({ title: z.string(), acquired_at: time })),
  BookLent: eventType('BookLent', z.strictObject({ reader: z.string(), due: time, lent_at: time })),
  BookReturned: eventType('BookReturned', z.strictObject({ returned_at: time })),
};

export type BookFact = FactOf<typeof bookEvents>;
