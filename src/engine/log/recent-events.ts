import { PAGE_BYTES, RECENT_BYTES } from '../core/budgets.js';
import { type EventPage, type Filter, matches, type Position } from '../core/event-store.js';
import type { JsonObject, RecordedEvent } from '../core/message.js';
import { numberOf, positionOf } from './postgres/position.js';

/** An event that this process has just appended: as it was sent, and where it came to stand. */
export interface AppendedEvent {
  readonly position: bigint;
  readonly stream: string;
  readonly revision: number;
  readonly id: string;
  readonly type: string;
  readonly data: string;
  readonly metadata: string;
  readonly recordedAt: string;
}

/** Most events that are kept. */
const MOST_EVENTS = 8_192;

interface Kept {
  readonly event: AppendedEvent;
  /** As a read would give it; parsed once, for the first reader. */
  recorded: RecordedEvent | null;
}

/**
 * The end of the log as far as this process has written it, without a gap: followers that are close to the head are
 * served from here, and ask the database only for what others appended.
 */
export class RecentEvents {
  #kept: Kept[] = [];
  #characters = 0;

  /** In the order of their positions. What does not follow on what is kept replaces it. */
  add(events: readonly AppendedEvent[]): void {
    const [first] = events;
    if (!first) return;
    const last = this.#kept.at(-1);
    if (last && first.position !== last.event.position + 1n) this.#clear();
    for (const event of events) {
      this.#kept.push({ event, recorded: null });
      this.#characters += lengthOf(event);
    }
    if (this.#kept.length > MOST_EVENTS || this.#characters > RECENT_BYTES) this.#shorten();
  }

  /** The events after a position, or null if not all that is behind it is kept. */
  page(from: Position, filter: Filter | undefined, limit: number): EventPage | null {
    const first = this.#kept[0];
    if (!first) return null;
    const index = Number(numberOf(from) + 1n - first.event.position);
    if (index < 0 || index >= this.#kept.length) return null;
    const events: RecordedEvent[] = [];
    let at = index;
    let bytes = 0;
    for (; at < this.#kept.length && events.length < limit && bytes < PAGE_BYTES; at++) {
      const kept = this.#kept[at] as Kept;
      if (!matches(kept.event, filter)) continue;
      events.push((kept.recorded ??= recordedFrom(kept.event)));
      bytes += lengthOf(kept.event);
    }
    const end = (this.#kept[at - 1] as Kept).event.position;
    return { events, position: positionOf(end), caughtUp: at === this.#kept.length };
  }

  /** Halves what is kept, so that it is seldom done. */
  #shorten(): void {
    const gone = this.#kept.splice(0, Math.ceil(this.#kept.length / 2));
    for (const { event } of gone) this.#characters -= lengthOf(event);
  }

  #clear(): void {
    this.#kept = [];
    this.#characters = 0;
  }
}

export function lengthOf({ data, metadata }: AppendedEvent): number {
  return data.length + metadata.length;
}

/** As a read would give it. */
export function recordedFrom(event: AppendedEvent): RecordedEvent {
  const { position, stream, revision, id, type, data, metadata, recordedAt } = event;
  return {
    position: positionOf(position),
    stream,
    revision,
    id: id.toLowerCase(),
    type,
    data: JSON.parse(data) as JsonObject,
    metadata: JSON.parse(metadata) as JsonObject,
    recordedAt,
  };
}
