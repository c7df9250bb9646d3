/**
 * One subscription to the log for all followers of a process that are near its head. A follower that is further behind has a
 * subscription of its own until it gets there; what it was given decides, so that each event comes once and in order.
 */
import {
  type EventPage,
  type EventStore,
  type Filter,
  matches,
  type Position,
  START,
  type SubscribeOptions,
  type Subscription,
  type SubscriptionState,
} from '../core/event-store.js';
import { sizeOf } from '../core/budgets.js';
import type { RecordedEvent } from '../core/message.js';

/** What is kept for followers that are a little behind. */
const MOST_EVENTS = 8_192;
const MOST_CHARACTERS = 16 * 1024 * 1024;
const DEFAULT_PAGE = 1_000;

type Source = Pick<EventStore, 'head' | 'subscribe'>;

interface Kept {
  readonly event: RecordedEvent;
  readonly characters: number;
}

export class SharedSubscriptions {
  readonly #followers = new Set<() => void>();
  #feed: Feed | null = null;

  constructor(private readonly store: Source) {}

  /** As EventStore.subscribe. */
  subscribe(options: SubscribeOptions): Subscription {
    return new Follower(this.store, this, options);
  }

  /** @param changed called when the feed has something new, or has ended */
  join(changed: () => void): Feed {
    this.#followers.add(changed);
    // One that has failed has told its followers, who join again.
    if (!this.#feed || this.#feed.hasFailed) {
      this.#feed = new Feed(this.store, () => {
        for (const wake of this.#followers) wake();
      });
    }
    return this.#feed;
  }

  leave(changed: () => void): void {
    this.#followers.delete(changed);
    if (this.#followers.size > 0) return;
    this.#feed?.stop();
    this.#feed = null;
  }
}

/** The end of the log, from where it was when the first follower came, as far as it is kept. */
class Feed {
  #failure: { readonly error: unknown } | null = null;
  /** Everything behind this position is kept; null until the head is known. */
  #start: Position | null = null;
  #end: Position = START;
  #isCaughtUp = false;
  #kept: Kept[] = [];
  #characters = 0;
  #subscription: Subscription | null = null;
  readonly #stopping = new AbortController();

  constructor(
    store: Source,
    private readonly changed: () => void,
  ) {
    void this.#run(store);
  }

  get hasFailed(): boolean {
    return this.#failure !== null;
  }

  /** @throws what has ended it; nothing while it goes on */
  throwFailure(): void {
    if (this.#failure) throw this.#failure.error;
  }

  /** Whether a follower that has been given everything up to here can go on here; null as long as that is not known. */
  covers(position: Position): boolean | null {
    if (this.#start === null) return this.#failure ? false : null;
    return position >= this.#start;
  }

  /** The next events after a position that it covers; the same position if there is nothing new. */
  page(after: Position, filter: Filter | undefined, limit: number): EventPage {
    if (after >= this.#end) return { events: [], position: after, caughtUp: this.#isCaughtUp };
    const events: RecordedEvent[] = [];
    let at = this.#indexAfter(after);
    for (; at < this.#kept.length && events.length < limit; at++) {
      const { event } = this.#kept[at] as Kept;
      if (matches(event, filter)) events.push(event);
    }
    const isAll = at === this.#kept.length;
    const position = isAll ? this.#end : (this.#kept[at - 1] as Kept).event.position;
    return { events, position, caughtUp: isAll && this.#isCaughtUp };
  }

  reach(position: Position): void {
    this.#subscription?.reach(position);
  }

  state(): SubscriptionState | null {
    return this.#subscription?.state() ?? null;
  }

  stop(): void {
    this.#stopping.abort();
  }

  async #run(store: Source): Promise<void> {
    const { signal } = this.#stopping;
    try {
      const head = await store.head();
      this.#subscription = store.subscribe({ from: head, signal });
      this.#start = this.#end = head;
      this.changed();
      for await (const { events, position, caughtUp } of this.#subscription) {
        for (const event of events) this.#keep(event);
        this.#end = position;
        this.#isCaughtUp = caughtUp;
        this.changed();
      }
      throw new Error('the subscription has ended');
    } catch (error) {
      this.#failure = { error };
      this.changed();
    }
  }

  #keep(event: RecordedEvent): void {
    const characters = sizeOf(event.data);
    this.#kept.push({ event, characters });
    this.#characters += characters;
    if (this.#kept.length <= MOST_EVENTS && this.#characters <= MOST_CHARACTERS) return;
    // Half of it, so that it is seldom done.
    const gone = this.#kept.splice(0, Math.ceil(this.#kept.length / 2));
    for (const one of gone) this.#characters -= one.characters;
    this.#start = (gone.at(-1) as Kept).event.position;
  }

  #indexAfter(position: Position): number {
    let [low, high] = [0, this.#kept.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#kept[middle] as Kept).event.position <= position) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

class Follower implements Subscription {
  #feed: Feed | null = null;
  /** While the feed does not cover the position. */
  #own: Subscription | null = null;
  #drops: SubscriptionState['drops'] = {};
  #lastEventAt: string | null = null;
  /** As it was at the end. */
  #ended: SubscriptionState | null = null;

  constructor(
    private readonly store: Source,
    private readonly shared: SharedSubscriptions,
    private readonly options: SubscribeOptions,
  ) {}

  reach(position: Position): void {
    (this.#own ?? this.#feed)?.reach(position);
  }

  state(): SubscriptionState | null {
    const now = (this.#own ?? this.#feed)?.state();
    if (!now) return this.#ended;
    return { ...now, drops: sum(this.#drops, now.drops), lastEventAt: this.#lastEventAt };
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<EventPage> {
    const { from, filter, pageSize = DEFAULT_PAGE, signal } = this.options;
    let position = from;
    let wake = (): void => undefined;
    const changed = (): void => wake();
    const news = (): Promise<void> => new Promise((resolve) => (wake = resolve));
    signal.addEventListener('abort', changed);
    const feed = this.shared.join(changed);
    this.#feed = feed;
    try {
      while (!signal.aborted) {
        const isCovered = feed.covers(position);
        if (isCovered === false) {
          for await (const page of this.#untilCovered(feed, position)) {
            position = page.position;
            yield page;
          }
          continue;
        }
        const page = isCovered ? feed.page(position, filter, pageSize) : null;
        if (page && page.position > position) {
          position = page.position;
          if (page.events.length > 0) this.#lastEventAt = new Date().toISOString();
          yield page;
        } else {
          feed.throwFailure();
          await news();
        }
      }
    } finally {
      signal.removeEventListener('abort', changed);
      this.#ended = this.state();
      this.shared.leave(changed);
      this.#feed = null;
    }
  }

  /** Ends as soon as the feed can go on behind what was given. */
  async *#untilCovered(feed: Feed, from: Position): AsyncGenerator<EventPage> {
    feed.throwFailure();
    const own = this.store.subscribe({ ...this.options, from });
    this.#own = own;
    try {
      for await (const page of own) {
        this.#lastEventAt = own.state()?.lastEventAt ?? this.#lastEventAt;
        yield page;
        if (feed.covers(page.position)) return;
        feed.throwFailure();
      }
    } finally {
      this.#drops = sum(this.#drops, own.state()?.drops ?? {});
      this.#own = null;
    }
  }
}

function sum(one: SubscriptionState['drops'], other: SubscriptionState['drops']): SubscriptionState['drops'] {
  const all = { ...one };
  for (const [reason, n] of Object.entries(other)) (all as Record<string, number>)[reason] = (all[reason] ?? 0) + n;
  return all;
}
