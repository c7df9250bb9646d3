/** The write half of EventStoreDB. What the client does not tell about an append is found out by reading the stream. */
import { binaryEvent, type EventData, type EventStoreDBClient, NO_STREAM } from '@eventstore/db-client';
import { setTimeout as sleep } from 'node:timers/promises';
import { EventStoreUnavailable, StreamNotFound, WrongExpectedRevision } from '../../core/errors.js';
import type { AppendOptions, AppendResult, ExpectedRevision } from '../../core/event-store.js';
import type { NewEvent, RecordedEvent } from '../../core/message.js';
import { serialized } from '../event-size.js';
import { ANSWER_TIMEOUT_MS, answered } from './answer.js';
import type { Clients } from './clients.js';
import { explain, refusalOf } from './errors.js';
import { positionOf, revisionOf } from './position.js';
import type { Reader, ReadRequest } from './reader.js';
import { within } from '../within.js';

const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 1_000;
/** How long closing waits for what is under way. */
const CLOSE_TIMEOUT_MS = 1_000;

type Exact = number | 'none';

export class Appender {
  readonly #under = new Set<Promise<unknown>>();
  #closed = false;

  constructor(
    private readonly clients: Clients,
    private readonly reader: Reader,
    private readonly giveUpAfterMs: number,
  ) {}

  append(
    stream: string,
    events: readonly NewEvent[],
    expected: ExpectedRevision,
    { derivedIds = false }: AppendOptions = {},
  ): Promise<AppendResult> {
    const work = this.#append(stream, events, expected, derivedIds);
    const settled = work.catch(() => undefined).finally(() => this.#under.delete(settled));
    this.#under.add(settled);
    return work;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await within(CLOSE_TIMEOUT_MS, Promise.all(this.#under));
  }

  async #append(
    stream: string,
    events: readonly NewEvent[],
    expected: ExpectedRevision,
    derivedIds: boolean,
  ): Promise<AppendResult> {
    if (this.#closed) throw new EventStoreUnavailable('the log is closed');
    if (events.length === 0) throw new TypeError('an append has at least one event');
    const proposed = events.map((event) => proposedFrom(stream, event));
    const giveUpAt = Date.now() + this.giveUpAfterMs;
    // `any` stores twice after a restart of the server: an exact revision never does.
    let exact = expected === 'any' ? exactly(await this.reader.lastRevision(stream)) : expected;
    for (;;) {
      try {
        const result = await this.#settled(stream, events, proposed, exact, giveUpAt);
        if (!derivedIds || result.repeated) return result;
        return { ...result, repeated: !(await this.#holds(stream, events, result.revision)) };
      } catch (error) {
        if (!(error instanceof WrongExpectedRevision) || expected !== 'any' || Date.now() > giveUpAt) throw error;
        // As the server counts: of a stream that is truncated or deleted nothing may be left to read.
        exact = error.actual;
      }
    }
  }

  /** Sends the append until its outcome is known. */
  async #settled(
    stream: string,
    events: readonly NewEvent[],
    proposed: EventData[],
    expected: Exact,
    giveUpAt: number,
  ): Promise<AppendResult> {
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
      const client = this.clients.shared();
      try {
        const result = await send(client, stream, proposed, expected);
        this.clients.heard(client);
        return result;
      } catch (error) {
        const refusal = refusalOf(error, stream, expected);
        if (refusal) throw refusal;
        this.clients.failed(client, error);
        if (Date.now() + pause > giveUpAt) throw unknownOutcome(stream, error);
      }
      await sleep(pause * (0.5 + Math.random() / 2));
      try {
        const found = await this.#find(stream, events, expected, giveUpAt);
        if (found) return found;
      } catch (error) {
        throw error instanceof EventStoreUnavailable ? unknownOutcome(stream, error) : error;
      }
    }
  }

  /** The outcome of an append that may have happened; null if it has not, so that it may be sent again. */
  async #find(
    stream: string,
    events: readonly NewEvent[],
    expected: Exact,
    giveUpAt: number,
  ): Promise<AppendResult | null> {
    const from = expected === 'none' ? 0 : expected + 1;
    const stored = await this.#read({ stream, from, limit: events.length, giveUpAt });
    if (stored.length === 0) return null;
    const last = stored.at(-1) as RecordedEvent;
    if (stored.length === events.length && stored.every((event, i) => event.id === events[i]?.id.toLowerCase())) {
      return { revision: last.revision, position: last.position, repeated: false };
    }
    throw new WrongExpectedRevision(stream, expected, exactly(await this.reader.lastRevision(stream)));
  }

  /** Whether the log holds what was sent, under ids that others may have used too. */
  async #holds(stream: string, events: readonly NewEvent[], last: number): Promise<boolean> {
    const stored = await this.#read({ stream, from: last - events.length + 1, limit: events.length });
    const text = ({ id, type, data, metadata }: NewEvent): string =>
      JSON.stringify([id.toLowerCase(), type, data, metadata]);
    return stored.length === events.length && stored.every((event, i) => text(event) === text(events[i] as NewEvent));
  }

  async #read(request: ReadRequest): Promise<RecordedEvent[]> {
    const events: RecordedEvent[] = [];
    try {
      for await (const event of this.reader.stream(request)) events.push(event);
    } catch (error) {
      if (!(error instanceof StreamNotFound)) throw error;
    }
    return events;
  }
}

const utf8 = new TextEncoder();

/**
 * An event as bytes. As an object the client would write its JSON again, as base64 that it then decodes twice. The guard tells the server
 * that it is JSON. @throws EventTooLarge
 */
function proposedFrom(stream: string, event: NewEvent): EventData {
  const { data, metadata } = serialized(stream, event);
  return binaryEvent({ id: event.id, type: event.type, data: utf8.encode(data), metadata: utf8.encode(metadata) });
}

async function send(
  client: EventStoreDBClient,
  stream: string,
  events: EventData[],
  expected: Exact,
): Promise<AppendResult> {
  const expectedRevision = expected === 'none' ? NO_STREAM : BigInt(expected);
  const answer = client.appendToStream(stream, events, { expectedRevision, requiresLeader: true });
  const { nextExpectedRevision, position } = await answered(answer, ANSWER_TIMEOUT_MS);
  if (!position) throw new TypeError('the server did not say where the append stands');
  return { revision: revisionOf(nextExpectedRevision), position: positionOf(position), repeated: false };
}

function unknownOutcome(stream: string, error: unknown): EventStoreUnavailable {
  const reason = `whether an append to ${stream} took effect is not known: ${explain(error)}`;
  return new EventStoreUnavailable(reason, { cause: error });
}

function exactly(revision: number): Exact {
  return revision < 0 ? 'none' : revision;
}
