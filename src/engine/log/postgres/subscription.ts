import { setTimeout as sleep } from 'node:timers/promises';
import { EventStoreUnavailable } from '../../core/errors.js';
import type { EventPage, Filter, Position, SubscribeOptions } from '../../core/event-store.js';
import { numberOf, positionOf } from './position.js';
import type { Follower, PostgresTail, Range } from './tail.js';

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;

/** Reads on from a place until it is told to stop; goes on by itself when the database was away. */
export async function* follow(
  tail: PostgresTail,
  { from, filter, signal }: SubscribeOptions,
  readPage: (from: Position) => Promise<EventPage>,
): AsyncGenerator<EventPage> {
  const place = new Place(numberOf(from), filter);
  const unfollow = tail.follow(place);
  let stop = (): void => undefined;
  signal.addEventListener('abort', () => stop(), { once: true });
  // A promise of its own each time: one that lives as long as the subscription would collect all that ever waited.
  const unlessAborted = <T>(promise: Promise<T>): Promise<T | null> =>
    Promise.race([promise, new Promise<null>((resolve) => (stop = (): void => resolve(null)))]);
  let given = from;
  let pause = FIRST_PAUSE_MS;
  try {
    while (!signal.aborted) {
      if (place.unread) {
        try {
          const page = await unlessAborted(place.read(readPage));
          pause = FIRST_PAUSE_MS;
          if (page === null || page.position === given) continue;
          given = page.position;
          yield page;
        } catch (error) {
          if (!(error instanceof EventStoreUnavailable)) throw error;
          await sleep(pause * (0.5 + Math.random() / 2), null, { signal }).catch(() => null);
          pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
        }
      } else if (place.position !== given) {
        given = place.position;
        yield { events: [], position: given, caughtUp: true };
      } else {
        await unlessAborted(place.changed());
      }
    }
  } finally {
    unfollow();
  }
}

/**
 * How far the log has been looked through, and whether something is behind that. What is announced as new and can't match
 * is stepped over without a query, as long as nothing lies between it and what has been looked through.
 */
class Place implements Follower {
  /** Something may be there that was not looked at: at the start, nobody knows. */
  unread = true;
  #scanned: bigint;
  #announced: bigint;
  #reading = false;
  #wake: (() => void) | null = null;

  constructor(
    from: bigint,
    private readonly filter: Filter | undefined,
  ) {
    this.#scanned = from;
    this.#announced = from;
  }

  get position(): Position {
    return positionOf(this.#scanned);
  }

  onRange(range: Range): void {
    if (range.last <= this.#scanned) return;
    // What is announced while a page is read may be part of it: that is judged when the page is there.
    if (this.#reading || this.unread) this.#announce(range.last);
    else if (range.first <= this.#scanned + 1n && !concerns(range, this.filter)) this.#scanned = range.last;
    else this.unread = true;
    this.#wake?.();
  }

  onHead(head: bigint): void {
    if (head <= this.#scanned) return;
    this.#announce(head);
    if (!this.#reading) this.unread = true;
    this.#wake?.();
  }

  /** Settles with the next news. */
  changed(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  async read(readPage: (from: Position) => Promise<EventPage>): Promise<EventPage> {
    this.#reading = true;
    try {
      const page = await readPage(this.position);
      this.#scanned = numberOf(page.position);
      this.unread = !page.caughtUp || this.#announced > this.#scanned;
      return page;
    } finally {
      this.#reading = false;
    }
  }

  #announce(head: bigint): void {
    if (head > this.#announced) this.#announced = head;
  }
}

/** By the streams alone: an event of whatever type may be one that matters in them. */
function concerns({ categories }: Range, filter: Filter | undefined): boolean {
  if (!filter?.streamPrefixes || !categories) return true;
  const starts = [...categories].map((category) => `${category}-`);
  return filter.streamPrefixes.some((prefix) =>
    starts.some((start) => start.startsWith(prefix) || prefix.startsWith(start)),
  );
}
