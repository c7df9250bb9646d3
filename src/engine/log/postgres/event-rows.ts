/** Parts of the SELECTs on the Postgres log, and the rows that they give. */
import { PAGE_BYTES } from '../../core/budgets.js';
import type { JsonObject, RecordedEvent } from '../../core/message.js';
import { positionOf } from './position.js';

export interface EventRow {
  readonly position: number;
  readonly stream: string;
  readonly revision: number;
  readonly id: string;
  readonly type: string;
  readonly data: string;
  readonly metadata: string;
  readonly recorded_at: string;
  /** Of the page up to and with this event. */
  readonly bytes: number;
}

export type Nullable<T> = { readonly [K in keyof T]: T[K] | null };

export const COLUMNS = 'e.position, e.stream, e.revision, e.id, e.type, e.data, e.metadata, e.recorded_at, e.bytes';

// As a CASE it hides from the planner how few events a prefix may let through: it would rather sort all that is left of the log.
export const MATCHES = `($2::text[] IS NULL OR e.type = ANY ($2))
  AND CASE WHEN $3::text[] IS NULL THEN true ELSE e.stream ^@ ANY ($3) END`;

/**
 * How long an event is, in bytes. What is not compressed, as small events are, tells its length without being read.
 * @see PAGE_BYTES
 */
export const LENGTH = ['data', 'metadata']
  .map(
    (column) => `CASE WHEN pg_column_compression(e.${column}) IS NULL THEN pg_column_size(e.${column})
      ELSE octet_length(e.${column}::text) END`,
  )
  .join(' + ');

/** Of rows that begin below the bound: so there is always one. */
export const FITS = `bytes - coalesce(length, 0) < ${PAGE_BYTES}`;

export function recorded(row: EventRow): RecordedEvent {
  const { stream, revision, id, type, recorded_at: recordedAt } = row;
  const position = positionOf(BigInt(row.position));
  const data = JSON.parse(row.data) as JsonObject;
  const metadata = JSON.parse(row.metadata) as JsonObject;
  return { position, stream, revision, id, type, data, metadata, recordedAt };
}
