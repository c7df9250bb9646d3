import type pg from 'pg';
import { StreamNotFound } from '../../core/errors.js';
import {
  type AppendResult,
  type BackPage,
  type Distance,
  type EventPage,
  type EventStore,
  type ExpectedRevision,
  type Mark,
  type Position,
  type ReadAllOptions,
  type ReadBackOptions,
  type ReadOptions,
  type ReadTo,
  type SubscribeOptions,
  type Subscription,
} from '../../core/event-store.js';
import type { NewEvent, RecordedEvent } from '../../core/message.js';
import { gather } from '../../postgres/gather.js';
import type { Connection } from '../../postgres/session.js';
import { idOfLog } from '../log-opened.js';
import { GIVE_UP_AFTER_MS, PostgresAppender } from './appender.js';
import { numberOf } from './position.js';
import { PostgresReader, type StreamPage, type StreamRequest } from './reader.js';
import { SharedPages } from './shared-pages.js';
import { follow } from './subscription.js';
import { RecentEvents } from '../recent-events.js';
import { RecentStreams } from '../recent-streams.js';
import { PostgresTail } from './tail.js';
import { unconnected } from '../unconnected.js';

const STREAM_PAGE = 500;
const PARALLEL_LOADS = 4;
const DEFAULT_SUBSCRIPTION_PAGE = 1_000;

/** The log in Postgres: one table, written through one function (docs/decisions/0001). */
export class PostgresEventStore implements EventStore {
  readonly kind = 'postgres';
  readonly #recent = new RecentEvents();
  readonly #streams = new RecentStreams();
  readonly #appender: PostgresAppender;
  readonly #tail: PostgresTail;
  readonly #reader: PostgresReader;
  readonly #pages: SharedPages;
  readonly #loadStream: (request: StreamRequest) => Promise<StreamPage>;
  readonly #closing = new AbortController();
  #logId: Promise<string> | null = null;

  /**
   * Reads go through the pool; appends and notifications have connections of their own.
   * @param options `giveUpAfterMs`: how long an append is tried while the database is away
   */
  constructor(pool: pg.Pool, connection: Connection, options: { readonly giveUpAfterMs?: number } = {}) {
    const { giveUpAfterMs = GIVE_UP_AFTER_MS } = options;
    const reader = new PostgresReader(pool);
    this.#reader = reader;
    this.#pages = new SharedPages((from, filter, size) => reader.page(from, filter, size));
    this.#loadStream = gather((requests) => reader.streams(requests), PARALLEL_LOADS);
    this.#tail = new PostgresTail(connection, async () => numberOf(await reader.head()));
    this.#appender = new PostgresAppender(connection, giveUpAfterMs, {
      onAppended: (range, events) => {
        this.#recent.add(events);
        this.#streams.add(events);
        this.#tail.announce(range);
      },
      onConflict: (stream) => this.#streams.forget(stream),
    });
  }

  logId(): Promise<string> {
    this.#logId ??= idOfLog(this).catch((error: unknown) => {
      this.#logId = null;
      throw error;
    });
    return this.#logId;
  }

  append(stream: string, events: readonly NewEvent[], expected: ExpectedRevision): Promise<AppendResult> {
    return this.#appender.append(stream, events, expected);
  }

  recent(stream: string): readonly RecordedEvent[] | null {
    return this.#streams.of(stream);
  }

  async *read(stream: string, options: ReadOptions = {}): AsyncGenerator<RecordedEvent> {
    const { limit: most = Infinity, signal } = options;
    let from = options.from ?? 0;
    const end = from + most;
    for (;;) {
      if (signal?.aborted) return;
      const limit = Math.min(end - from, STREAM_PAGE);
      const { exists, events, complete } = await this.#loadStream({ stream, from, limit });
      if (!exists) throw new StreamNotFound(stream);
      for (const event of events) {
        if (signal?.aborted) return;
        yield event;
      }
      from += events.length;
      if ((complete && events.length < limit) || from >= end) return;
    }
  }

  readAll(options: ReadAllOptions = {}): AsyncGenerator<RecordedEvent> {
    return this.#reader.all(options);
  }

  readBack(options: ReadBackOptions): Promise<BackPage> {
    return this.#reader.back(options);
  }

  subscribe(options: SubscribeOptions): Subscription {
    return unconnected(this.#follow(options));
  }

  head(): Promise<Position> {
    return this.#reader.head();
  }

  async *#follow(options: SubscribeOptions): AsyncGenerator<EventPage> {
    const { from, filter, pageSize = DEFAULT_SUBSCRIPTION_PAGE } = options;
    const signal = AbortSignal.any([options.signal, this.#closing.signal]);
    const walker = this.#pages.join(from, filter, pageSize);
    const readPage = async (at: Position): Promise<EventPage> => {
      walker.goTo(at);
      return this.#recent.page(at, filter, pageSize) ?? (await walker.page(at));
    };
    try {
      yield* follow(this.#tail, { ...options, signal }, readPage);
    } finally {
      walker.leave();
    }
  }

  /** The log is in the database that its read models are in: restored, both are of one moment. */
  async holds({ position }: Mark): Promise<boolean> {
    return position <= (await this.head());
  }

  distances(read: readonly ReadTo[], cap: number): Promise<Distance[]> {
    return Promise.all(read.map(({ position, filter }) => this.#reader.distance(position, filter, cap)));
  }

  /** Ends the subscriptions, finishes the appends that are under way and leaves the server; the pool is its owner's. */
  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.all([this.#appender.close(), this.#tail.close()]);
  }
}
