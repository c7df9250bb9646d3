import type pg from 'pg';
import type { EventStore } from '../core/event-store.js';
import { checkpointStatuses, STALLED_SECONDS } from '../projecting/checkpoint-reads.js';
import { readBy } from '../projecting/reads.js';
import { type Counting, missing, type ModelStatus } from '../projecting/status.js';
import { checkpointIdOf, type Reactor } from './reactor.js';

export interface ReactorSources {
  readonly pool: pg.Pool;
  readonly store: EventStore;
  readonly reactors: readonly Reactor[];
}

/** Where a reactor stands, as of a read model. `version` is that of the code that asks. */
export type ReactorStatus = ModelStatus;

export async function reactorStatuses(
  { pool, store, reactors }: ReactorSources,
  { cap, stalledOnly = false, signal }: Counting,
): Promise<ReactorStatus[]> {
  if (reactors.length === 0) return [];
  const rows = await checkpointStatuses(pool);
  const found = reactors.map((reactor) => {
    const { name, build } = checkpointIdOf(reactor);
    const row = rows.find((one) => one.name === name && one.version === build) ?? missing(name, build);
    return { reactor, row: { ...row, version: reactor.version } };
  });
  const counted = found.filter(({ row }) => !stalledOnly || row.seconds_since_progress > STALLED_SECONDS);
  const read = counted.map(({ reactor, row }) => ({ position: row.checkpoint, filter: readBy(reactor) }));
  const distances = await store.distances(read, cap, signal);
  return found.map((one) => {
    const { events, oldest } = distances[counted.indexOf(one)] ?? { events: 0, oldest: null };
    const { afterMs = 0 } = one.reactor;
    // What is not due yet does not wait.
    const age = oldest === null ? 0 : Math.max(0, Date.now() - Date.parse(oldest) - afterMs) / 1_000;
    return { ...one.row, lag_events: age > 0 || afterMs === 0 ? events : 0, lag_seconds: age };
  });
}

/** With a name that tells it from a read model, for what people read. */
export function named(status: ReactorStatus): ReactorStatus {
  return { ...status, name: `reactor ${status.name}` };
}
