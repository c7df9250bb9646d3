/** Parts of an engine over less than a whole one. */
import type pg from 'pg';
import type { Engine } from '../../src/engine/engine.js';
import { JointQuery } from '../../src/engine/projecting/joint-query.js';
import type { CheckpointWatch } from '../../src/engine/projecting/watch.js';
import {
  listQuarantine,
  type QuarantineDeps,
  retryQuarantined,
  skipQuarantined,
} from '../../src/engine/quarantine/operations.js';

export function quarantineOver(
  deps: QuarantineDeps,
): Pick<Engine, 'listQuarantine' | 'retryQuarantined' | 'skipQuarantined'> {
  return {
    listQuarantine: (projections) => listQuarantine(deps, projections),
    retryQuarantined: (projections, streams) => retryQuarantined(deps, projections, streams),
    skipQuarantined: (projections, key, reason) => skipQuarantined(deps, projections, key, reason),
  };
}

export function jointQueriesOver(pool: pg.Pool, watch: CheckpointWatch): Pick<Engine, 'jointQuery'> {
  return { jointQuery: (name, parts) => new JointQuery(pool, watch, name, parts) };
}
