import type pg from 'pg';
import { Refusal } from '../core/errors.js';
import { type EventStore, type Position, START } from '../core/event-store.js';
import type { LogTimes } from '../core/log-times.js';
import { within } from './within.js';

/** Events between two entries: so many are read to find the exact position. */
const STEP = 1_000;
/** What has come since the last entry is read in less: so long is waited at least. */
const TAIL_MS = 1_000;

interface Entry {
  readonly position: Position;
  /** The latest time up to here. */
  readonly latest: string;
}

const NOTHING: Entry = { position: START, latest: '' };

/** How far this process has read: others' records after the last event are not read again for each question. */
interface Scanned {
  readonly to: Position;
  readonly last: Entry;
  /** Of the last event; null if there is none. */
  readonly id: string | null;
  readonly sinceEntry: number;
}

/**
 * For a log that has no index by time, and clocks that may go backwards: a sparse index of our own, of positions and the latest
 * recorded time up to each. It is made as far as the head when somebody asks for a time that it does not cover, and kept.
 */
export class IndexedTimes implements LogTimes {
  readonly #closing = new AbortController();
  #extending: Promise<void> | null = null;
  #scanned: Scanned | null = null;

  constructor(
    private readonly pool: pg.Pool,
    private readonly store: Pick<EventStore, 'readAll' | 'head' | 'holds'>,
    private readonly step = STEP,
  ) {}

  async positionAt(time: string, waitMs: number): Promise<Position | null> {
    if (!(await this.#covers(time))) await this.#extended(waitMs);
    // 1. The last entry that is not after the moment.
    const { signal } = this.#closing;
    const until = await this.store.head();
    const scanned = await this.#scannedBelow(until);
    const isAfter = scanned !== null && scanned.last.latest <= time;
    let { position, latest } = isAfter ? scanned.last : await this.#entry('where latest <= $1', [time]);
    // 2. From there event by event, up to the first that is.
    for await (const event of this.store.readAll({ from: isAfter ? scanned.to : position, until, signal })) {
      if (event.recordedAt > time) return position;
      position = event.position;
      if (event.recordedAt > latest) latest = event.recordedAt;
    }
    signal.throwIfAborted();
    return Date.parse(time) > Date.now() && time > latest ? null : position;
  }

  /** Makes the index as far as the head as it is then; what was made stays, whatever ends it. */
  async extend(): Promise<void> {
    const { signal } = this.#closing;
    const until = await this.store.head();
    const scanned = await this.#scannedBelow(until);
    let { position, latest } = scanned?.last ?? (await this.#entry('', []));
    let { id, sinceEntry } = scanned ?? { id: null, sinceEntry: 0 };
    for await (const event of this.store.readAll({ from: scanned?.to ?? position, until, signal })) {
      ({ position, id } = event);
      if (event.recordedAt > latest) latest = event.recordedAt;
      if (++sinceEntry < this.step) continue;
      sinceEntry = 0;
      // Another process may be at it as well: what it finds is the same.
      await this.pool.query(
        'insert into orderlog.log_times (position, latest) values ($1, $2) on conflict (position) do nothing',
        [position, latest],
      );
    }
    signal.throwIfAborted();
    this.#scanned = { to: until, last: { position, latest }, id, sinceEntry };
  }

  /** Null where the log is another since then: its server was set back to an older copy. */
  async #scannedBelow(head: Position): Promise<Scanned | null> {
    const scanned = this.#scanned;
    if (scanned === null || scanned.to > head) return null;
    return (await this.store.holds({ position: scanned.last.position, id: scanned.id })) ? scanned : null;
  }

  async close(): Promise<void> {
    this.#closing.abort(new Error('the process is about to end'));
    await this.#extending?.catch(() => undefined);
  }

  async #extended(waitMs: number): Promise<void> {
    this.#extending ??= this.extend().finally(() => (this.#extending = null));
    const extending = this.#extending;
    let over = false;
    const end = (): void => void (over = true);
    await within(Math.max(waitMs, TAIL_MS), extending.then(end, end));
    if (over) return extending;
    throw new Refusal('read-model-behind', 'The index of recorded times is being made up to now.');
  }

  async #covers(time: string): Promise<boolean> {
    const { rowCount } = await this.pool.query('select from orderlog.log_times where latest > $1 limit 1', [time]);
    return rowCount !== 0;
  }

  async #entry(condition: string, values: readonly string[]): Promise<Entry> {
    const { rows } = await this.pool.query<Entry>(
      `select position, latest from orderlog.log_times ${condition} order by position desc limit 1`,
      [...values],
    );
    return rows[0] ?? NOTHING;
  }
}

/** Its positions are those of another log. */
export async function deleteTimes(client: Pick<pg.ClientBase, 'query'>): Promise<void> {
  await client.query('delete from orderlog.log_times');
}
