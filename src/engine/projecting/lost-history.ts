/**
 * Notices when the log is not the one that a build was made from: the server's data was replaced by an older copy, or by another
 * log. Positions of the lost history mean nothing in the log of today (docs/decisions/0009, docs/runbooks/older-log.md).
 */
import type pg from 'pg';
import type { EventStore, Position } from '../core/event-store.js';
import type { BuildId } from '../builds/registry.js';
import { checkpointOf } from './checkpoint-reads.js';
import type { StopReason } from './checkpoints.js';

/** Whether the log still holds what a build has read. */
export async function isOfThisLog(
  { pool, store }: { readonly pool: pg.Pool; readonly store: Pick<EventStore, 'holds'> },
  of: BuildId,
): Promise<boolean> {
  const checkpoint = await checkpointOf(pool, of);
  if (!checkpoint) return true;
  const { error, mark, position } = checkpoint;
  if (error?.lost) return false;
  // Its position alone may be that of another record by now. Of the mark the id is known too.
  if (mark && !(await store.holds(mark))) return false;
  return store.holds({ position, id: null });
}

/** What it was that has read the history, for people. */
const READERS = { projection: 'what this read model was made from', reactor: 'what this reactor has followed' };

/** Why a projection or a reactor stops whose history the log has lost. */
export function lostHistory(position: Position, kind: keyof typeof READERS = 'projection'): StopReason {
  return {
    stream: null,
    revision: null,
    position,
    message:
      `the log has lost ${READERS[kind]}: the data of the event store was replaced by an older copy. ` +
      'Stop all processes, run orderlog rebuild, and start them again',
    lost: true,
  };
}
