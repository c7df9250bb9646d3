/**
 * Followers of one process that go through the same part of the log read each page of it once. A follower that most of the log
 * concerns takes part; one that little concerns has the server choose, and does not wait for the others.
 */
import { type EventPage, type Filter, matches, type Position } from '../../core/event-store.js';
import type { RecordedEvent } from '../../core/message.js';
import { numberOf, positionOf } from './position.js';
import { PageSize } from './reader.js';

type ReadPage = (from: Position, filter: Filter | undefined, size: PageSize) => Promise<EventPage>;

/** All events behind `start`, up to and with `end`. */
interface Chunk {
  readonly start: bigint;
  readonly end: bigint;
  readonly events: readonly RecordedEvent[];
  readonly caughtUp: boolean;
  /** When it was asked for. */
  readonly nth: number;
}

/** Each has up to PAGE_BYTES: the one that is worked on, and the one before for who is a little behind. */
const KEPT = 2;
/** Who is further away than some pages reads for itself. */
const NEAR = 4_096n;
/** The others wait no longer than this for one that is behind. */
const PATIENCE_MS = 100;

export class SharedPages {
  readonly #walkers = new Set<Walker>();
  #chunks: Chunk[] = [];
  readonly #reading = new Map<bigint, Promise<Chunk>>();
  #asked = 0;

  constructor(readonly read: ReadPage) {}

  join(from: Position, filter: Filter | undefined, pageSize: number): Walker {
    const walker = new Walker(this, this.#asked, numberOf(from), filter, pageSize);
    this.#walkers.add(walker);
    return walker;
  }

  leave(walker: Walker): void {
    this.#walkers.delete(walker);
    this.moved();
  }

  /** A walker is somewhere else. */
  moved(): void {
    this.#chunks = this.#chunks.filter(({ end }) => [...this.#walkers].some(({ at }) => at < end));
    for (const { hurry } of this.#walkers) hurry();
  }

  /** The one that holds what follows this place. */
  kept(at: bigint): Chunk | undefined {
    return this.#chunks.find(({ start, end }) => start <= at && at < end);
  }

  /** How many events lie between this place and the first chunk ahead of it; null where none is near. */
  gap(at: bigint): number | null {
    const gaps = this.#chunks.flatMap(({ start }) => (start > at && start - at <= NEAR ? [Number(start - at)] : []));
    return gaps.length > 0 ? Math.min(...gaps) : null;
  }

  hasCompanion(walker: Walker): boolean {
    return [...this.#walkers].some((one) => one !== walker && one.isDense && distance(one.at, walker.at) <= NEAR);
  }

  /** Those from whom reading on would take the chunk that they are in, or come to. */
  behind(walker: Walker): Walker[] {
    const [oldest] = this.#chunks;
    if (this.#chunks.length < KEPT || !oldest || oldest.caughtUp) return [];
    return [...this.#walkers].filter(
      (one) => one !== walker && one.isDense && one.isWaitedFor && one.at < oldest.end && oldest.start - one.at <= NEAR,
    );
  }

  /** The next chunk, read once however many ask for it. */
  next(at: bigint, size: PageSize): Promise<Chunk> {
    let reading = this.#reading.get(at);
    if (!reading) {
      reading = this.#readNext(at, size).finally(() => this.#reading.delete(at));
      this.#reading.set(at, reading);
    }
    return reading;
  }

  /** So many events, up to where a kept chunk begins. They are for one follower alone, and are not kept. */
  upTo(at: bigint, gap: number): Promise<Chunk> {
    const size = new PageSize(gap);
    size.next = gap;
    return this.#readFrom(at, size);
  }

  async #readNext(start: bigint, size: PageSize): Promise<Chunk> {
    const chunk = await this.#readFrom(start, size);
    if (chunk.events.length > 0) this.#chunks = [...this.#chunks, chunk].slice(-KEPT);
    return chunk;
  }

  async #readFrom(start: bigint, size: PageSize): Promise<Chunk> {
    const nth = ++this.#asked;
    const { events, position, caughtUp } = await this.read(positionOf(start), undefined, size);
    return { start, end: numberOf(position), events, caughtUp, nth };
  }
}

/** One follower on its way. */
export class Walker {
  /** Most of what it has met lately was for it. */
  isDense = false;
  /** Until it has had its time; again when it comes. */
  isWaitedFor = true;
  hurry: () => void = () => undefined;
  readonly #own: PageSize;
  readonly #shared: PageSize;

  constructor(
    readonly pages: SharedPages,
    readonly joined: number,
    public at: bigint,
    readonly filter: Filter | undefined,
    readonly pageSize: number,
  ) {
    this.#own = new PageSize(pageSize);
    this.#shared = new PageSize(pageSize);
  }

  /** It has taken everything up to here. */
  goTo(position: Position): void {
    this.at = numberOf(position);
    this.isWaitedFor = true;
    this.pages.moved();
  }

  /** As PostgresReader.page. */
  async page(from: Position): Promise<EventPage> {
    const chunk = this.pages.kept(this.at) ?? (await this.#next());
    const page = chunk ? this.#pageOf(chunk) : await this.pages.read(from, this.filter, this.#own);
    const looked = numberOf(page.position) - this.at;
    if (looked > 0n) this.isDense = BigInt(page.events.length) * 2n >= looked;
    return page;
  }

  leave(): void {
    this.pages.leave(this);
  }

  async #next(): Promise<Chunk | undefined> {
    if (!this.isDense || !this.pages.hasCompanion(this)) return undefined;
    const gap = this.pages.gap(this.at);
    if (gap !== null) return this.pages.upTo(this.at, Math.min(gap, this.pageSize));
    await this.#untilOthersCome();
    return this.pages.kept(this.at) ?? this.pages.next(this.at, this.#shared);
  }

  async #untilOthersCome(): Promise<void> {
    if (this.pages.behind(this).length === 0) return;
    await new Promise<void>((resolve) => {
      const late = setTimeout(() => {
        for (const one of this.pages.behind(this)) one.isWaitedFor = false;
        this.hurry();
      }, PATIENCE_MS);
      this.hurry = (): void => {
        if (this.pages.behind(this).length > 0) return;
        clearTimeout(late);
        this.hurry = (): void => undefined;
        resolve();
      };
    });
  }

  #pageOf({ start, end, events: all, caughtUp, nth }: Chunk): EventPage {
    const events: RecordedEvent[] = [];
    // Positions have no gap, and a chunk leaves nothing out.
    let index = Number(this.at - start);
    for (; index < all.length && events.length < this.pageSize; index++) {
      const event = all[index] as RecordedEvent;
      if (matches(event, this.filter)) events.push(event);
    }
    const isAll = index >= all.length;
    const position = isAll ? positionOf(end) : (all[index - 1] as RecordedEvent).position;
    // Who came after it was asked for was not told of what has been appended in between.
    return { events, position, caughtUp: isAll && caughtUp && nth > this.joined };
  }
}

function distance(one: bigint, other: bigint): bigint {
  return one > other ? one - other : other - one;
}
