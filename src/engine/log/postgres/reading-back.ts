/** The Postgres log read from its end. */
import type pg from 'pg';
import { PAGE_BYTES } from '../../core/budgets.js';
import { type BackPage, type ReadBackOptions, START } from '../../core/event-store.js';
import { COLUMNS, type EventRow, FITS, LENGTH, MATCHES, recorded } from './event-rows.js';
import { EVENTS } from './log-table.js';
import { numberOf, positionOf } from './position.js';

type Query = <Row extends pg.QueryResultRow>(query: pg.QueryConfig) => Promise<Row[]>;

/** Positions have no gap, so the range of positions bounds the work; in a stream, its own events do. */
export async function readBack(query: Query, options: ReadBackOptions): Promise<BackPage> {
  const { filter, stream, correlationId, limit } = options;
  const { after, low, end } = await rangeOf(query, options);
  // Planned each time: a plan for a short log would sort all that is left of a long one.
  const rows = await query<EventRow>({
    text: `SELECT ${COLUMNS} FROM (
             SELECT e.*, sum(length) OVER (ORDER BY e.position DESC ROWS UNBOUNDED PRECEDING) AS bytes FROM (
               SELECT e.*, ${LENGTH} AS length FROM ${EVENTS} e
               WHERE e.position > $1 AND e.position < $5 AND ${MATCHES}
                 ${stream === undefined ? 'AND $6::text IS NULL' : 'AND e.stream = $6'}
                 AND ($7::text IS NULL OR e.metadata ->> 'correlation_id' = $7)
               ORDER BY e.position DESC LIMIT $4) e) e
           WHERE ${FITS} ORDER BY e.position DESC`,
    values: [
      ...[low, filter?.types ?? null, filter?.streamPrefixes ?? null, limit],
      ...[end, stream ?? null, correlationId ?? null],
    ],
  });
  const last = rows.at(-1);
  const isFull = last !== undefined && (rows.length === limit || last.bytes >= PAGE_BYTES);
  if (isFull) return { events: rows.map(recorded), before: positionOf(BigInt(last.position)) };
  return { events: rows.map(recorded), before: low > after ? positionOf(low + 1n) : null };
}

interface Range {
  /** Events are read behind this number, and no more are wanted than those behind `after`. */
  readonly low: bigint;
  readonly after: bigint;
  /** And before this one. */
  readonly end: bigint;
}

async function rangeOf(query: Query, { before, after = START, stream, most }: ReadBackOptions): Promise<Range> {
  const first = numberOf(after);
  const end = before === undefined ? null : numberOf(before);
  const rows = await query<{ end_: number; low: number | null }>(
    stream === undefined
      ? {
          name: 'log-back-range',
          text: `SELECT b.end_, b.end_ - 1 - $2::bigint AS low FROM (
                   SELECT coalesce($1::bigint, (SELECT max(position) + 1 FROM ${EVENTS}), 1) AS end_) b`,
          values: [end, most],
        }
      : {
          name: 'log-back-range-of-stream',
          text: `SELECT b.end_, (
                   SELECT e.position - 1 FROM ${EVENTS} e WHERE e.stream = $3 AND e.position < b.end_
                   ORDER BY e.revision DESC OFFSET $2::bigint - 1 LIMIT 1) AS low
                 FROM (SELECT coalesce($1::bigint, (SELECT max(position) + 1 FROM ${EVENTS}), 1) AS end_) b`,
          values: [end, most, stream],
        },
  );
  const low = BigInt(rows[0]?.low ?? 0);
  return { low: low > first ? low : first, after: first, end: BigInt(rows[0]?.end_ ?? 1) };
}
