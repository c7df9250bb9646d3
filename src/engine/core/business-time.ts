/**
 * When something happened, by the event's own account. `eventType` says which field that is: its `time`, or else its one text whose
 * name ends in `_at`. A command says it in its field `at`, if it has one.
 */
import type { EventType } from './event-type.js';

/** The later one; they need not be written with the same precision. */
export function later(latest: string | null, at: string): string {
  return latest !== null && Date.parse(at) <= Date.parse(latest) ? latest : at;
}

/** The latest time, with that of one more event. */
export function latestOf(latest: string | null, data: object, { time }: Pick<EventType, 'time'>): string | null {
  for (const [name, value] of Object.entries(data)) {
    const isTime = time === null ? name.endsWith('_at') : name === time;
    if (isTime && typeof value === 'string') return later(latest, value);
  }
  return latest;
}
