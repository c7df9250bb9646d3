import { ANSWERS_BYTES, LIST_BYTES, sizeOf } from './core/budgets.js';
import { MAX_EVENT_BYTES } from './core/errors.js';
import { forEachInFlight } from './in-flight.js';

/** Bounds in bytes (docs/decisions/0015), how long a value is, and work on many things with a bound on those under way. */
export const bounds = {
  answersBytes: ANSWERS_BYTES,
  listBytes: LIST_BYTES,
  eventBytes: MAX_EVENT_BYTES,
  sizeOf,
  forEachInFlight,
} as const;
