/** Read models on one snapshot of the database, for what is too large for one statement. */
import type pg from 'pg';
import { sessionBeside } from '../postgres/session.js';
import type { AnyProjection } from './projection.js';
import { ReadModel } from './read-model.js';
import type { CheckpointWatch } from './watch.js';

export interface Frozen {
  /** Queries on a read model; all queries on all of them see the same moment. @param beside those whose tables its queries join */
  readModel(name: string, ...beside: string[]): ReadModel;
  /** The snapshot is gone: the server ends it when it hears nothing for ten seconds. Every query fails from then on. */
  readonly lost: AbortSignal;
  readonly release: () => Promise<void>;
}

export interface FreezingParts {
  readonly pool: pg.Pool;
  readonly projections: readonly AnyProjection[];
  readonly watch: CheckpointWatch;
}

/**
 * Begins a snapshot, on a session of its own. Release it soon: while it is held, Postgres keeps what changes.
 * @param kind `request`: its statements have a deadline, and it ends by itself when nothing is asked; `work`: neither
 */
export async function freeze({ pool, projections, watch }: FreezingParts, kind: 'request' | 'work'): Promise<Frozen> {
  const session = sessionBeside(pool, kind, { applicationName: 'orderlog-export' });
  const lost = new AbortController();
  session.once('end', () => lost.abort());
  try {
    await session.connect();
    await session.query('begin isolation level repeatable read read only');
  } catch (error) {
    session.cut();
    throw error;
  }
  const projection = (name: string): AnyProjection => {
    const found = projections.find((one) => one.name === name);
    if (!found) throw new Error(`there is no projection ${name}`);
    return found;
  };
  return {
    readModel: (name, ...beside) => new ReadModel(session, projection(name), watch, null, beside.map(projection)),
    lost: lost.signal,
    release: () => session.end().catch(() => undefined),
  };
}
