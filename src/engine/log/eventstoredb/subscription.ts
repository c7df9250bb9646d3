/**
 * Supervises subscriptions: whatever the client says or fails to say, everything after a position is given, and then what comes,
 * each event once and in order. An error, an end and silence are drops; after one a new client goes on from the last page.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { EventStoreUnavailable, LogReplaced } from '../../core/errors.js';
import type {
  EventPage,
  Mark,
  Position,
  SubscribeOptions,
  Subscription,
  SubscriptionState,
} from '../../core/event-store.js';
import { ANSWER_TIMEOUT_MS } from './answer.js';
import { Attempt } from './attempt.js';
import type { Clients } from './clients.js';
import { isNoPlace } from './errors.js';
import type { Reader } from './reader.js';

const DEFAULT_PAGE = 1_000;
/** How long a page that is not full waits for more while there is a backlog. */
const FILL_MS = 25;
/** At the head: how often the log is looked at beside the subscription. */
const LOOK_EVERY_MS = 500;
/** The same while somebody waits for a position that nothing that matches leads to. */
const LOOK_SOON_MS = 10;
/** Without a filter it is led to by what comes, but for records of the server. */
const LOOK_SOON_WHOLE_MS = 100;
/** Records that one look goes through. */
const LOOK_AT = 2_000;
/** What is in the log, and does not come for so long, will not come from this connection. */
const SILENCE_MS = 2_000;
const CONNECT_MS = 5_000;
/** A wait for a position is forgotten after the longest time that a reader waits. */
const AWAITED_MS = 30_000;
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 2_000;
const LASTING_MS = 2_000;

type DropReason = 'error' | 'end' | 'silence' | 'refused';

/** The subscription is over, and begins again. */
class Drop extends Error {
  override readonly name = 'Drop';
  constructor(
    readonly reason: DropReason,
    options?: ErrorOptions,
  ) {
    super(`the subscription was dropped: ${reason}`, options);
  }
}

export interface Sources {
  readonly clients: Clients;
  readonly reader: Reader;
  /** Told of every drop. */
  readonly complain: (error: unknown) => void;
}

export class SupervisedSubscription implements Subscription {
  #given: Position;
  #attempt: Attempt | null = null;
  #awaited: { readonly position: Position; readonly until: number };
  /** Something that matches is in the log behind the last page since then, and has not come. */
  #missedSince: number | null = null;
  #lookedAt = 0;
  /** There was a drop: the server may be another one since, until the log has been asked. */
  #isToBeAsked = false;
  /** The reader of the pages knows that the head was reached. */
  #isCaughtUp = false;
  #pause = FIRST_PAUSE_MS;
  #connectedSince: Date | null = null;
  #lastEvent: Date | null = null;
  #mark: Mark | null = null;
  readonly #drops: Partial<Record<DropReason, number>> = {};

  constructor(
    private readonly sources: Sources,
    private readonly options: SubscribeOptions,
  ) {
    this.#given = options.from;
    this.#awaited = { position: options.from, until: 0 };
  }

  reach(position: Position): void {
    if (position > this.#awaited.position) this.#awaited = { position, until: Date.now() + AWAITED_MS };
    this.#attempt?.wake();
  }

  state(): SubscriptionState {
    return {
      connectedSince: this.#connectedSince?.toISOString() ?? null,
      drops: { ...this.#drops },
      lastEventAt: this.#lastEvent?.toISOString() ?? null,
      ...(this.#mark && { mark: this.#mark }),
    };
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<EventPage> {
    const { signal } = this.options;
    const wake = (): void => this.#attempt?.wake();
    signal.addEventListener('abort', wake);
    try {
      while (!signal.aborted) {
        try {
          yield* this.#attempted();
        } catch (error) {
          if (signal.aborted) return;
          if (error instanceof LogReplaced) throw error;
          this.#dropped(error);
        }
        if (signal.aborted) return;
        await sleep(this.#pause * (0.5 + Math.random() / 2), null, { signal }).catch(() => null);
        this.#pause = Math.min(this.#pause * 2, LONGEST_PAUSE_MS);
      }
    } finally {
      signal.removeEventListener('abort', wake);
    }
  }

  #dropped(error: unknown): void {
    const drop = error instanceof Drop ? error : new Drop('error', { cause: error });
    this.#isToBeAsked = true;
    this.#drops[drop.reason] = (this.#drops[drop.reason] ?? 0) + 1;
    this.sources.complain(drop);
  }

  async *#attempted(): AsyncGenerator<EventPage> {
    await this.#refuseReplaced();
    const attempt = new Attempt(this.sources.clients, this.#given, this.options.filter);
    this.#attempt = attempt;
    this.#missedSince = null;
    this.#isCaughtUp = false;
    const since = Date.now();
    // What comes by itself is not to wait for a look.
    this.#lookedAt = since;
    try {
      while (!this.options.signal.aborted) {
        if (attempt.isConnected) this.#connectedSince ??= new Date();
        else if (Date.now() - since > CONNECT_MS) throw new Drop('silence');
        const page = await this.#next(attempt);
        if (!page) continue;
        this.#given = page.position;
        // One that is dropped again and again does not begin again at once for each event that it brings.
        if (Date.now() - since > LASTING_MS) this.#pause = FIRST_PAUSE_MS;
        yield page;
      }
    } finally {
      this.#attempt = null;
      this.#connectedSince = null;
      attempt.close();
    }
  }

  /**
   * Asks the log whether it still holds what was read. A server that does not answer that in time is asked again beside the subscription.
   * @throws LogReplaced
   */
  async #refuseReplaced(): Promise<void> {
    if (!this.#isToBeAsked) return;
    // The position to continue from may be a marker behind the last record that was seen.
    const given = this.#mark?.position === this.#given ? [] : [{ position: this.#given, id: null }];
    for (const mark of [...(this.#mark ? [this.#mark] : []), ...given]) {
      try {
        if (await this.sources.reader.holds(mark, Date.now() + ANSWER_TIMEOUT_MS)) continue;
      } catch (error) {
        if (error instanceof EventStoreUnavailable) return;
        throw error;
      }
      throw new LogReplaced('the log has lost what was read before');
    }
    this.#isToBeAsked = false;
  }

  /** The next page, or null if there was none for a while. @throws Drop, LogReplaced */
  async #next(attempt: Attempt): Promise<EventPage | null> {
    const { pageSize = DEFAULT_PAGE } = this.options;
    // 1. What has arrived. With a backlog a page waits a moment to become full.
    const events = attempt.take(pageSize, this.#given);
    const fullAt = Date.now() + FILL_MS;
    let last = events.at(-1);
    while (last && events.length < pageSize && !attempt.isLive && !attempt.over && Date.now() < fullAt) {
      await attempt.changed(fullAt - Date.now());
      events.push(...attempt.take(pageSize - events.length, last.position));
      last = events.at(-1);
    }
    if (last) {
      this.#lastEvent = new Date();
      this.#missedSince = null;
      const { position, id } = last;
      this.#mark = { position, id };
      this.#isCaughtUp = attempt.isEmpty && attempt.isLive;
      return { events, position, caughtUp: this.#isCaughtUp };
    }
    // 2. The end of the stream, when all that came before it is handled.
    if (attempt.over && isNoPlace(attempt.over.error)) {
      this.#isToBeAsked = true;
      await this.#refuseReplaced();
    }
    if (attempt.over) throw new Drop(attempt.over.error ? 'error' : 'end', { cause: attempt.over.error });
    // 3. A long stretch of what does not match.
    if (attempt.marker > this.#given) return { events: [], position: attempt.marker, caughtUp: false };
    // 4. Is there something that has not come, and how far can the position be moved on?
    const isAwaited = this.#awaited.position > this.#given && this.#awaited.until > Date.now();
    const isSoon = isAwaited || (attempt.isLive && !this.#isCaughtUp);
    const soon = this.options.filter ? LOOK_SOON_MS : LOOK_SOON_WHOLE_MS;
    const wait = (isSoon ? soon : LOOK_EVERY_MS) - (Date.now() - this.#lookedAt);
    if (wait <= 0) return this.#look(attempt);
    await attempt.changed(wait);
    return null;
  }

  async #look(attempt: Attempt): Promise<EventPage | null> {
    const { filter, signal } = this.options;
    await this.#refuseReplaced();
    const tail = await this.sources.reader.tail(this.#given, filter, LOOK_AT, signal);
    this.#lookedAt = Date.now();
    // What came meanwhile comes first.
    if (!attempt.isEmpty || signal.aborted) return null;
    if (tail.match !== null) {
      this.#missedSince ??= Date.now();
      if (Date.now() - this.#missedSince > SILENCE_MS) throw new Drop('silence');
    }
    if (tail.match === null) this.#missedSince = null;
    if (tail.mark) this.#mark = tail.mark;
    if (tail.position === this.#given && (this.#isCaughtUp || !tail.ended)) return null;
    // Servers before 23.10 never say that the head was reached.
    if (tail.ended) attempt.isLive = this.#isCaughtUp = true;
    return { events: [], position: tail.position, caughtUp: tail.ended };
  }
}
