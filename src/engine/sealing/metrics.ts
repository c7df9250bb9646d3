import { Gauge, type Registry } from 'prom-client';
import type { Coverage } from './coverage.js';

export interface Measured {
  readonly coverage: () => Promise<Coverage | null>;
  readonly isStopped: () => boolean;
  /** Whether this process reports what all processes could. */
  readonly reports: () => Promise<boolean>;
}

/** All gauges of one scrape are told from one look-up. */
const SCRAPE_MS = 250;

const GAUGES: readonly (readonly [name: string, help: string, value: (coverage: Coverage) => number | null])[] = [
  ['sealed_events', 'Events that seals cover', ({ sealed }) => sealed],
  ['seal_lag_events', 'Events behind the last seal, counted up to 10,000', ({ unsealed }) => unsealed],
  ['seal_timestamp_seconds', 'When the last seal was made', ({ sealedAt }) => Date.parse(sealedAt) / 1_000],
];

/** What is sealed and what is not, looked up whenever the metrics are asked for; nothing while the database is away. */
export function measureSeals(metrics: Registry, { coverage, isStopped, reports }: Measured): void {
  let latest: { readonly coverage: Promise<Coverage | null>; readonly until: number } | null = null;
  const lookUp = (): Promise<Coverage | null> => {
    if (!latest || Date.now() >= latest.until) {
      const found = reports().then((isOurs) => (isOurs ? coverage() : null));
      latest = { coverage: found.catch(() => null), until: Date.now() + SCRAPE_MS };
    }
    return latest.coverage;
  };
  for (const [name, help, value] of GAUGES) {
    new Gauge({
      ...{ name: `orderlog_${name}`, help, registers: [metrics] },
      async collect(): Promise<void> {
        this.remove();
        const found = await lookUp();
        const number = found && value(found);
        if (number !== null) this.set(number);
      },
    });
  }
  new Gauge({
    ...{ name: 'orderlog_sealing_stopped', help: '1 when this process can not seal: the seals do not fit the log' },
    registers: [metrics],
    collect(): void {
      this.set(isStopped() ? 1 : 0);
    },
  });
}
