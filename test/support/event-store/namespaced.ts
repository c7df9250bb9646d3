import {
  type AppendOptions,
  type AppendResult,
  type BackPage,
  type EventPage,
  type Distance,
  type EventStore,
  type ExpectedRevision,
  type Filter,
  type Mark,
  type Position,
  type ReadAllOptions,
  type ReadBackOptions,
  type ReadOptions,
  type ReadTo,
  type SubscribeOptions,
  type Subscription,
} from '../../../src/engine/core/event-store.js';
import { StreamNotFound, WrongExpectedRevision } from '../../../src/engine/core/errors.js';
import type { NewEvent, RecordedEvent } from '../../../src/engine/core/message.js';
import { idOfLog } from '../../../src/engine/log/log-opened.js';

/**
 * A log of a test's own on a server that others use too: its streams bear a prefix, and what does not bear it is not seen.
 * The place that everything before it is others' is still a place of the server's log.
 */
export class Namespaced implements EventStore {
  constructor(
    private readonly inner: EventStore,
    private readonly prefix: string,
  ) {}

  get kind(): EventStore['kind'] {
    return this.inner.kind;
  }

  logId(): Promise<string> {
    return idOfLog(this);
  }

  append(
    stream: string,
    events: readonly NewEvent[],
    expected: ExpectedRevision,
    options?: AppendOptions,
  ): Promise<AppendResult> {
    return this.inner.append(this.prefix + stream, events, expected, options).catch((error: unknown) => {
      throw this.#stripped(error);
    });
  }

  recent(stream: string): readonly RecordedEvent[] | null {
    return this.inner.recent(this.prefix + stream)?.map((event) => this.#strip(event)) ?? null;
  }

  async *read(stream: string, options?: ReadOptions): AsyncGenerator<RecordedEvent> {
    try {
      for await (const event of this.inner.read(this.prefix + stream, options)) yield this.#strip(event);
    } catch (error) {
      throw this.#stripped(error);
    }
  }

  async *readAll(options: ReadAllOptions = {}): AsyncGenerator<RecordedEvent> {
    const filter = this.#within(options.filter);
    for await (const event of this.inner.readAll({ ...options, filter })) yield this.#strip(event);
  }

  async readBack(options: ReadBackOptions): Promise<BackPage> {
    const stream = options.stream === undefined ? {} : { stream: this.prefix + options.stream };
    const page = await this.inner.readBack({ ...options, ...stream, filter: this.#within(options.filter) });
    return { ...page, events: page.events.map((event) => this.#strip(event)) };
  }

  subscribe(options: SubscribeOptions): Subscription {
    const subscription = this.inner.subscribe({ ...options, filter: this.#within(options.filter) });
    const strip = (event: RecordedEvent): RecordedEvent => this.#strip(event);
    async function* pages(): AsyncGenerator<EventPage> {
      for await (const page of subscription) yield { ...page, events: page.events.map(strip) };
    }
    return {
      [Symbol.asyncIterator]: pages,
      reach: (position) => subscription.reach(position),
      state: () => subscription.state(),
    };
  }

  head(): Promise<Position> {
    return this.inner.head();
  }

  holds(mark: Mark): Promise<boolean> {
    return this.inner.holds(mark);
  }

  distances(read: readonly ReadTo[], cap: number, signal?: AbortSignal): Promise<Distance[]> {
    const within = read.map(({ position, filter }) => ({ position, filter: this.#within(filter) }));
    return this.inner.distances(within, cap, signal);
  }

  close(): Promise<void> {
    return this.inner.close();
  }

  #within(filter: Filter = {}): Filter {
    return { ...filter, streamPrefixes: (filter.streamPrefixes ?? ['']).map((prefix) => this.prefix + prefix) };
  }

  #strip(event: RecordedEvent): RecordedEvent {
    return { ...event, stream: event.stream.slice(this.prefix.length) };
  }

  #stripped(error: unknown): unknown {
    const name = (stream: string): string => stream.slice(this.prefix.length);
    if (error instanceof StreamNotFound) return new StreamNotFound(name(error.stream));
    if (!(error instanceof WrongExpectedRevision)) return error;
    return new WrongExpectedRevision(name(error.stream), error.expected, error.actual);
  }
}
