/** What there is to say of read models and their database, in words too. */
import { allBuilds, readBuild } from '../builds/registry.js';
import { heldSnapshot } from '../postgres/held-snapshot.js';
import {
  type Counting,
  degradationOf,
  dropsOf,
  type ModelStatus,
  modelStatuses,
  problemOf,
  type StatusSources,
} from './status.js';
import { stopMessage } from './stop-message.js';

export interface ModelReport extends ModelStatus {
  /** Whether there is a build that can be read. */
  readonly isReadable: boolean;
  /** Why it has stopped; null if it has not. */
  readonly stop: string | null;
  /** What is wrong, seen from outside; null if nothing is. */
  readonly problem: string | null;
  /** What is not whole though it works; null if nothing is. */
  readonly degradation: string | null;
  /** How often its owner lost the connection to the log. */
  readonly drops: number;
}

export interface Report {
  readonly models: readonly ModelReport[];
  /** What slows the database down; null if nothing does. */
  readonly heldSnapshot: string | null;
}

export async function report(sources: StatusSources, counting: Counting): Promise<Report> {
  const statuses = await modelStatuses(sources, counting);
  const builds = await allBuilds(sources.pool);
  const models = sources.projections.flatMap((projection, i) => {
    const status = statuses[i];
    if (!status) return [];
    return {
      ...status,
      isReadable: readBuild(builds, projection) !== null,
      stop: status.error && stopMessage(status.error),
      problem: problemOf(status),
      degradation: degradationOf(status),
      drops: status.subscription ? dropsOf(status.subscription) : 0,
    };
  });
  return { models, heldSnapshot: await heldSnapshot(sources.pool) };
}
