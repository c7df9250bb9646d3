/**
 * How many bytes may be in memory at once. Every bound by number has one of these beside it: an event has up to 512 KiB, so a number
 * alone bounds nothing (docs/decisions/0015). All are of JSON text; in memory the same takes two to three times as much.
 */
const MEBIBYTE = 1024 * 1024;

/** A page of events read from the log. A page may exceed it by one event. */
export const PAGE_BYTES = 4 * MEBIBYTE;

/** What the bulk path has in memory before it is written: one transaction of COPY. */
export const CHUNK_BYTES = 8 * MEBIBYTE;

/** What is handed to COPY at once. */
export const COPY_PIECE_BYTES = MEBIBYTE / 4;

/** Appends that go to the Postgres log together. */
export const APPEND_GROUP_BYTES = 8 * MEBIBYTE;

/** The end of the log that a process keeps because it has written it. */
export const RECENT_BYTES = 8 * MEBIBYTE;

/** Streams that a process keeps because it has written all of them. */
export const RECENT_STREAMS_BYTES = 8 * MEBIBYTE;

/** Orders of an import that are under way at once. */
export const IN_FLIGHT_BYTES = 4 * MEBIBYTE;

/** A page of a list: it ends early, with a cursor. It may exceed this by one item. */
export const LIST_BYTES = 2 * MEBIBYTE;

/** Answers of lists that are made or being sent: the others wait. */
export const ANSWERS_BYTES = 64 * MEBIBYTE;

/** A value of a row that a verification compares: of a longer one, the beginning and a checksum. */
export const COMPARED_BYTES = 1_000;

/** What an object, an array or a number takes, roughly. */
const NODE_BYTES = 8;

/** About how long a value is as JSON. Far cheaper than to write it. */
export function sizeOf(value: unknown): number {
  if (typeof value === 'string') return value.length + 2;
  if (typeof value !== 'object' || value === null) return NODE_BYTES;
  let size = NODE_BYTES;
  if (Array.isArray(value)) for (const item of value) size += sizeOf(item);
  else for (const name in value) size += name.length + sizeOf((value as Readonly<Record<string, unknown>>)[name]);
  return size;
}
