import { Gauge, type Registry } from 'prom-client';
import type { EventStore } from '../core/event-store.js';
import type { SignedSeal } from './seal.js';
import type { SealTable } from './seal-table.js';

export interface Measured {
  readonly table: SealTable;
  readonly store: EventStore;
  readonly logId: string;
  readonly isStopped: () => boolean;
}

/** Counting the events that no seal covers ends here. */
const CAP = 10_000;

/** What is sealed and what is not, looked up whenever the metrics are asked for; nothing while the database is away. */
export function measureSeals(metrics: Registry, { table, store, logId, isStopped }: Measured): void {
  const lag = async (last: SignedSeal): Promise<number | null> => {
    if (last.logId !== logId) return null;
    const filter = { streamPrefixes: last.categories.map((category) => `${category}-`) };
    const [behind] = await store.distances([{ position: last.position, filter }], CAP);
    return behind?.events ?? null;
  };
  const gauges: readonly (readonly [
    name: string,
    help: string,
    value: (last: SignedSeal) => Promise<number | null>,
  ])[] = [
    ['sealed_events', 'Events that seals cover', async ({ through }) => through],
    ['seal_timestamp_seconds', 'When the last seal was made', async ({ sealedAt }) => Date.parse(sealedAt) / 1_000],
    ['seal_lag_events', 'Events behind the last seal, counted up to 10,000', lag],
  ];
  for (const [name, help, value] of gauges) {
    new Gauge({
      ...{ name: `orderlog_${name}`, help, registers: [metrics] },
      async collect(): Promise<void> {
        const last = await table.last().catch(() => null);
        const number = last && (await value(last).catch(() => null));
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
