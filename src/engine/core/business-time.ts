/** When something happened, by the event's own account: every event says it in its one field whose name ends in `_at`. */
import type { Fact } from './message.js';

/** The later one; they need not be written with the same precision. */
export function later(latest: string | null, at: string): string {
  return latest !== null && Date.parse(at) <= Date.parse(latest) ? latest : at;
}

/** The latest time, with that of one more event. */
export function latestOf(latest: string | null, { data }: Pick<Fact, 'data'>): string | null {
  for (const [name, value] of Object.entries(data)) {
    if (name.endsWith('_at') && typeof value === 'string') return later(latest, value);
  }
  return latest;
}
