import type pg from 'pg';
import type { KeepAsOf } from './builds/as-of-registry.js';
import type { EventStore } from './core/event-store.js';
import type { Vault } from './core/vault.js';
import type { ProjectorLog } from './projecting/projector-log.js';
import type { AnyProjection } from './projecting/projection.js';
import type { Hearing } from './projecting/watch.js';
import type { Reactor } from './reacting/reactor.js';
import type { Signer } from './sealing/seal.js';
import type { WitnessedStreams } from './verifying/log-witness.js';

export interface EngineOptions {
  /** Of the database of the read models. Closing the engine does not end it. */
  readonly pool: pg.Pool;
  /** Closing the engine does not close it. */
  readonly store: EventStore;
  readonly vault: Vault;
  readonly projections: readonly AnyProjection[];
  /** None if left out. */
  readonly reactors?: readonly Reactor[];
  /** The application's stream categories. */
  readonly streams: WitnessedStreams;
  readonly keepAsOf: KeepAsOf;
  /** The process in which as-of builds are made, which runs `makeAsOfBuildsForParent`; they are made in this one if left out. */
  readonly asOfProcess?: AsOfProcessOptions;
  readonly log: ProjectorLog;
  /** A channel of the database that the application listens on. */
  readonly hearing?: Hearing;
  /** Signs the seals of the log; without it the log has none. */
  readonly signer?: Signer;
}

export interface AsOfProcessOptions {
  /** The file that the process runs. */
  readonly script: string;
  /** Null where the log is in the database. */
  readonly eventStoreUrl: string | null;
  /** The server of the database runs on this machine: its processes give way too. */
  readonly embedded: boolean;
}
