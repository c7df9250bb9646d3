/**
 * Notices when the log is not the one that a build was made from: the server's data was replaced by an older copy, or by another
 * log. Positions of the lost history mean nothing in the log of today (docs/decisions/0009, docs/runbooks/older-log.md).
 */
import type pg from 'pg';
import type { EventStore, Mark, Position } from '../core/event-store.js';
import type { BuildId } from '../builds/registry.js';
import type { StopReason } from './checkpoints.js';

/** Whether the log still holds what a build has read. */
export async function isOfThisLog(
  { pool, store }: { readonly pool: pg.Pool; readonly store: Pick<EventStore, 'holds'> },
  { name, build }: BuildId,
): Promise<boolean> {
  const { rows } = await pool.query<{ position: Position; mark: Mark | null; lost: boolean }>(
    `select position, subscription -> 'mark' as mark, coalesce(error ? 'lost', false) as lost
     from orderlog.checkpoints where model = $1 and build = $2`,
    [name, build],
  );
  const [row] = rows;
  if (!row) return true;
  if (row.lost) return false;
  // Its place alone may have become that of another record; of the mark the id is known too.
  if (row.mark && !(await store.holds(row.mark))) return false;
  return store.holds({ position: row.position, id: null });
}

/** Why a projection stops whose history the log has lost. */
export function lostHistory(position: Position): StopReason {
  return {
    stream: null,
    revision: null,
    position,
    message:
      'the log has lost what this read model was made from: the data of the event store was replaced by an older copy. ' +
      'Stop all processes, run orderlog rebuild, and start them again',
    lost: true,
  };
}

/** Whether a projector has noticed it, of the build that is read. */
export async function isOfLostHistory(pool: pg.Pool, model: string): Promise<boolean> {
  const { rowCount } = await pool.query({
    name: 'lost-history',
    text: `select from orderlog.checkpoints c join orderlog.builds b on b.model = c.model and b.number = c.build
           where c.model = $1 and b.state = 'active' and ${IS_LOST('c')}`,
    values: [model],
  });
  return rowCount !== 0;
}

/** Part of a statement: whether the build of this checkpoint was made from a history that the log has lost. */
export const IS_LOST = (checkpoint: string): string => `coalesce(${checkpoint}.error ? 'lost', false)`;
