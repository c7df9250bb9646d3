import { Counter, Gauge, type Registry } from 'prom-client';
import type { SubscriptionState } from '../core/event-store.js';
import { type Counting, modelStatuses, type ModelStatus, type StatusSources } from './status.js';

/** Counting what a read model or a reactor lacks ends here: beyond it, how much more does not matter. */
const CAP = 100_000;
/** All gauges of one scrape are told from one look-up. */
const SCRAPE_MS = 250;
/** What has been counted by then is told. */
const COUNT_MS = 5_000;

/** Of whatever has a checkpoint: read models, and reactors. */
const GAUGES: readonly (readonly [name: string, help: string, value: (status: ModelStatus) => number])[] = [
  ['lag_events', 'Events that wait to be applied', (one) => one.lag_events],
  ['lag_seconds', 'Age of the oldest event that waits', (one) => one.lag_seconds],
  ['events', 'Events that have taken effect', (one) => one.events],
  ['stopped', '1 when it stopped at an event that can not be applied', (one) => (one.state === 'stopped' ? 1 : 0)],
  ['quarantined', 'Keys that wait at an event which could not be applied', (one) => one.quarantined],
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

const LABELS = ['model', 'version'] as const;

type LookUp = () => Promise<readonly ModelStatus[]>;

export interface MeasuredModels extends StatusSources {
  /** Names this process in leases. */
  readonly owner: string;
}

/** Of what all processes could report, this one reports what it projects, or was the last to project: sums over processes are right. */
export interface Reporting {
  readonly reports: (model: string) => Promise<boolean>;
  /** What belongs to no read model is reported with the first one. */
  readonly reportsForAll: () => Promise<boolean>;
}

/**
 * Where the read models stand, looked up whenever the metrics are asked for. While the database is away nothing is known of them but
 * that this process owns none.
 */
export function measureReadModels(metrics: Registry, sources: MeasuredModels): Reporting {
  const { owner, projections } = sources;
  const names = projections.map(({ name }) => name);
  const labels = { names: LABELS, of: labelsOf };
  const look = (counting: Counting): Promise<readonly ModelStatus[]> => modelStatuses(sources, counting);
  const ours = measureFollowers(metrics, { what: 'read_model', owner, names, labels, look });
  for (const [name, help, value] of SUBSCRIPTION_GAUGES) {
    gauge(metrics, { name: `subscription_${name}`, help, labels }, ours, ({ subscription }) =>
      subscription ? value(subscription) : null,
    );
  }
  countDrops(metrics, ours);
  const reports = async (model: string): Promise<boolean> => (await ours()).some(({ name }) => name === model);
  return { reports, reportsForAll: () => reports(names[0] ?? '') };
}

/** The labels of a series. */
interface Labels {
  readonly names: readonly string[];
  readonly of: (status: ModelStatus) => Readonly<Record<string, string>>;
}

export interface MeasuredFollowers {
  readonly what: 'read_model' | 'reactor';
  readonly owner: string;
  readonly names: readonly string[];
  /** The first one names each of them. */
  readonly labels: Labels;
  readonly look: (counting: Counting) => Promise<readonly ModelStatus[]>;
}

/** @returns those that this process reports */
export function measureFollowers(metrics: Registry, measured: MeasuredFollowers): LookUp {
  const { what, owner, labels, look } = measured;
  let latest: { readonly statuses: ReturnType<LookUp>; until: number } | null = null;
  const lookUp: LookUp = () => {
    if (latest && Date.now() < latest.until) return latest.statuses;
    const signal = AbortSignal.timeout(COUNT_MS);
    const begun = { statuses: look({ cap: CAP, signal }).catch(() => []), until: Infinity };
    // One under way serves all who ask meanwhile.
    void begun.statuses.then(() => (begun.until = Date.now() + SCRAPE_MS));
    latest = begun;
    return begun.statuses;
  };
  const ours: LookUp = async () => (await lookUp()).filter(({ last_owner }) => last_owner === owner);
  for (const [name, help, value] of GAUGES) gauge(metrics, { name: `${what}_${name}`, help, labels }, ours, value);
  tellOwned(metrics, measured, async () => (await lookUp()).filter(({ lease_owner }) => lease_owner === owner));
  return ours;
}

/** Of every process and at any time, so that what nobody runs has the sum 0. */
function tellOwned(metrics: Registry, { what, labels, names }: MeasuredFollowers, owned: LookUp): void {
  const [label = ''] = labels.names;
  new Gauge({
    name: `orderlog_${what}_owned`,
    help: `1 when this process ${what === 'reactor' ? 'runs' : 'projects'} it`,
    labelNames: [label],
    registers: [metrics],
    async collect(): Promise<void> {
      const found = new Set((await owned()).map(({ name }) => name));
      for (const name of names) this.set({ [label]: name }, found.has(name) ? 1 : 0);
    },
  });
}

/** @param value null where there is none */
function gauge(
  metrics: Registry,
  { name, help, labels }: { readonly name: string; readonly help: string; readonly labels: Labels },
  lookUp: LookUp,
  value: (status: ModelStatus) => number | null,
): void {
  new Gauge({
    name: `orderlog_${name}`,
    help,
    labelNames: [...labels.names],
    registers: [metrics],
    async collect(): Promise<void> {
      this.reset();
      for (const status of await lookUp()) {
        const number = value(status);
        if (number !== null) this.set(labels.of(status), number);
      }
    },
  });
}

function countDrops(metrics: Registry, lookUp: LookUp): void {
  new Counter({
    name: 'orderlog_subscription_drops_total',
    help: 'How often its subscription was dropped, by reason, since its owner began',
    labelNames: [...LABELS, 'reason'],
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
