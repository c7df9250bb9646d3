import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type pg from 'pg';
import type { EventStore } from '../../core/event-store.js';
import { pause } from './back-off.js';
import { RENEW_EVERY_MS, renewLeases } from './checkpoints.js';
import type { CheckpointWatch } from './checkpoint-watch.js';
import type { ProjectorLog } from './log.js';
import type { AnyProjection } from './projection.js';
import { Runner } from './runner.js';

export interface ProjectorOptions {
  /** For leases and preparations; each projection that runs here has a connection of its own beside it. */
  readonly pool: pg.Pool;
  readonly store: EventStore;
  readonly projections: readonly AnyProjection[];
  readonly watch: CheckpointWatch;
  readonly log: ProjectorLog;
  /** Most events in a transaction. */
  readonly pageSize?: number;
}

export interface Projectors {
  /** Finishes the pages under way, gives the leases back and closes its connections; within 5 s, whatever hangs. */
  stop(): Promise<void>;
}

const DRAIN_MS = 4_000;
const ABANDON_MS = 500;

/** Runs the projections, those of them that no other process is running; takes over from a process that dies. */
export function startProjectors({ projections, pageSize = 1_000, ...options }: ProjectorOptions): Projectors {
  const stopping = new AbortController();
  const owner = `${hostname()}:${process.pid}:${randomUUID()}`;
  const runners = projections.map((projection) => new Runner(projection, { ...options, owner, pageSize }));
  const runs = Promise.all([
    ...runners.map((runner) => runner.run(stopping.signal)),
    keepLeases(options.pool, owner, stopping.signal),
  ]);
  return {
    async stop(): Promise<void> {
      stopping.abort();
      if (await endsWithin(runs, DRAIN_MS)) return;
      for (const runner of runners) runner.abandon();
      await endsWithin(runs, ABANDON_MS);
    },
  };
}

async function keepLeases(pool: pg.Pool, owner: string, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await pause(RENEW_EVERY_MS, signal);
    // If it fails, the projections' own statements tell of it.
    if (!signal.aborted) await renewLeases(pool, owner).catch(() => undefined);
  }
}

async function endsWithin(work: Promise<unknown>, ms: number): Promise<boolean> {
  const decided = new AbortController();
  try {
    return await Promise.race([work.then(() => true), pause(ms, decided.signal).then(() => false)]);
  } finally {
    decided.abort();
  }
}
