import { RECENT_STREAMS_BYTES } from '../core/budgets.js';
import type { RecordedEvent } from '../core/message.js';
import { type AppendedEvent, lengthOf, recordedFrom } from './recent-events.js';

interface Kept {
  readonly events: AppendedEvent[];
  characters: number;
}

/**
 * Streams that this process has begun and written all of, as far as it knows: a command on one of them need not read it. What is
 * personal in them is sealed, as in the log. The one that was used the longest time ago goes first.
 */
export class RecentStreams {
  readonly #kept = new Map<string, Kept>();
  #characters = 0;

  constructor(private readonly most = RECENT_STREAMS_BYTES) {}

  /** In the order in which they were appended. */
  add(events: readonly AppendedEvent[]): void {
    for (const event of events) {
      const { stream, revision } = event;
      const before = this.#take(stream);
      const kept = revision === 0 ? { events: [], characters: 0 } : before;
      if (kept?.events.length !== revision) continue;
      kept.events.push(event);
      kept.characters += lengthOf(event);
      this.#characters += kept.characters;
      this.#kept.set(stream, kept);
    }
    for (const stream of this.#kept.keys()) {
      if (this.#characters <= this.most) break;
      this.#take(stream);
    }
  }

  /** Null where it is not kept. Others may have appended to it since. */
  of(stream: string): readonly RecordedEvent[] | null {
    const kept = this.#take(stream);
    if (!kept) return null;
    this.#characters += kept.characters;
    this.#kept.set(stream, kept);
    return kept.events.map(recordedFrom);
  }

  /** Others have appended to it. */
  forget(stream: string): void {
    this.#take(stream);
  }

  #take(stream: string): Kept | undefined {
    const kept = this.#kept.get(stream);
    if (kept) {
      this.#kept.delete(stream);
      this.#characters -= kept.characters;
    }
    return kept;
  }
}
