/** Runs every projection of the registry. */
import type pg from 'pg';
import type { EventStore } from '../src/core/event-store.js';
import type { CheckpointWatch } from '../src/infra/projector/checkpoint-watch.js';
import type { ProjectorLog } from '../src/infra/projector/log.js';
import { type Projectors, startProjectors } from '../src/infra/projector/projector.js';
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
