/** Moves the log of a database to another server, or back: copy it, compare both, then switch. */
import type pg from 'pg';
import type { EventStore } from '../core/event-store.js';
import type { Progress } from '../core/progress.js';
import { type LogIdentity, logIdOf } from '../log/log-identity.js';
import { PostgresEventStore } from '../log/postgres/store.js';
import { type Alone, aloneWith, refuseOtherProcesses } from '../postgres/alone.js';
import { connectionOf } from '../postgres/session.js';
import { NotTheSame } from './compare.js';
import { compareLogs, copyLog } from './copy.js';
import { moveBack, moveTo } from './move.js';

export interface MoveOptions extends Alone {
  readonly progress: Progress;
  readonly signal?: AbortSignal;
}

export interface MovedLog {
  readonly from: LogName;
  readonly to: LogName;
  /** On both servers. */
  readonly events: number;
  /** Copied by this call; the others were there. */
  readonly appended: number;
}

type LogName = Pick<LogIdentity, 'log_id' | 'kind'>;

/** A database, the log that it belongs to, and the stream categories of the application. */
export interface MovedFrom {
  readonly pool: pg.Pool;
  readonly store: EventStore;
  readonly logId: string;
  readonly categories: readonly string[];
}

/** How often the rest is copied while somebody, who should not, continues to write. */
const ROUNDS = 3;

/**
 * To another log. Stopped at any moment and called again, it resumes.
 * @throws NotTheSame when the other server holds something else, and Error when other processes work with the database
 */
export async function moveLog(
  { pool, store: source, logId, categories }: MovedFrom,
  target: EventStore,
  options: MoveOptions,
): Promise<MovedLog> {
  return aloneWith(pool, async () => {
    await refuseOtherProcesses(pool, options);
    let appended = 0;
    for (let round = 1; round <= ROUNDS; round++) {
      const copy = await copyLog(source, target, { ...options, categories }).catch((error: unknown) => {
        if (!(error instanceof NotTheSame)) throw error;
        const hint =
          'It is of another installation, or somebody uses the copy already: name a server without such streams';
        throw new NotTheSame(`${error.message}. ${hint}`, { cause: error });
      });
      appended += copy.appended;
      const events = await compareLogs(source, target, copy.head, { ...options, categories });
      const to = { kind: target.kind, log_id: await target.logId() };
      if (await moveTo({ pool, source, head: copy.head, to, alone: options })) {
        return { from: { kind: source.kind, log_id: logId }, to, events, appended };
      }
    }
    throw new Error('the log grows while it is copied: stop all processes that write to it, then run this again');
  });
}

/**
 * Back to the table of the database. As long as nothing was written to the new log, the old one is as good.
 * @returns null where the database has never held the log
 * @throws NotTheSame when something was written, and Error when other processes work with the database
 */
export async function moveLogBack(
  { pool, store, logId, categories }: MovedFrom,
  options: MoveOptions,
): Promise<MovedLog | null> {
  const table = new PostgresEventStore(pool, connectionOf(pool));
  try {
    return await aloneWith(pool, async () => {
      const before = await logIdOf(table);
      if (before === null) return null;
      const compared = compareLogs(table, store, await table.head(), { ...options, categories });
      const events = await compared.catch((error: unknown) => {
        if (!(error instanceof NotTheSame)) throw error;
        throw new NotTheSame(`going back would lose what was written since the move: ${error.message}`, {
          cause: error,
        });
      });
      const to: LogName = { kind: table.kind, log_id: before };
      await moveBack({ pool, to, alone: options });
      return { from: { kind: store.kind, log_id: logId }, to, events, appended: 0 };
    });
  } finally {
    await table.close();
  }
}
