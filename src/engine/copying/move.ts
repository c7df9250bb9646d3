/** From one log to its copy: the moment from which the copy is the log. */
import type pg from 'pg';
import type { EventStore, Position } from '../core/event-store.js';
import { type LogIdentity, rebindToLog } from '../log/log-identity.js';
import { closeLogTable, lockAppends, openLogTable } from '../log/postgres/log-table.js';
import { dropAllBuilds } from '../builds/drop.js';
import { type Alone, refuseOtherProcesses } from '../postgres/alone.js';
import { inTransaction } from '../postgres/transaction.js';

export interface Move {
  readonly pool: pg.Pool;
  readonly source: EventStore;
  /** Of the source: the copy is complete up to here. */
  readonly head: Position;
  readonly to: Pick<LogIdentity, 'log_id' | 'kind'>;
  readonly alone: Alone;
}

/**
 * In one transaction, unless the source has grown: the database belongs to the copy, its read models are gone and will be
 * projected from the copy, and the table of the log takes nothing more.
 * @returns false when the source has grown
 * @throws Error when other processes run
 */
export async function moveTo({ pool, source, head, to, alone }: Move): Promise<boolean> {
  return inTransaction(pool, async (client) => {
    await lockAppends(client);
    if ((await source.head()) !== head) return false;
    await refuseOtherProcesses(client, alone);
    await rebind(client, 'postgres', to);
    await closeLogTable(client);
    return true;
  });
}

/** The way back, while the copy holds nothing that the table does not: the table is the log again. */
export async function moveBack({ pool, to, alone }: Omit<Move, 'source' | 'head'>): Promise<void> {
  await inTransaction(pool, async (client) => {
    await refuseOtherProcesses(client, alone);
    await rebind(client, 'eventstoredb', to);
    await openLogTable(client);
  });
}

async function rebind(client: pg.ClientBase, from: LogIdentity['kind'], to: Move['to']): Promise<void> {
  await rebindToLog(client, from, to);
  // They hold positions of the old log.
  await dropAllBuilds(client);
}
