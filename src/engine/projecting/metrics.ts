import { Counter, Gauge, type Registry } from 'prom-client';
import type { SubscriptionState } from '../core/event-store.js';
import { modelStatuses, type ModelStatus, type StatusSources } from './status.js';

/** Counting what a read model lacks ends here: beyond it, how much more does not matter. */
const CAP = 100_000;
/** All gauges of one scrape are told from one look-up. */
const SCRAPE_MS = 250;
/** What has been counted by then is told. */
const COUNT_MS = 5_000;

const GAUGES: readonly (readonly [name: string, help: string, value: (status: ModelStatus) => number])[] = [
  ['lag_events', 'Events that wait to be projected', (one) => one.lag_events],
  ['lag_seconds', 'Age of the oldest event that waits', (one) => one.lag_seconds],
  ['events_total', 'Events that have taken effect', (one) => one.events],
  ['stopped', '1 when it stopped at an event that can not be applied', (one) => (one.state === 'stopped' ? 1 : 0)],
  ['quarantined', 'Keys that wait at an event which could not be applied', (one) => one.quarantined],
  ['owned', '1 when a projector owns it', (one) => (one.lease_owner === null ? 0 : 1)],
];

/** Of those that have a connection to the log to speak of. */
const SUBSCRIPTION_GAUGES: readonly (readonly [
  name: string,
  help: string,
  value: (state: SubscriptionState) => number | null,
])[] = [
  ['connected', '1 when its subscription to the log is connected', (one) => (one.connectedSince === null ? 0 : 1)],
  [
    'last_event_timestamp_seconds',
    'When its subscription last had an event',
    (one) => (one.lastEventAt === null ? null : Date.parse(one.lastEventAt) / 1_000),
  ],
];

type LookUp = () => Promise<readonly ModelStatus[]>;

const labelNames = ['model', 'version'] as const;

/** Where the read models stand, looked up whenever the metrics are asked for; nothing while the database is away. */
export function measureReadModels(metrics: Registry, sources: StatusSources): void {
  let latest: { readonly statuses: ReturnType<LookUp>; until: number } | null = null;
  const lookUp: LookUp = () => {
    if (latest && Date.now() < latest.until) return latest.statuses;
    const signal = AbortSignal.timeout(COUNT_MS);
    const begun = { statuses: modelStatuses(sources, { cap: CAP, signal }).catch(() => []), until: Infinity };
    // One under way serves all who ask meanwhile.
    void begun.statuses.then(() => (begun.until = Date.now() + SCRAPE_MS));
    latest = begun;
    return begun.statuses;
  };
  for (const [name, help, value] of GAUGES) gauge(metrics, `read_model_${name}`, help, lookUp, value);
  for (const [name, help, value] of SUBSCRIPTION_GAUGES) {
    gauge(metrics, `subscription_${name}`, help, lookUp, ({ subscription }) => subscription && value(subscription));
  }
  countDrops(metrics, lookUp);
}

/** @param value null where there is none */
function gauge(
  metrics: Registry,
  name: string,
  help: string,
  lookUp: LookUp,
  value: (status: ModelStatus) => number | null,
): void {
  new Gauge({
    name: `orderlog_${name}`,
    help,
    labelNames,
    registers: [metrics],
    async collect(): Promise<void> {
      this.reset();
      for (const status of await lookUp()) {
        const number = value(status);
        if (number !== null) this.set(labelsOf(status), number);
      }
    },
  });
}

function countDrops(metrics: Registry, lookUp: LookUp): void {
  new Counter({
    name: 'orderlog_subscription_drops_total',
    help: 'How often its subscription was dropped, by reason, since its owner began',
    labelNames: [...labelNames, 'reason'],
    registers: [metrics],
    async collect(): Promise<void> {
      this.reset();
      for (const status of await lookUp()) {
        for (const [reason, n] of Object.entries(status.subscription?.drops ?? {})) {
          this.inc({ ...labelsOf(status), reason }, n);
        }
      }
    },
  });
}

function labelsOf({ name, version }: ModelStatus): { model: string; version: string } {
  return { model: name, version: String(version) };
}
