/** The memory behind the stand-in: what a server of EventStoreDB keeps and decides, without its disk. */
import { EventEmitter, once } from 'node:events';
import { isBefore, type LoggedEvent, type Position, type Proposed, recordSize, systemEvent } from './logged-event.js';

/** What a stream must be like before an append. */
export type Expected = bigint | 'no_stream' | 'any' | 'stream_exists';

export type Appended =
  | { readonly outcome: 'done' | 'repeated'; readonly revision: bigint; readonly position: Position }
  | { readonly outcome: 'wrong-version'; readonly actual: bigint }
  | { readonly outcome: 'deleted' };

interface Stream {
  readonly events: LoggedEvent[];
  last: bigint;
  /** First revision that reads still give; DELETED for a stream that was deleted softly. */
  truncateBefore: bigint;
  tombstoned: boolean;
}

/** The revision that stands for "deleted" on a real server. */
const DELETED = 9223372036854775807n;
/** As `actual`: there is no such stream. */
const NO_STREAM = -1n;

export class Log {
  readonly events: LoggedEvent[] = [];
  readonly #streams = new Map<string, Stream>();
  /** Stream and revision by event id, for appends with `any`; the oldest is forgotten first, and all at a restart. */
  readonly #recent = new Map<string, { stream: string; revision: bigint }>();
  readonly #growth = new EventEmitter().setMaxListeners(0);
  readonly #memory: number;
  #end = 0n;

  /** `firstPosition` large enough: positions that no double holds. `memory`: how many ids `any` is compared with. */
  constructor(options: { readonly firstPosition?: bigint; readonly memory?: number } = {}) {
    this.#end = options.firstPosition ?? 1_254n;
    this.#memory = options.memory ?? 100_000;
  }

  append(stream: string, proposed: readonly Proposed[], expected: Expected): Appended {
    const decision = this.#decide(stream, proposed, expected);
    if (decision) return decision;
    const kept = this.#stream(stream);
    const wasDeleted = kept.truncateBefore === DELETED;
    const first = kept.last + 1n;
    for (const event of proposed) this.#write(stream, kept, event);
    const position = this.#positionOf(kept, kept.last);
    // What is written to a stream that was deleted softly is all that is read of it.
    if (wasDeleted) this.#truncate(stream, first);
    if (stream.startsWith('$$')) this.#obey(stream.slice(2), proposed.at(-1));
    this.#growth.emit('grown');
    return { outcome: 'done', revision: kept.last, position };
  }

  /** A soft delete keeps the revisions; a tombstone ends the name for ever. */
  delete(stream: string, expected: Expected, tombstone: boolean): Appended {
    const kept = this.#stream(stream);
    if (kept.tombstoned) return { outcome: 'deleted' };
    // What is not there cannot be deleted, whatever is expected.
    if (kept.last < 0n || !fits(kept.last, expected)) return { outcome: 'wrong-version', actual: kept.last };
    if (tombstone) {
      this.#record(stream, kept, systemEvent('$streamDeleted', {}), DELETED);
      kept.tombstoned = true;
    } else {
      this.#truncate(stream, DELETED);
    }
    this.#growth.emit('grown');
    return { outcome: 'done', revision: kept.last, position: this.head() };
  }

  /** Its events from `$tb` on, or what keeps them from being read. */
  read(stream: string): readonly LoggedEvent[] | 'not-found' | 'deleted' {
    const kept = this.#streams.get(stream);
    if (kept?.tombstoned) return 'deleted';
    if (!kept || kept.last === NO_STREAM || kept.truncateBefore === DELETED) return 'not-found';
    // A stream of metadata keeps its last event only.
    if (stream.startsWith('$$')) return kept.events.slice(-1);
    return kept.truncateBefore === 0n ? kept.events : kept.events.slice(Number(kept.truncateBefore));
  }

  /** Index of the first event at or after a position; both parts count, as a pair. */
  indexAt(position: Position): number {
    let [low, high] = [0, this.events.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (isBefore((this.events[middle] as LoggedEvent).position, position)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** A place where no record begins is refused; only the commit part is looked at, and beyond the head all is well. */
  isPlace({ commit }: Position): boolean {
    if (commit === 0n || commit > this.head().commit) return true;
    return this.events[this.indexAt({ commit, prepare: 0n })]?.position.commit === commit;
  }

  head(): Position {
    return this.events.at(-1)?.position ?? { commit: 0n, prepare: 0n };
  }

  /** As an older copy of the data: only the first records are left, and what comes next stands where the lost ones stood. */
  rewind(records: number): void {
    const gone = this.events.splice(records);
    const [first] = gone;
    if (first) this.#end = first.position.commit;
    for (const { stream } of gone) {
      const kept = this.#stream(stream);
      kept.events.pop();
      kept.last -= 1n;
    }
    this.forget();
  }

  /** Settles when something has been appended; rejects with the signal. */
  async grown(signal: AbortSignal): Promise<void> {
    await once(this.#growth, 'grown', { signal });
  }

  /** A restarted server no longer knows which ids it has seen under `any`. */
  forget(): void {
    this.#recent.clear();
  }

  #decide(stream: string, proposed: readonly Proposed[], expected: Expected): Appended | null {
    const kept = this.#stream(stream);
    if (kept.tombstoned) return { outcome: 'deleted' };
    const wrong = { outcome: 'wrong-version', actual: kept.last } as const;
    const isGone = kept.truncateBefore === DELETED;
    if (expected === 'stream_exists') {
      if (isGone) return { outcome: 'deleted' };
      if (kept.last < 0n) return wrong;
    }
    if (expected === 'any' || expected === 'stream_exists') {
      const seen = proposed.map(({ id }) => this.#recent.get(id)).map((at) => (at?.stream === stream ? at : undefined));
      if (!seen[0]) return null;
      // A part of it was written already, another part not: no server knows what was meant.
      if (seen.includes(undefined)) return wrong;
      return this.#repeated(kept, seen.at(-1)?.revision ?? kept.last);
    }
    const before = expected === 'no_stream' ? NO_STREAM : expected;
    if (before === kept.last) return null;
    if (before > kept.last) return wrong;
    const same = proposed.filter(({ id }, n) => kept.events[Number(before) + 1 + n]?.id === id).length;
    if (same === proposed.length && same > 0) return this.#repeated(kept, before + BigInt(same));
    return expected === 'no_stream' && isGone && same === 0 ? null : wrong;
  }

  #repeated(kept: Stream, revision: bigint): Appended {
    return { outcome: 'repeated', revision, position: this.#positionOf(kept, revision) };
  }

  #positionOf(kept: Stream, revision: bigint): Position {
    return kept.events[Number(revision)]?.position ?? this.head();
  }

  #write(name: string, kept: Stream, event: Proposed): void {
    kept.last += 1n;
    this.#record(name, kept, event, kept.last);
    this.#recent.set(event.id, { stream: name, revision: kept.last });
    const oldest = this.#recent.keys().next();
    if (this.#recent.size > this.#memory && !oldest.done) this.#recent.delete(oldest.value);
  }

  /** Every event is a record of its own, of an append of many too: commit and prepare are both its place in bytes. */
  #record(stream: string, kept: Stream, event: Proposed, revision: bigint): void {
    const position = { commit: this.#end, prepare: this.#end };
    const logged = { ...event, stream, revision, position, created: Date.now() };
    this.#end += BigInt(recordSize(logged));
    this.events.push(logged);
    kept.events.push(logged);
  }

  /** Both kinds of cutting off are an event in the stream's stream of metadata. */
  #truncate(stream: string, before: bigint): void {
    // Written by hand: the largest revision is no number of JSON.stringify.
    const metadata = { ...systemEvent('$metadata', {}), data: Buffer.from(`{"$tb":${before}}`) };
    this.#write(`$$${stream}`, this.#stream(`$$${stream}`), metadata);
    this.#obey(stream, metadata);
  }

  #obey(stream: string, metadata: Proposed | undefined): void {
    const before = /"\$tb"\s*:\s*(\d+)/.exec(metadata?.data.toString() ?? '')?.[1];
    this.#stream(stream).truncateBefore = BigInt(before ?? 0);
  }

  #stream(name: string): Stream {
    let kept = this.#streams.get(name);
    if (!kept) {
      kept = { events: [], last: NO_STREAM, truncateBefore: 0n, tombstoned: false };
      this.#streams.set(name, kept);
    }
    return kept;
  }
}

function fits(last: bigint, expected: Expected): boolean {
  if (expected === 'any') return true;
  if (expected === 'stream_exists') return last >= 0n;
  return last === (expected === 'no_stream' ? NO_STREAM : expected);
}
