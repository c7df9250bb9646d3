import type { BuildId } from './registry.js';
import { checkpointOf } from '../projecting/checkpoint-reads.js';
import type { AnyProjection } from '../projecting/projection.js';
import { startProjectors } from '../projecting/projector.js';
import type pg from 'pg';
import type { EventStore } from '../core/event-store.js';
import type { ProjectorLog } from '../projecting/projector-log.js';
import type { CheckpointWatch } from '../projecting/watch.js';

/** What rebuilding works with. */
export interface RebuildDeps {
  readonly pool: pg.Pool;
  readonly store: EventStore;
  readonly watch: CheckpointWatch;
  readonly log: ProjectorLog;
}

/** The projection of a build has stopped: it can't get to the head. */
class FollowingStopped extends Error {
  override readonly name = 'FollowingStopped';
}

const LOOK_EVERY_MS = 1_000;

/**
 * Lets builds follow the log by the ordinary path, in this process or in whichever has them, while something is done.
 * @param work gets a function that resolves once a build is at the head of the log as it is at that moment
 * @throws FollowingStopped
 */
export async function followTo<T>(
  deps: RebuildDeps,
  builds: readonly (BuildId & { readonly projection: AnyProjection })[],
  signal: AbortSignal,
  work: (atTheHead: (of: BuildId) => Promise<void>) => Promise<T>,
): Promise<T> {
  const projectors = startProjectors({ ...deps, projections: builds.map(({ projection }) => projection), builds });
  try {
    return await work((of) => atTheHead(deps, of, signal));
  } finally {
    await projectors.stop();
  }
}

async function atTheHead({ pool, store, watch }: RebuildDeps, of: BuildId, signal: AbortSignal): Promise<void> {
  for (;;) {
    signal.throwIfAborted();
    const head = await store.head();
    const checkpoint = await checkpointOf(pool, of);
    if (!checkpoint) throw new Error(`build ${of.build} of ${of.name} was dropped meanwhile`);
    if (checkpoint.position >= head) return;
    const { error } = checkpoint;
    if (error) {
      const where = error.stream === null ? '' : ` at ${error.stream}@${error.revision}`;
      throw new FollowingStopped(`build ${of.build} of ${of.name} has stopped${where}: ${error.message}`);
    }
    await watch.waitFor(of.name, of.build, head, LOOK_EVERY_MS, signal);
  }
}
