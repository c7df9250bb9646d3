import type { EventStoreDBClient } from '@eventstore/db-client';
import { EventStoreUnavailable } from '../../core/errors.js';
import {
  type AppendOptions,
  type AppendResult,
  type EventStore,
  type ExpectedRevision,
  type Filter,
  type Position,
  type ReadAllOptions,
  type ReadOptions,
  START,
  type SubscribeOptions,
  type Subscription,
} from '../../core/event-store.js';
import type { NewEvent, RecordedEvent } from '../../core/message.js';
import { Appender } from './eventstoredb-appender.js';
import { Clients } from './eventstoredb-clients.js';
import { explain, refusalOf } from './eventstoredb-errors.js';
import { Reader } from './eventstoredb-reader.js';
import { SupervisedSubscription } from './eventstoredb-subscription.js';
import { idOfLog } from './log-opened.js';

/** How long an append of unknown outcome, or a call that finds no server, is tried again. */
export const GIVE_UP_AFTER_MS = 10_000;

export interface EventStoreDbOptions {
  readonly giveUpAfterMs?: number;
  /** Is told of drops, and of what the client did wrong; never of credentials. */
  readonly complain?: (error: unknown) => void;
}

/** The log in EventStoreDB, one node or a cluster (docs/decisions/0009). */
export class EventStoreDb implements EventStore {
  readonly kind = 'eventstoredb';
  readonly #clients: Clients;
  readonly #reader: Reader;
  readonly #appender: Appender;
  readonly #complain: (error: unknown) => void;
  readonly #closing = new AbortController();
  #logId: Promise<string> | null = null;

  /** @param url as the client takes it, esdb:// or esdb+discover:// */
  constructor(url: string, options: EventStoreDbOptions = {}) {
    const { giveUpAfterMs = GIVE_UP_AFTER_MS, complain = () => undefined } = options;
    this.#complain = complain;
    this.#clients = new Clients(url, complain);
    this.#reader = new Reader(this.#clients, giveUpAfterMs);
    this.#appender = new Appender(this.#clients, this.#reader, giveUpAfterMs);
  }

  logId(): Promise<string> {
    this.#logId ??= idOfLog(this).catch((error: unknown) => {
      this.#logId = null;
      throw error;
    });
    return this.#logId;
  }

  append(
    stream: string,
    events: readonly NewEvent[],
    expected: ExpectedRevision,
    options?: AppendOptions,
  ): Promise<AppendResult> {
    return this.#appender.append(stream, events, expected, options);
  }

  read(stream: string, options: ReadOptions = {}): AsyncGenerator<RecordedEvent> {
    const { from = 0, limit = Number.MAX_SAFE_INTEGER, signal } = options;
    return this.#reader.stream({ stream, from, limit, signal });
  }

  async *readAll(options: ReadAllOptions = {}): AsyncGenerator<RecordedEvent> {
    const { from = START, until, filter, limit = Infinity, signal } = options;
    let left = limit;
    if (left <= 0) return;
    for await (const event of this.#reader.all({ from, until, signal }, filter)) {
      yield event;
      if (--left <= 0) return;
    }
  }

  subscribe(options: SubscribeOptions): Subscription {
    const signal = AbortSignal.any([options.signal, this.#closing.signal]);
    const sources = { clients: this.#clients, reader: this.#reader, complain: this.#complain };
    return new SupervisedSubscription(sources, { ...options, signal });
  }

  head(): Promise<Position> {
    return this.#reader.head();
  }

  async distance(from: Position, filter: Filter, cap: number): Promise<{ events: number; oldest: string | null }> {
    let events = 0;
    let oldest: string | null = null;
    for await (const { recordedAt } of this.readAll({ from, filter, limit: cap })) {
      oldest ??= recordedAt;
      events++;
    }
    return { events, oldest };
  }

  /** Ends the subscriptions, waits a moment for the appends that are under way, and leaves the server. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#appender.close();
    await this.#clients.close();
  }

  /** What the server calls its version. @throws EventStoreUnavailable */
  async version(): Promise<string> {
    const client = this.#clients.shared();
    try {
      const { serverVersion } = await (client as unknown as Versioned).capabilities;
      return serverVersion;
    } catch (error) {
      throw refusalOf(error, '$all') ?? new EventStoreUnavailable(explain(error), { cause: error });
    }
  }
}

/** Protected in the client. */
type Versioned = Pick<EventStoreDBClient, never> & {
  readonly capabilities: Promise<{ readonly serverVersion: string }>;
};
