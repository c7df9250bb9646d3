import { setTimeout as sleep } from 'node:timers/promises';
import type { EventStoreDBClient } from '@eventstore/db-client';
import { EventStoreUnavailable, LogReplaced } from '../../core/errors.js';
import {
  type AppendOptions,
  type AppendResult,
  type BackPage,
  type Distance,
  type EventStore,
  type ExpectedRevision,
  type Filter,
  type Mark,
  matches,
  type Position,
  type ReadAllOptions,
  type ReadBackOptions,
  type ReadOptions,
  type ReadTo,
  START,
  type SubscribeOptions,
  type Subscription,
} from '../../core/event-store.js';
import type { NewEvent, RecordedEvent } from '../../core/message.js';
import { ANSWER_TIMEOUT_MS, answered } from './answer.js';
import { Appender } from './appender.js';
import { Clients } from './clients.js';
import { explain, isPassing, refusalOf } from './errors.js';
import { readBack } from './reading-back.js';
import { Reader } from './reader.js';
import { SupervisedSubscription } from './subscription.js';
import { idOfLog } from '../log-opened.js';

/** How long an append of unknown outcome, or a call that finds no server, is tried again. */
const GIVE_UP_AFTER_MS = 10_000;

export interface EventStoreDbOptions {
  readonly giveUpAfterMs?: number;
  /** Is told of drops, and of what the client did wrong; never of credentials. */
  readonly complain?: (error: unknown) => void;
}

/** How long an opening waits for a server that is not there yet. */
const OPEN_TIMEOUT_MS = 5_000;
const OPEN_PAUSE_MS = 250;
const OLDEST = [22, 10] as const;

/**
 * Opens the log at a server, once that has said what it is.
 * @param url as the client takes it, esdb:// or esdb+discover://
 * @throws EventStoreUnavailable, which says what is wrong and what to do
 */
export async function openEventStoreDb(url: string, options: EventStoreDbOptions = {}): Promise<EventStoreDb> {
  const store = new EventStoreDb(url, options);
  try {
    const version = await patiently(() => store.version());
    const [major = 0, minor = 0] = version.split('.').map(Number);
    const isOld =
      version === UNKNOWN || (major > 0 && (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1])));
    if (isOld) {
      const older = version === UNKNOWN ? 'a version that it does not tell' : version;
      throw new EventStoreUnavailable(
        `the server at EVENTSTORE_URL is ${older}: ${OLDEST.join('.')} or newer is needed`,
      );
    }
    // Its version it tells everybody: who may read is seen by reading.
    await store.head();
    return store;
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** A server that says no stays with it; one that is not there may come. */
async function patiently<T>(ask: () => Promise<T>): Promise<T> {
  for (const end = Date.now() + OPEN_TIMEOUT_MS; ; await sleep(OPEN_PAUSE_MS)) {
    try {
      return await ask();
    } catch (error) {
      if (!isPassing(error) || Date.now() > end) throw error;
    }
  }
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

  /** An append does not tell when its events were recorded. */
  recent(): null {
    return null;
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

  readBack(options: ReadBackOptions): Promise<BackPage> {
    return readBack(this.#reader, options);
  }

  subscribe(options: SubscribeOptions): Subscription {
    const signal = AbortSignal.any([options.signal, this.#closing.signal]);
    const sources = { clients: this.#clients, reader: this.#reader, complain: this.#complain };
    return new SupervisedSubscription(sources, { ...options, signal });
  }

  head(): Promise<Position> {
    return this.#reader.head();
  }

  holds(mark: Mark): Promise<boolean> {
    return this.#reader.holds(mark);
  }

  /** In one pass for all of them, from the first position on. */
  async distances(read: readonly ReadTo[], cap: number, signal?: AbortSignal): Promise<Distance[]> {
    const counts = read.map((of) => ({ of, events: 0, oldest: null as string | null }));
    const head = await this.#reader.head();
    let open = counts.filter(({ of }) => of.position < head);
    const from = open.map(({ of }) => of.position).sort()[0];
    if (from !== undefined && cap > 0) {
      const filter = anyOf(open.map(({ of }) => of.filter));
      try {
        for await (const event of this.readAll({ from, until: head, filter, ...(signal && { signal }) })) {
          for (const count of open) {
            if (event.position <= count.of.position || !matches(event, count.of.filter)) continue;
            count.oldest ??= event.recordedAt;
            if (++count.events >= cap) open = open.filter((one) => one !== count);
          }
          if (open.length === 0) break;
        }
      } catch (error) {
        // Positions of a lost history are not behind anything.
        if (!(error instanceof LogReplaced)) throw error;
      }
    }
    return counts.map(({ events, oldest }) => ({ events, oldest }));
  }

  /** Ends the subscriptions, waits a moment for the appends that are under way, and leaves the server. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#appender.close();
    await this.#clients.close();
  }

  /** What the server calls its version, `unknown` if it does not say. @throws EventStoreUnavailable */
  async version(): Promise<string> {
    const client = this.#clients.shared();
    try {
      const { serverVersion } = await answered((client as unknown as Versioned).capabilities, ANSWER_TIMEOUT_MS);
      return serverVersion;
    } catch (error) {
      this.#clients.discard(client);
      const reason = `the server at EVENTSTORE_URL can not be used: ${explain(error)}`;
      throw refusalOf(error, '$all') ?? new EventStoreUnavailable(reason, { cause: error });
    }
  }
}

/** What passes one of these filters passes this one. */
function anyOf(filters: readonly Filter[]): Filter {
  const all = <T>(lists: readonly (readonly T[] | undefined)[]): T[] | null =>
    lists.includes(undefined) ? null : [...new Set(lists.flatMap((list) => list ?? []))];
  const streamPrefixes = all(filters.map((filter) => filter.streamPrefixes));
  const types = all(filters.map((filter) => filter.types));
  return { ...(streamPrefixes && { streamPrefixes }), ...(types && { types }) };
}

const UNKNOWN = 'unknown';

/** Protected in the client. */
type Versioned = Pick<EventStoreDBClient, never> & {
  readonly capabilities: Promise<{ readonly serverVersion: string }>;
};
