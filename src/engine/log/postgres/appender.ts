/** The write half of the Postgres log: appends that wait at the same moment go to the server together. */
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { APPEND_GROUP_BYTES } from '../../core/budgets.js';
import { EventStoreUnavailable, WrongExpectedRevision } from '../../core/errors.js';
import type { AppendResult, ExpectedRevision } from '../../core/event-store.js';
import type { NewEvent } from '../../core/message.js';
import { streamCategory } from '../../core/stream.js';
import { isUnavailable } from '../../postgres/errors.js';
import { type Connection, sessionTo } from '../../postgres/session.js';
import { plainArray, textArray } from '../../postgres/text-array.js';
import { serialized } from '../event-size.js';
import { positionOf } from './position.js';
import type { Range } from './tail.js';
import type { AppendedEvent } from '../recent-events.js';
import { within } from '../within.js';

/** Most appends of a group. */
const MAX_APPENDS = 512;
/**
 * Under load, those whose appends have just been committed often come again at once. If others wait already, the next group waits for
 * them, so long for each and no longer than that: one commit then does for all.
 */
const RETURN_MS = 0.2;
const LONGEST_RETURN_MS = 3;

/** How long an append of unknown outcome, or one that finds no database, is tried again. */
export const GIVE_UP_AFTER_MS = 10_000;
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 1_000;

/** How long closing waits for what is under way. */
const CLOSE_TIMEOUT_MS = 700;
const LAST_WORD_MS = 100;

interface Session {
  readonly client: pg.Client;
  readonly ready: Promise<pg.Client>;
}

interface Waiting {
  readonly stream: string;
  readonly expected: ExpectedRevision;
  readonly events: readonly SerializedEvent[];
  readonly bytes: number;
  readonly since: number;
  readonly resolve: (result: AppendResult) => void;
  readonly reject: (error: unknown) => void;
}

interface SerializedEvent {
  readonly id: string;
  readonly type: string;
  readonly data: string;
  readonly metadata: string;
}

/** Of one append, counted from 1; or of all of them, which then are as they were asked for. */
interface OutcomeRow {
  readonly append: number;
  readonly outcome: 'all' | 'appended' | 'repeated' | 'conflict';
  readonly last_revision: number;
  readonly last_position: number | null;
  readonly recorded: string | null;
}

/** What the appender tells its store. */
interface AppenderEvents {
  onAppended(range: Range, events: readonly AppendedEvent[]): void;
  /** The stream is not as an append expected it. */
  onConflict(stream: string): void;
}

const APPEND = {
  name: 'append-events',
  text: 'SELECT * FROM orderlog.append_events($1::text[], $2::bigint[], $3::int[], $4::uuid[], $5::text[], $6::text[], $7::text[])',
};

export class PostgresAppender {
  #queue: Waiting[] = [];
  #session: Session | null = null;
  #running: Promise<void> | null = null;
  /** As soon as so many wait, the group is whole. */
  #awaited = Infinity;
  #goOn: () => void = () => undefined;
  #closed = false;
  #cutOff = false;

  constructor(
    private readonly connection: Connection,
    private readonly giveUpAfterMs: number,
    private readonly told: AppenderEvents,
  ) {}

  append(stream: string, events: readonly NewEvent[], expected: ExpectedRevision): Promise<AppendResult> {
    return new Promise((resolve, reject) => {
      if (this.#closed) throw new EventStoreUnavailable('the log is closed');
      if (events.length === 0) throw new TypeError('an append has at least one event');
      const rows = events.map((event) => ({ id: event.id, type: event.type, ...serialized(stream, event) }));
      const bytes = rows.reduce((sum, row) => sum + row.data.length + row.metadata.length, 0);
      this.#queue.push({ stream, expected, events: rows, bytes, since: Date.now(), resolve, reject });
      this.#running ??= this.#run();
      if (this.#queue.length >= this.#awaited) this.#goOn();
    });
  }

  /** Appends under way are finished if that is quick; then the connection is closed. */
  async close(): Promise<void> {
    this.#closed = true;
    await within(CLOSE_TIMEOUT_MS, this.#running);
    this.#cutOff = true;
    await within(LAST_WORD_MS, this.#disconnect());
  }

  async #run(): Promise<void> {
    // One turn of the event loop, so that the commands of one turn go together.
    await turn();
    while (this.#queue.length > 0) {
      const group = this.#take();
      await this.#group(group);
      await this.#return(group.length);
    }
    this.#running = null;
  }

  /** Waits for the next appends of those that were answered. */
  async #return(answered: number): Promise<void> {
    const ms = Math.min(Math.round(answered * RETURN_MS), LONGEST_RETURN_MS);
    if (this.#queue.length === 0 || ms === 0) return;
    this.#awaited = this.#queue.length + answered;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#goOn = (): void => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#awaited = Infinity;
  }

  /** The next group: in the order of arrival, at most one append of a stream. */
  #take(): Waiting[] {
    const group: Waiting[] = [];
    const later: Waiting[] = [];
    const streams = new Set<string>();
    let bytes = 0;
    for (const waiting of this.#queue) {
      const fits = group.length === 0 || (group.length < MAX_APPENDS && bytes + waiting.bytes <= APPEND_GROUP_BYTES);
      if (fits && !streams.has(waiting.stream)) {
        group.push(waiting);
        bytes += waiting.bytes;
      } else later.push(waiting);
      streams.add(waiting.stream);
    }
    this.#queue = later;
    return group;
  }

  async #group(group: readonly Waiting[]): Promise<void> {
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
      try {
        this.#settle(group, await this.#send(group));
        return;
      } catch (error) {
        if (!isUnavailable(error) && !this.#cutOff) {
          // Something in the group is wrong in itself: each alone, so that it is nobody else's error.
          if (group.length === 1) group[0]?.reject(error);
          else for (const waiting of group) await this.#group([waiting]);
          return;
        }
        void this.#disconnect();
        // The outcome is unknown. The same ids at the same place again add nothing, so it is safe to repeat.
        const oldest = Math.min(...group.map((waiting) => waiting.since));
        if (this.#closed || Date.now() - oldest + pause > this.giveUpAfterMs) {
          const text = error instanceof Error ? error.message : String(error);
          const unavailable = new EventStoreUnavailable(`the log can not be reached: ${text}`, { cause: error });
          for (const waiting of group) waiting.reject(unavailable);
          return;
        }
        await sleep(pause * (0.5 + Math.random() / 2));
      }
    }
  }

  async #send(group: readonly Waiting[]): Promise<OutcomeRow[]> {
    const client = await this.#connected();
    const events = group.flatMap((waiting) => waiting.events);
    const { rows } = await client.query<OutcomeRow>({
      values: [
        textArray(group.map((waiting) => waiting.stream)),
        plainArray(group.map(({ expected }) => (expected === 'any' ? null : expected === 'none' ? -1 : expected))),
        plainArray(group.flatMap((waiting, i) => waiting.events.map(() => i + 1))),
        plainArray(events.map((event) => event.id)),
        textArray(events.map((event) => event.type)),
        textArray(events.map((event) => event.data)),
        textArray(events.map((event) => event.metadata)),
      ],
      ...APPEND,
    });
    const [first] = rows;
    return first?.outcome === 'all' ? outcomesOf(group, first) : rows;
  }

  #settle(group: readonly Waiting[], rows: readonly OutcomeRow[]): void {
    const categories = new Set<string>();
    const appended: AppendedEvent[] = [];
    for (const row of rows) {
      const { stream, expected, events, resolve, reject } = group[row.append - 1] as Waiting;
      if (row.outcome === 'conflict' || row.last_position === null || row.recorded === null) {
        this.told.onConflict(stream);
        reject(new WrongExpectedRevision(stream, expected, row.last_revision < 0 ? 'none' : row.last_revision));
        continue;
      }
      const end = BigInt(row.last_position);
      const start = end - BigInt(events.length) + 1n;
      const recordedAt = row.recorded;
      if (row.outcome === 'appended') {
        const firstRevision = row.last_revision - events.length + 1;
        categories.add(streamCategory(stream));
        for (const [i, { id, type, data, metadata }] of events.entries()) {
          const at = { position: start + BigInt(i), stream, revision: firstRevision + i } as const;
          appended.push({ id, type, data, metadata, recordedAt, ...at });
        }
      }
      const repeated = row.outcome === 'repeated';
      resolve({ revision: row.last_revision, position: positionOf(end), repeated });
    }
    const [first] = appended;
    const last = appended.at(-1);
    if (first && last) this.told.onAppended({ first: first.position, last: last.position, categories }, appended);
  }

  #connected(): Promise<pg.Client> {
    if (this.#cutOff) throw new EventStoreUnavailable('the log is closed');
    this.#session ??= this.#connect();
    return this.#session.ready;
  }

  #connect(): Session {
    const client = sessionTo(this.connection, { kind: 'append', applicationName: 'orderlog-appender' });
    const session = { client, ready: client.connect().then(() => client) };
    const drop = (): void => {
      if (this.#session === session) this.#session = null;
    };
    client.on('error', drop);
    client.on('end', drop);
    return session;
  }

  /** Leaves the connection, whatever is under way on it. */
  async #disconnect(): Promise<void> {
    const session = this.#session;
    this.#session = null;
    await session?.client.end().catch(() => undefined);
  }
}

/** What the one row that stands for a whole group says of each of its appends. */
function outcomesOf(group: readonly Waiting[], { last_position, recorded }: OutcomeRow): OutcomeRow[] {
  const total = group.reduce((sum, { events }) => sum + events.length, 0);
  let position = Number(last_position) - total;
  return group.map(({ expected, events }, i) => {
    position += events.length;
    const before = typeof expected === 'number' ? expected : -1;
    const last_revision = before + events.length;
    return { append: i + 1, outcome: 'appended', last_revision, last_position: position, recorded };
  });
}
