/** Parts of an engine over less than a whole one. */
import type pg from 'pg';
import { moveLog, moveLogBack } from '../../src/engine/copying/move-log.js';
import { CommandHandler } from '../../src/engine/core/command-handler.js';
import type { EventStore } from '../../src/engine/core/event-store.js';
import type { Engine } from '../../src/engine/engine.js';
import { JointQuery } from '../../src/engine/projecting/joint-query.js';
import { report } from '../../src/engine/projecting/report.js';
import type { StatusSources } from '../../src/engine/projecting/status.js';
import type { CheckpointWatch } from '../../src/engine/projecting/watch.js';
import {
  listQuarantine,
  type QuarantineDeps,
  retryQuarantined,
  skipQuarantined,
} from '../../src/engine/quarantine/operations.js';
import type { ReactorSources } from '../../src/engine/reacting/status.js';
import { MemoryVault } from '../../src/engine/testing.js';
import { streams } from '../../src/streams.js';

export function quarantineOver(
  over: Omit<QuarantineDeps, 'handler'> & { readonly reactors?: Engine['reactors'] },
): Pick<Engine, 'reactors' | 'listQuarantine' | 'retryQuarantined' | 'skipQuarantined'> {
  const { reactors = [] } = over;
  const deps = { ...over, handler: new CommandHandler(over.store, new MemoryVault()) };
  return {
    reactors,
    listQuarantine: (projections) => listQuarantine(deps, projections),
    retryQuarantined: (projections, streams) => retryQuarantined(deps, projections, streams),
    skipQuarantined: (projections, key, reason) => skipQuarantined(deps, projections, key, reason),
  };
}

export function movesOver({
  pool,
  store,
  logId,
}: {
  readonly pool: pg.Pool;
  readonly store: EventStore;
  readonly logId: string;
}): Pick<Engine, 'store' | 'moveLog' | 'moveLogBack'> {
  const from = { pool, store, logId, categories: Object.keys(streams) };
  return {
    store,
    moveLog: (target, options) => moveLog(from, target, options),
    moveLogBack: (options) => moveLogBack(from, options),
  };
}

export function reportsOver(sources: StatusSources & Partial<ReactorSources>): Pick<Engine, 'store' | 'report'> {
  return { store: sources.store, report: (counting) => report({ reactors: [], ...sources }, counting) };
}

export function jointQueriesOver(pool: pg.Pool, watch: CheckpointWatch): Pick<Engine, 'jointQuery'> {
  return { jointQuery: (name, parts) => new JointQuery(pool, watch, name, parts) };
}
