/** The reads of EventStoreDB: of streams and of $all, each with a deadline of its own, taken up again where they broke off. */
import type { AllStreamResolvedEvent, EventStoreDBClient, ResolvedEvent } from '@eventstore/db-client';
import { BACKWARDS, END, START as FIRST } from '@eventstore/db-client';
import { setTimeout as sleep } from 'node:timers/promises';
import { EventStoreUnavailable, LogReplaced, StreamNotFound } from '../../core/errors.js';
import { type Filter, type Mark, type Position, START } from '../../core/event-store.js';
import type { RecordedEvent } from '../../core/message.js';
import { Attempt } from './attempt.js';
import type { Clients } from './clients.js';
import { explain, refusalOf } from './errors.js';
import { passes, logPositionOf, recordedFrom } from './event.js';
import { emptied, Inbox } from './inbox.js';
import { pairOf, positionOf } from './position.js';

const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 1_000;
/** Behind so many records, a way of so many bytes of the log is worth a filter by the server. */
const NEAR = 1_000;
const FAR_BYTES = 4n * 1024n * 1024n;
/** If the filter gives nothing for so long, the rest is read without it. */
const FAR_PATIENCE_MS = 1_500;
/** Events that wait in the buffer of a read. */
const BUFFER = 512;

export interface ReadRequest {
  readonly stream: string;
  readonly from: number;
  readonly limit: number;
  readonly signal?: AbortSignal | undefined;
  /** Where the caller's patience ends sooner. */
  readonly giveUpAt?: number;
}

export interface ScanRequest {
  /** After this position. */
  readonly from: Position;
  readonly until?: Position | undefined;
  readonly limit?: number;
  readonly signal?: AbortSignal | undefined;
}

/** What lies after a position, looked through without the server's filter. */
export interface Tail {
  /** Everything up to here was looked at. */
  readonly position: Position;
  /** The first that matches, where there is one. */
  readonly match: Position | null;
  /** The end of the log was reached. */
  readonly ended: boolean;
  /** The last record that was looked at, where there was one. */
  readonly mark: Mark | null;
}

export interface Located {
  readonly record: NonNullable<AllStreamResolvedEvent['event']>;
  readonly position: Position;
}

export class Reader {
  constructor(
    private readonly clients: Clients,
    /** How long a read is tried while the server is away. */
    private readonly giveUpAfterMs: number,
  ) {}

  /** From the leader: what a command decides on must not be stale. @throws StreamNotFound, EventStoreUnavailable */
  async *stream({ stream, from, limit, signal, giveUpAt }: ReadRequest): AsyncGenerator<RecordedEvent> {
    let next = from;
    let left = limit;
    const read = (client: EventStoreDBClient): Inbox<ResolvedEvent> => {
      const maxCount = left < Number.MAX_SAFE_INTEGER ? { maxCount: left } : {};
      const options = { fromRevision: BigInt(next), requiresLeader: true, ...maxCount };
      return new Inbox(client.readStream(stream, options, { highWaterMark: BUFFER }));
    };
    for await (const items of this.#resumed(read, signal, stream, giveUpAt)) {
      for (const { event } of items) {
        if (signal?.aborted) return;
        if (!event) continue;
        const recorded = recordedFrom(event);
        next = recorded.revision + 1;
        left--;
        yield recorded;
        if (left <= 0) return;
      }
    }
  }

  /** Revision of a stream's last event, -1 if there is no stream. */
  async lastRevision(stream: string): Promise<number> {
    try {
      for await (const { revision } of this.streamBack(stream, undefined, 1)) return revision;
    } catch (error) {
      if (!(error instanceof StreamNotFound)) throw error;
    }
    return -1;
  }

  /** Every record of the log, the server's own too, in log order and as they arrive; to the end of the log. */
  async *records({ from, until, limit, signal }: ScanRequest): AsyncGenerator<readonly Located[]> {
    let last = from;
    const read = (client: EventStoreDBClient): Inbox<AllStreamResolvedEvent> => {
      const fromPosition = last === START ? FIRST : pairOf(last);
      // One more, since the record there comes again.
      const maxCount = limit === undefined ? {} : { maxCount: limit + 1 };
      return new Inbox(client.readAll({ fromPosition, ...maxCount }, { highWaterMark: BUFFER }));
    };
    for await (const items of this.#resumed(read, signal)) {
      const page: Located[] = [];
      let isOver = false;
      for (const { event: record } of items) {
        if (!record) continue;
        const position = positionOf(logPositionOf(record));
        if (position <= last) continue;
        isOver = until !== undefined && position > until;
        if (isOver) break;
        last = position;
        page.push({ record, position });
      }
      if (page.length > 0) yield page;
      if (isOver) return;
    }
  }

  /** Every record before a position, or from the end of the log, newest first. */
  async *recordsBack(
    before: Position | undefined,
    limit: number,
  ): AsyncGenerator<NonNullable<AllStreamResolvedEvent['event']>> {
    let last = before;
    const read = (client: EventStoreDBClient): Inbox<AllStreamResolvedEvent> => {
      const fromPosition = last === undefined ? END : pairOf(last);
      const options = { direction: BACKWARDS, fromPosition, maxCount: limit, requiresLeader: true } as const;
      return new Inbox(client.readAll(options, { highWaterMark: BUFFER }));
    };
    for await (const items of this.#resumed(read)) {
      for (const { event } of items) {
        if (!event) continue;
        last = positionOf(logPositionOf(event));
        yield event;
      }
    }
  }

  /** The events of a stream up to a revision, or from its end, newest first. @throws StreamNotFound */
  async *streamBack(stream: string, from: number | undefined, limit: number): AsyncGenerator<RecordedEvent> {
    let next = from;
    const read = (client: EventStoreDBClient): Inbox<ResolvedEvent> => {
      const fromRevision = next === undefined ? END : BigInt(next);
      const options = { direction: BACKWARDS, fromRevision, maxCount: limit, requiresLeader: true } as const;
      return new Inbox(client.readStream(stream, options, { highWaterMark: BUFFER }));
    };
    for await (const items of this.#resumed(read, undefined, stream)) {
      for (const { event } of items) {
        if (!event) continue;
        const recorded = recordedFrom(event);
        if (recorded.revision === 0) {
          yield recorded;
          return;
        }
        next = recorded.revision - 1;
        yield recorded;
      }
    }
  }

  /**
   * The client's readAll knows no filter: over a long way the server's own is used, by a subscription that is left before the
   * end; the rest, of which a subscription would not say where it ends, is read whole.
   */
  async *all(request: ScanRequest, filter: Filter | undefined): AsyncGenerator<RecordedEvent> {
    const { until, signal } = request;
    let { from } = request;
    const isOver = (): boolean => signal?.aborted === true || (until !== undefined && from >= until);
    if (isOver()) return;
    // What is near is there before a subscription is: who asks for the next one only, needs none.
    for await (const page of this.records({ from, until, limit: NEAR, signal })) {
      for (const { record, position } of page) {
        if (signal?.aborted) return;
        from = position;
        if (passes(record, filter)) yield recordedFrom(record, position);
      }
    }
    if (filter && !isOver() && isFar(from, until ?? (await this.head()))) {
      const attempt = new Attempt(this.clients, from, filter);
      try {
        while (!isOver() && !attempt.isLive && !attempt.over) {
          await attempt.changed(FAR_PATIENCE_MS);
          const events = attempt.take(BUFFER, from);
          for (const event of events) {
            if (signal?.aborted || (until !== undefined && event.position > until)) return;
            from = event.position;
            yield event;
          }
          if (events.length > 0) continue;
          if (attempt.marker <= from) break;
          from = attempt.marker;
        }
      } finally {
        attempt.close();
      }
    }
    // The server ends where the log ended when it got there; what has come while that was handed out is read too.
    for (let before: Position | null = null; from !== before && !isOver();) {
      before = from;
      for await (const page of this.records({ from, until, signal })) {
        for (const { record, position } of page) {
          if (signal?.aborted) return;
          from = position;
          if (passes(record, filter)) yield recordedFrom(record, position);
        }
      }
    }
  }

  /** Looks at no more than so many records. */
  async tail(from: Position, filter: Filter | undefined, most: number, signal?: AbortSignal): Promise<Tail> {
    let position = from;
    let mark: Mark | null = null;
    let count = 0;
    for await (const page of this.records({ from, limit: most, signal })) {
      for (const { record, position: next } of page) {
        if (passes(record, filter)) return { position, match: next, ended: false, mark };
        position = next;
        mark = { position, id: record.id.toLowerCase() };
        if (++count >= most) return { position, match: null, ended: false, mark };
      }
    }
    return { position, match: null, ended: !signal?.aborted, mark };
  }

  /** As EventStore.holds; the leader is asked. */
  async holds({ position, id }: Mark, giveUpAt?: number): Promise<boolean> {
    if (position === START) return true;
    try {
      let found = await this.#idAt(position, giveUpAt);
      if (found === null) {
        if (position > (await this.head())) return false;
        // Scavenged; or the log has got there only now, with a record of its own.
        found = await this.#idAt(position, giveUpAt);
      }
      return found === null || id === null || found === id;
    } catch (error) {
      if (error instanceof LogReplaced) return false;
      throw error;
    }
  }

  /** Id of the record at a position; null where there is none. */
  async #idAt(position: Position, giveUpAt?: number): Promise<string | null> {
    const options = { fromPosition: pairOf(position), maxCount: 1, requiresLeader: true };
    const read = (client: EventStoreDBClient): Inbox<AllStreamResolvedEvent> => new Inbox(client.readAll(options));
    for await (const items of this.#resumed(read, undefined, '$all', giveUpAt)) {
      for (const { event } of items) {
        if (event && positionOf(logPositionOf(event)) === position) return event.id.toLowerCase();
      }
    }
    return null;
  }

  /** Position of the last record, as the leader knows it. */
  async head(): Promise<Position> {
    for await (const record of this.recordsBack(undefined, 1)) return positionOf(logPositionOf(record));
    return START;
  }

  // What has arrived together is one step: a step for each item would cost as much as the item.
  /** Reads until the server says that this was all. Begins again, with another client, when it breaks off. */
  async *#resumed<T>(
    open: (client: EventStoreDBClient) => Inbox<T>,
    signal?: AbortSignal,
    stream = '$all',
    firstGiveUpAt = Infinity,
  ): AsyncGenerator<readonly T[]> {
    let giveUpAt = Math.min(firstGiveUpAt, Date.now() + this.giveUpAfterMs);
    for (let pause = FIRST_PAUSE_MS; !signal?.aborted; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
      const client = this.clients.shared();
      try {
        for await (const items of emptied(open(client), BUFFER, signal)) {
          giveUpAt = Date.now() + this.giveUpAfterMs;
          this.clients.heard(client);
          yield items;
        }
        // Throwing the client away cancels this read too, and the client makes an end without an error of that.
        if (this.clients.isOpen(client)) return;
      } catch (error) {
        const refusal = refusalOf(error, stream);
        if (refusal) throw refusal;
        this.clients.failed(client, error);
        if (Date.now() + pause > giveUpAt) {
          throw new EventStoreUnavailable(`EventStoreDB can not be read: ${explain(error)}`, { cause: error });
        }
      }
      await sleep(pause * (0.5 + Math.random() / 2), null, { signal }).catch(() => null);
    }
  }
}

function isFar(from: Position, head: Position): boolean {
  return pairOf(head).commit - pairOf(from).commit > FAR_BYTES;
}
