import { Gauge, type Registry } from 'prom-client';
import type pg from 'pg';
import { type KeptAsOfBuilds, keptAsOfBuilds } from './as-of-registry.js';
import type { AsOfBuilds } from './as-of-builds.js';

const GAUGES: readonly (readonly [name: string, help: string, value: (kept: KeptAsOfBuilds) => number])[] = [
  ['kept', 'As-of builds of the read model that are kept', (one) => one.count],
  ['bytes', 'Size of these builds', (one) => one.bytes],
];

export interface MeasuredAsOf {
  readonly pool: pg.Pool;
  readonly asOf: AsOfBuilds;
  /** Whether this process reports what is kept of a read model. */
  readonly reports: (model: string) => Promise<boolean>;
}

/** What is kept of all processes, looked up when it is asked for, and what this one makes. */
export function measureAsOf(metrics: Registry, { pool, asOf, reports }: MeasuredAsOf): void {
  for (const [name, help, value] of GAUGES) {
    new Gauge({
      name: `orderlog_snapshots_${name}`,
      help,
      labelNames: ['model'],
      registers: [metrics],
      async collect(): Promise<void> {
        this.reset();
        for (const one of await keptAsOfBuilds(pool).catch(() => [])) {
          if (await reports(one.model)) this.set({ model: one.model }, value(one));
        }
      },
    });
  }
  new Gauge({
    name: 'orderlog_snapshots_under_way',
    help: 'As-of builds that this process makes or is about to make',
    registers: [metrics],
    collect(): void {
      this.set(asOf.underWay);
    },
  });
}
