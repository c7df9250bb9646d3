import { type EventStore, type Position, START } from '../core/event-store.js';
import type { LogTimes } from '../core/log-times.js';

/** Looks at every event: for a log in memory. */
export class ScannedTimes implements LogTimes {
  constructor(private readonly store: Pick<EventStore, 'readAll'>) {}

  async positionAt(time: string): Promise<Position | null> {
    let [before, latest] = [START, ''];
    for await (const { position, recordedAt } of this.store.readAll()) {
      if (recordedAt > time) return before;
      before = position;
      if (recordedAt > latest) latest = recordedAt;
    }
    return Date.parse(time) > Date.now() && time > latest ? null : before;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
