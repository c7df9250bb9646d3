/**
 * Which streams of some categories changed last, as this process hears it from the log. What was read of such a stream can so be kept
 * and used again for as long as nothing is known against it (docs/decisions/0030).
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type EventStore, type Position, START, type Subscription } from '../core/event-store.js';

type Source = Pick<EventStore, 'head' | 'subscribe'>;

export interface ChangesOptions {
  /** How often is asked how long the log is. */
  readonly everyMs?: number;
  /** How long that answer counts. */
  readonly staleMs?: number;
  /** Of how many streams the last change is known. */
  readonly most?: number;
}

/** Two questions may fail or take their time before nothing is sure any more. */
const EVERY_MS = 1_000;
const STALE_MS = 3_000;
const MOST = 10_000;

export class Changes {
  readonly #everyMs: number;
  readonly #staleMs: number;
  readonly #most: number;
  readonly #streamPrefixes: readonly string[];
  readonly #closing = new AbortController();
  #following: Promise<void> | null = null;
  #subscription: Subscription | null = null;
  /** Up to here everything was heard. */
  #position: Position = START;
  /** Changes up to here may be missing below. */
  #floor: Position = START;
  /** By stream, the one that changed last at the end. */
  readonly #last = new Map<string, Position>();
  /** How long the log was when it was asked, until that is reached. */
  #asked: { readonly head: Position; readonly at: number } | null = null;
  #sureUntil = -Infinity;

  /** It listens from the first question on. */
  constructor(
    private readonly store: Source,
    categories: readonly string[],
    { everyMs = EVERY_MS, staleMs = STALE_MS, most = MOST }: ChangesOptions = {},
  ) {
    this.#streamPrefixes = categories.map((category) => `${category}-`);
    this.#everyMs = everyMs;
    this.#staleMs = staleMs;
    this.#most = most;
  }

  /** Every change up to here is known; null while nobody knows how far behind that is. */
  heard(): Position | null {
    this.#following ??= this.#follow(this.#closing.signal);
    return performance.now() < this.#sureUntil ? this.#position : null;
  }

  /** Whether it is known that the stream has not changed after a position, as far as was heard. */
  isUnchanged(stream: string, since: Position): boolean {
    return (this.#last.get(stream) ?? this.#floor) <= since;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#following;
  }

  async #follow(closing: AbortSignal): Promise<void> {
    while (!closing.aborted) {
      const broken = new AbortController();
      const asking = setInterval(() => void this.#ask(broken), this.#everyMs).unref();
      try {
        await this.#hear(AbortSignal.any([closing, broken.signal]));
      } catch {
        // Nothing is sure any more, so each question is answered by reading.
      } finally {
        clearInterval(asking);
        this.#subscription = null;
        this.#sureUntil = -Infinity;
      }
      await sleep(this.#everyMs, undefined, { signal: closing, ref: false }).catch(() => undefined);
    }
  }

  async #hear(signal: AbortSignal): Promise<void> {
    const at = performance.now();
    const head = await this.store.head();
    this.#last.clear();
    this.#floor = this.#position = head;
    this.#asked = { head, at };
    this.#compare();
    const subscription = this.store.subscribe({ from: head, filter: { streamPrefixes: this.#streamPrefixes }, signal });
    this.#subscription = subscription;
    for await (const { events, position } of subscription) {
      for (const event of events) this.#note(event);
      this.#position = position;
      this.#compare();
    }
  }

  #note({ stream, position }: { readonly stream: string; readonly position: Position }): void {
    this.#last.delete(stream);
    this.#last.set(stream, position);
    if (this.#last.size <= this.#most) return;
    const [oldest] = this.#last as Iterable<[string, Position]>;
    const [name, changed] = oldest as [string, Position];
    this.#last.delete(name);
    this.#floor = changed;
  }

  /** Asks how long the log is: a subscription that tells nothing may have nothing to tell, or be broken. */
  async #ask(broken: AbortController): Promise<void> {
    const subscription = this.#subscription;
    // A head that is not reached yet says more than a later one.
    if (subscription === null || this.#asked !== null) return;
    const [at, before] = [performance.now(), this.#position];
    const head = await this.store.head().catch(() => null);
    // Listening may have ended while the log was asked, or begun again: then the answer is about something else.
    if (head === null || broken.signal.aborted || this.#subscription !== subscription) return;
    // An older copy of the log has taken its place.
    if (head < before) {
      broken.abort();
      return;
    }
    this.#asked = { head, at };
    subscription.reach(head);
    this.#compare();
  }

  #compare(): void {
    if (this.#asked === null || this.#position < this.#asked.head) return;
    this.#sureUntil = this.#asked.at + this.#staleMs;
    this.#asked = null;
  }
}
