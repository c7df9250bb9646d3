/** What a runner runs. */
import type { Position } from '../core/event-store.js';
import type { RecordedEvent } from '../core/message.js';
import type { Lease, StopReason } from './checkpoints.js';
import type { Acquiring } from './leased-session.js';
import type { Reading } from './reads.js';
import type { OnQuarantined } from './term.js';

/** What follows the log: a build of a projection, or a reactor. */
export interface Follower extends Reading {
  readonly kind: 'projection' | 'reactor';
  /** What lines of the log are about. */
  readonly subject: object;
  /** Takes the lease; null when another process has it. */
  begin(this: void, beginning: Beginning): Promise<FollowerTerm | null>;
}

export interface Beginning extends Acquiring {
  readonly onQuarantined: OnQuarantined;
  /** Told of a checkpoint that moved after `apply` was over. */
  readonly onAdvanced: () => void;
  /** Told of an error after `apply` was over: the term ends with it. */
  readonly onFailed: (error: unknown) => void;
}

/** What the owner of a lease does until its term ends. */
export interface FollowerTerm {
  readonly lease: Lease;
  /** The checkpoint, as committed. */
  readonly position: Position;
  /** Takes events over, all up to `position`. @throws Unprojectable, LeaseLost, and what the servers say */
  apply(events: readonly RecordedEvent[], position: Position): Promise<void>;
  /** @throws LeaseLost */
  renew(): Promise<void>;
  /** Releases the lease and closes the connection. */
  end(reason: StopReason | null): Promise<void>;
  /** Cuts the connection, whatever is under way on it. */
  abandon(): void;
}
