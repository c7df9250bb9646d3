import type { Registry } from 'prom-client';
import { measureFollowers } from '../projecting/metrics.js';
import { type ReactorSources, reactorStatuses } from './status.js';

export interface MeasuredReactors extends ReactorSources {
  /** Names this process in leases. */
  readonly owner: string;
}

/** Where the reactors stand: as of read models, each is reported by the process that runs it, or ran it last. */
export function measureReactors(metrics: Registry, sources: MeasuredReactors): void {
  const { owner, reactors } = sources;
  if (reactors.length === 0) return;
  measureFollowers(metrics, {
    what: 'reactor',
    owner,
    names: reactors.map(({ name }) => name),
    labels: { names: ['reactor'], of: ({ name }) => ({ reactor: name }) },
    look: (counting) => reactorStatuses(sources, counting),
  });
}
