/** Runs every projection of the registry. */
import type pg from 'pg';
import type { EventStore } from '../src/engine/core/event-store.js';
import type { CheckpointWatch } from '../src/engine/projecting/watch.js';
import type { ProjectorLog } from '../src/engine/projecting/projector-log.js';
import { type Projectors, startProjectors } from '../src/engine/projecting/projector.js';
import { projections } from './index.js';

export interface WorkerDeps {
  readonly pool: pg.Pool;
  readonly store: EventStore;
  readonly watch: CheckpointWatch;
  readonly log: ProjectorLog;
}

export function startWorker(deps: WorkerDeps): Projectors {
  return startProjectors({ ...deps, projections });
}
