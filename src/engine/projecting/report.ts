/** What there is to say of read models, reactors and their database, in words too. */
import { allBuilds, readBuild } from '../builds/registry.js';
import { heldSnapshot } from '../postgres/held-snapshot.js';
import { named, type ReactorSources, reactorStatuses } from '../reacting/status.js';
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

interface Told extends ModelStatus {
  /** Why it has stopped; null if it has not. */
  readonly stop: string | null;
  /** What is wrong, seen from outside; null if nothing is. */
  readonly problem: string | null;
  /** What is not whole though it works; null if nothing is. */
  readonly degradation: string | null;
  /** How often its owner lost the connection to the log. */
  readonly drops: number;
}

export interface ModelReport extends Told {
  /** Whether there is a build that can be read. */
  readonly isReadable: boolean;
}

export interface Report {
  readonly models: readonly ModelReport[];
  readonly reactors: readonly Told[];
  /** What slows the database down; null if nothing does. */
  readonly heldSnapshot: string | null;
}

export async function report(sources: StatusSources & ReactorSources, counting: Counting): Promise<Report> {
  const statuses = await modelStatuses(sources, counting);
  const builds = await allBuilds(sources.pool);
  const models = sources.projections.flatMap((projection, i) => {
    const status = statuses[i];
    if (!status) return [];
    return { ...told(status), isReadable: readBuild(builds, projection) !== null };
  });
  const reacting = await reactorStatuses(sources, counting);
  const reactors = reacting.map((status) => ({ ...told(named(status)), name: status.name }));
  return { models, reactors, heldSnapshot: await heldSnapshot(sources.pool) };
}

function told(status: ModelStatus): Told {
  return {
    ...status,
    stop: status.error && stopMessage(status.error),
    problem: problemOf(status),
    degradation: degradationOf(status),
    drops: status.subscription ? dropsOf(status.subscription) : 0,
  };
}
