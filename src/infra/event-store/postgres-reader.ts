/** The SELECTs on the Postgres log. */
import type pg from 'pg';
import { EventStoreUnavailable } from '../../core/errors.js';
import type { Distance, EventPage, Filter, Position } from '../../core/event-store.js';
import type { JsonObject, RecordedEvent } from '../../core/message.js';
import { isUnavailable } from '../postgres/errors.js';
import { types } from '../postgres/pool.js';
import { numberOf, positionOf } from './postgres-position.js';

/** Events of a page, however large each of them is, should not take more memory than this. */
const PAGE_BYTES = 16 * 1024 * 1024;
const FIRST_PAGE = 100;
const GROWTH = 4;

export interface StreamWish {
  readonly stream: string;
  /** First revision. */
  readonly from: number;
  readonly limit: number;
}

export interface StreamPage {
  readonly exists: boolean;
  readonly events: readonly RecordedEvent[];
}

/** How many events the next page may have: more as long as there is more to read, fewer when they are large. */
export class PageSize {
  next: number;

  constructor(private readonly most: number) {
    this.next = Math.min(FIRST_PAGE, most);
  }

  seen(events: number, bytes: number, full: boolean): void {
    if (events === 0) return;
    const fit = Math.max(1, Math.floor((PAGE_BYTES * events) / bytes));
    this.next = Math.min(this.most, fit, full ? this.next * GROWTH : this.next);
  }
}

interface EventRow {
  readonly position: number;
  readonly stream: string;
  readonly revision: number;
  readonly id: string;
  readonly type: string;
  readonly data: string;
  readonly metadata: string;
  readonly recorded_at: string;
}

type Nullable<T> = { readonly [K in keyof T]: T[K] | null };

const COLUMNS = 'e.position, e.stream, e.revision, e.id, e.type, e.data, e.metadata, e.recorded_at';

// As a CASE it hides from the planner how few events a prefix may let through: it would rather sort all that is left of the log.
const MATCHES = `($2::text[] IS NULL OR e.type = ANY ($2))
  AND CASE WHEN $3::text[] IS NULL THEN true ELSE e.stream ^@ ANY ($3) END`;

const JSON_TYPE = 114;

function pageText(endOfLog: string, endOfPage: string): string {
  return `SELECT h.head, ${COLUMNS}
          FROM (SELECT coalesce(max(position), 0) AS head FROM orderlog.events WHERE true ${endOfLog}) h
          LEFT JOIN LATERAL (
            SELECT * FROM orderlog.events e
            WHERE e.position > $1 ${endOfPage} AND ${MATCHES}
            ORDER BY e.position LIMIT $4) e ON true
          ORDER BY e.position`;
}

/** JSON stays text until the size of a page is known. */
const jsonAsText = {
  getTypeParser: (oid: number, format: 'text') =>
    oid === JSON_TYPE
      ? (text: string): string => text
      : (types.getTypeParser(oid, format) as (text: string) => unknown),
} as pg.CustomTypesConfig;

export class PostgresReader {
  constructor(private readonly pool: pg.Pool) {}

  async head(): Promise<Position> {
    const rows = await this.#query<{ head: number | null }>({
      name: 'log-head',
      text: 'SELECT max(position) AS head FROM orderlog.events',
    });
    return positionOf(BigInt(rows[0]?.head ?? 0));
  }

  async distance(from: Position, filter: Filter, cap: number): Promise<Distance> {
    const rows = await this.#query<Distance>({
      name: 'log-distance',
      text: `SELECT count(*) AS events, min(recorded_at) AS oldest FROM (
               SELECT e.recorded_at FROM orderlog.events e
               WHERE e.position > $1 AND ${MATCHES} ORDER BY e.position LIMIT $4) AS ahead`,
      values: [numberOf(from), filter.types ?? null, filter.streamPrefixes ?? null, cap],
    });
    return rows[0] as Distance;
  }

  /**
   * The next matching events after a place, and the place up to which that is all: both of one snapshot.
   * @param until the log ends here
   */
  async page(
    from: Position,
    filter: Filter | undefined,
    size: PageSize,
    most = Infinity,
    until?: Position,
  ): Promise<EventPage> {
    const limit = Math.min(size.next, most);
    const values = [numberOf(from), filter?.types ?? null, filter?.streamPrefixes ?? null, limit];
    // With an end it is planned anew each time: a plan made for a short log would sort all that is left of a long one.
    const query =
      until === undefined
        ? { name: 'log-page', text: pageText('', ''), values }
        : { text: pageText('AND position <= $5', 'AND e.position <= $5'), values: [...values, numberOf(until)] };
    const rows = await this.#query<Nullable<EventRow> & { readonly head: number }>(query);
    const head = positionOf(BigInt(rows[0]?.head ?? 0));
    const found = rows.filter((row): row is EventRow & { head: number } => row.position !== null);
    const full = found.length === limit;
    size.seen(found.length, lengthOf(found), full);
    const events = found.map(recorded);
    const scanned = full ? (events.at(-1) as RecordedEvent).position : head;
    return { events, position: scanned < from ? from : scanned, caughtUp: scanned >= head };
  }

  /** A page of each stream, in one query. */
  async streams(wishes: readonly StreamWish[]): Promise<StreamPage[]> {
    const rows = await this.#query<Nullable<EventRow> & { readonly n: number; readonly known: true | null }>({
      name: 'log-streams',
      text: `SELECT s.n, CASE WHEN e.position IS NOT NULL THEN true ELSE (
                      SELECT true FROM orderlog.events k WHERE k.stream = s.stream ORDER BY k.revision LIMIT 1
                    ) END AS known, ${COLUMNS}
             FROM unnest($1::text[], $2::bigint[], $3::int[]) WITH ORDINALITY AS s (stream, first, most, n)
             LEFT JOIN LATERAL (
               SELECT * FROM orderlog.events e WHERE e.stream = s.stream AND e.revision >= s.first
               ORDER BY e.revision LIMIT s.most) e ON true
             ORDER BY s.n, e.revision`,
      values: [wishes.map((wish) => wish.stream), wishes.map((wish) => wish.from), wishes.map((wish) => wish.limit)],
    });
    const pages = wishes.map((): { exists: boolean; events: RecordedEvent[] } => ({ exists: false, events: [] }));
    for (const row of rows) {
      const page = pages[row.n - 1] as { exists: boolean; events: RecordedEvent[] };
      page.exists = row.known === true;
      if (row.position !== null) page.events.push(recorded(row as EventRow));
    }
    return pages;
  }

  async #query<Row extends pg.QueryResultRow>(query: pg.QueryConfig): Promise<Row[]> {
    try {
      return (await this.pool.query<Row>({ ...query, types: jsonAsText })).rows;
    } catch (error) {
      if (!isUnavailable(error)) throw error;
      throw new EventStoreUnavailable(`the log can not be read: ${(error as Error).message}`, { cause: error });
    }
  }
}

function lengthOf(rows: readonly EventRow[]): number {
  return rows.reduce((sum, row) => sum + row.data.length + row.metadata.length, 0);
}

function recorded(row: EventRow): RecordedEvent {
  const { stream, revision, id, type, recorded_at: recordedAt } = row;
  const position = positionOf(BigInt(row.position));
  const data = JSON.parse(row.data) as JsonObject;
  const metadata = JSON.parse(row.metadata) as JsonObject;
  return { position, stream, revision, id, type, data, metadata, recordedAt };
}
