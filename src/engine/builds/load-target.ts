import type pg from 'pg';
import type { Position } from '../core/event-store.js';
import type { AnyProjection } from '../projecting/projection.js';
import type { Quarantine, QuarantinedEvent } from '../quarantine/quarantine.js';
import type { Bulk } from './bulk.js';

export type WithBulk = AnyProjection & { readonly bulk: Bulk };

export function hasBulk(projection: AnyProjection): projection is WithBulk {
  return projection.bulk !== undefined;
}

/** A read model that is to be loaded, and where to. */
export interface LoadTarget {
  readonly projection: WithBulk;
  readonly schema: string;
  readonly staging: string;
  /** Up to here it has been loaded by an earlier run. */
  readonly from: Position;
  /** Events behind this position are none of its own. */
  readonly until?: Position;
  /** What is left out; grows by what can't be applied. */
  readonly quarantine: Quarantine;
  /** Set by callers that report unknown event types themselves: such events are passed over. */
  readonly passesOverUnknown?: boolean;
  /** Runs in the transaction of each chunk. `held`: the keys that wait since the one before. */
  committing?(client: pg.ClientBase, done: CommittedChunk): Promise<void>;
}

export interface CommittedChunk {
  readonly position: Position;
  /** That have taken effect. */
  readonly events: number;
  readonly held: readonly QuarantinedEvent[];
}
