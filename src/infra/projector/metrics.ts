import { Gauge, type Registry } from 'prom-client';
import { modelStatuses, type ModelStatus, type StatusSources } from './status.js';

/** Counting what a read model lacks ends here: beyond it, how much more does not matter. */
const CAP = 100_000;
/** All gauges of one scrape are told from one look-up. */
const SCRAPE_MS = 250;

const GAUGES: readonly (readonly [name: string, help: string, value: (status: ModelStatus) => number])[] = [
  ['lag_events', 'Events that wait to be projected', (one) => one.lag_events],
  ['lag_seconds', 'Age of the oldest event that waits', (one) => one.lag_seconds],
  ['events_total', 'Events that have taken effect', (one) => one.events],
  ['stopped', '1 when it stopped at an event that can not be applied', (one) => (one.state === 'stopped' ? 1 : 0)],
  ['owned', '1 when a projector owns it', (one) => (one.lease_owner === null ? 0 : 1)],
];

/** Where the read models stand, looked up whenever the metrics are asked for; nothing while the database is away. */
export function measureReadModels(metrics: Registry, sources: StatusSources): void {
  let latest: { readonly at: number; readonly statuses: Promise<readonly ModelStatus[]> } | null = null;
  const lookUp = (): Promise<readonly ModelStatus[]> => {
    if (!latest || Date.now() - latest.at > SCRAPE_MS) {
      latest = { at: Date.now(), statuses: modelStatuses(sources, CAP).catch(() => []) };
    }
    return latest.statuses;
  };
  for (const [name, help, value] of GAUGES) {
    new Gauge({
      name: `orderlog_read_model_${name}`,
      help,
      labelNames: ['model', 'version'] as const,
      registers: [metrics],
      async collect(): Promise<void> {
        this.reset();
        for (const status of await lookUp()) {
          this.set({ model: status.name, version: String(status.version) }, value(status));
        }
      },
    });
  }
}
