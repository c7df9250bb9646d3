/** The SELECTs on the Postgres log. */
import type pg from 'pg';
import { PAGE_BYTES } from '../../core/budgets.js';
import { EventStoreUnavailable } from '../../core/errors.js';
import {
  type BackPage,
  type Distance,
  type EventPage,
  type Filter,
  type Position,
  type ReadAllOptions,
  type ReadBackOptions,
  START,
} from '../../core/event-store.js';
import type { RecordedEvent } from '../../core/message.js';
import { isUnavailable } from '../../postgres/errors.js';
import { types } from '../../postgres/types.js';
import { COLUMNS, type EventRow, FITS, LENGTH, MATCHES, type Nullable, recorded } from './event-rows.js';
import { EVENTS } from './log-table.js';
import { numberOf, positionOf } from './position.js';
import { readBack } from './reading-back.js';

const FIRST_PAGE = 100;
const ALL_PAGE = 2_000;
const GROWTH = 4;

export interface StreamRequest {
  readonly stream: string;
  /** First revision. */
  readonly from: number;
  readonly limit: number;
}

export interface StreamPage {
  readonly exists: boolean;
  readonly events: readonly RecordedEvent[];
  /** False: the bytes of the page ran out, and the rest must be asked for. */
  readonly complete: boolean;
}

/**
 * How many events the server looks at for the next page: more as long as there is more to read, fewer when they are large. It only
 * saves work. The bound itself is in the query.
 */
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

const JSON_TYPE = 114;

function pageText(endOfLog: string, endOfPage: string): string {
  return `SELECT h.head, ${COLUMNS}
          FROM (SELECT coalesce(max(position), 0) AS head FROM ${EVENTS} WHERE true ${endOfLog}) h
          LEFT JOIN LATERAL (
            SELECT * FROM (
              SELECT e.*, sum(length) OVER (ORDER BY e.position ROWS UNBOUNDED PRECEDING) AS bytes FROM (
                SELECT e.*, ${LENGTH} AS length FROM ${EVENTS} e
                WHERE e.position > $1 ${endOfPage} AND ${MATCHES}
                ORDER BY e.position LIMIT $4) e) e
            WHERE ${FITS}) e ON true
          ORDER BY e.position`;
}

/**
 * Halves the log until one position is left: the answer is always in [low, high]. Positions have no gap and times never run
 * backwards along them (migrations/baseline/log.ts), so this needs no index but the primary key, and one round trip.
 */
const BISECT = `
  with recursive ends as (
    select coalesce(max(position), 0) as head from ${EVENTS}
  ), half (low, high) as (
    select 0::bigint, ends.head from ends
    union all
    select case when m.before then m.middle else m.low end, case when m.before then m.high else m.middle - 1 end
    from (
      select b.low, b.high, b.middle,
        (select e.recorded_at from ${EVENTS} e where e.position = b.middle) <= $1::timestamptz as before
      from (select low, high, (low + high + 1) / 2 as middle from half where low < high) b
    ) m
  )
  select half.low as position,
    $1::timestamptz > greatest(clock_timestamp(),
      (select e.recorded_at from ${EVENTS} e where e.position = ends.head)) as beyond
  from half, ends where half.low >= half.high`;

/** JSON stays text until the size of a page is known. */
const jsonAsText = {
  getTypeParser: (oid: number, format: 'text') =>
    oid === JSON_TYPE
      ? (text: string): string => text
      : (types.getTypeParser(oid, format) as (text: string) => unknown),
} as pg.CustomTypesConfig;

export class PostgresReader {
  /** @param db a pool, or a client in whose transaction the log is read */
  constructor(private readonly db: Pick<pg.Pool | pg.ClientBase, 'query'>) {}

  async head(): Promise<Position> {
    const rows = await this.#query<{ head: number | null }>({
      name: 'log-head',
      text: `SELECT max(position) AS head FROM ${EVENTS}`,
    });
    return positionOf(BigInt(rows[0]?.head ?? 0));
  }

  async distance(from: Position, filter: Filter, cap: number): Promise<Distance> {
    const rows = await this.#query<Distance>({
      name: 'log-distance',
      text: `SELECT count(*) AS events, min(recorded_at) AS oldest FROM (
               SELECT e.recorded_at FROM ${EVENTS} e
               WHERE e.position > $1 AND ${MATCHES} ORDER BY e.position LIMIT $4) AS ahead`,
      values: [numberOf(from), filter.types ?? null, filter.streamPrefixes ?? null, cap],
    });
    return rows[0] as Distance;
  }

  /**
   * The next matching events after a position, and the position up to which that is all: both of one snapshot.
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
    // With an end it is planned again each time: a plan made for a short log would sort all that is left of a long one.
    const query =
      until === undefined
        ? { name: 'log-page', text: pageText('', ''), values }
        : { text: pageText('AND position <= $5', 'AND e.position <= $5'), values: [...values, numberOf(until)] };
    const rows = await this.#query<Nullable<EventRow> & { readonly head: number }>(query);
    const head = positionOf(BigInt(rows[0]?.head ?? 0));
    const found = rows.filter((row): row is EventRow & { head: number } => row.position !== null);
    const bytes = found.at(-1)?.bytes ?? 0;
    const full = found.length === limit || bytes >= PAGE_BYTES;
    size.seen(found.length, bytes, found.length === limit);
    const events = found.map(recorded);
    const scanned = full ? (events.at(-1) as RecordedEvent).position : head;
    return { events, position: scanned < from ? from : scanned, caughtUp: scanned >= head };
  }

  /** All matching events, page by page. */
  async *all(options: ReadAllOptions = {}): AsyncGenerator<RecordedEvent> {
    const { until, filter, limit: most = Infinity, signal } = options;
    const size = new PageSize(ALL_PAGE);
    let from = options.from ?? START;
    let left = most;
    while (left > 0 && !signal?.aborted) {
      const page = await this.page(from, filter, size, left, until);
      for (const event of page.events) {
        if (signal?.aborted) return;
        yield event;
      }
      left -= page.events.length;
      from = page.position;
      if (page.caughtUp) return;
    }
  }

  back(options: ReadBackOptions): Promise<BackPage> {
    return readBack((query) => this.#query(query), options);
  }

  /** A page of each stream, in one query. All pages together have the bytes of one: those behind it are empty, and not complete. */
  async streams(requests: readonly StreamRequest[]): Promise<StreamPage[]> {
    const rows = await this.#query<Nullable<EventRow> & { readonly n: number; readonly known: true | null }>({
      name: 'log-streams',
      text: `SELECT e.n, CASE WHEN e.position IS NOT NULL THEN true ELSE (
                      SELECT true FROM ${EVENTS} k WHERE k.stream = e.wanted ORDER BY k.revision LIMIT 1
                    ) END AS known, ${COLUMNS}
             FROM (
               SELECT s.n, s.stream AS wanted, e.*,
                 coalesce(sum(e.length) OVER (ORDER BY s.n, e.revision ROWS UNBOUNDED PRECEDING), 0) AS bytes
               FROM unnest($1::text[], $2::bigint[], $3::int[]) WITH ORDINALITY AS s (stream, first, most, n)
               LEFT JOIN LATERAL (
                 SELECT e.*, ${LENGTH} AS length FROM ${EVENTS} e
                 WHERE e.stream = s.stream AND e.revision >= s.first
                 ORDER BY e.revision LIMIT s.most) e ON true) e
             WHERE ${FITS}
             ORDER BY e.n, e.revision`,
      values: [
        requests.map((request) => request.stream),
        requests.map((request) => request.from),
        requests.map((request) => request.limit),
      ],
    });
    // Nothing is known of the streams that have no row: the bytes ran out before them.
    const last = rows.at(-1);
    const end = (last?.bytes ?? 0) < PAGE_BYTES ? Infinity : (last?.n ?? 0);
    const pages = requests.map((_, i) => ({
      exists: i + 1 > end,
      events: [] as RecordedEvent[],
      complete: i + 1 < end,
    }));
    for (const row of rows) {
      const page = pages[row.n - 1] as (typeof pages)[number];
      page.exists = row.known === true;
      if (row.position !== null) page.events.push(recorded(row as EventRow));
    }
    return pages;
  }

  /** The last event up to a time, by the clock of the database, which is the one of its log. Null: the time is yet to come. */
  async positionAt(time: string): Promise<Position | null> {
    const [found] = await this.#query<{ position: number; beyond: boolean }>({
      name: 'log-times-bisect',
      text: BISECT,
      values: [time],
    });
    return !found || found.beyond ? null : positionOf(BigInt(found.position));
  }

  async #query<Row extends pg.QueryResultRow>(query: pg.QueryConfig): Promise<Row[]> {
    try {
      return (await this.db.query<Row>({ types: jsonAsText, ...query })).rows;
    } catch (error) {
      if (!isUnavailable(error)) throw error;
      throw new EventStoreUnavailable(`the log can not be read: ${(error as Error).message}`, { cause: error });
    }
  }
}
