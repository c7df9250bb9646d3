import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import type { Test } from 'tap';
import type { EventStore, Position } from '../../../src/engine/core/event-store.js';
import type { RecordedEvent } from '../../../src/engine/core/message.js';
import { prepareModel } from '../../../src/engine/builds/prepare-model.js';
import type { BuildId } from '../../../src/engine/builds/registry.js';
import { MemoryEventStore } from '../../../src/engine/log/memory.js';
import { CheckpointWatch } from '../../../src/engine/projecting/watch.js';
import type { ProjectorLog } from '../../../src/engine/projecting/projector-log.js';
import type { AnyProjection } from '../../../src/engine/projecting/projection.js';
import { type Projectors, startProjectors } from '../../../src/engine/projecting/projector.js';
import { testDatabase } from '../../support/database.js';

export interface LogLine {
  readonly level: 'info' | 'warn' | 'error';
  readonly fields: object;
  readonly message: string;
}

/** Keeps what is said. */
export function keptLog(): ProjectorLog & { readonly lines: LogLine[] } {
  const lines: LogLine[] = [];
  const at =
    (level: LogLine['level']) =>
    (fields: object, message: string): void => {
      lines.push({ level, fields, message });
    };
  return { lines, info: at('info'), warn: at('warn'), error: at('error') };
}

export interface Stage {
  readonly pool: pg.Pool;
  readonly store: MemoryEventStore;
  readonly watch: CheckpointWatch;
  readonly log: ReturnType<typeof keptLog>;
  readonly connectionString: string;
  /** Starts projectors as a process of their own would: with an owner's name of their own. */
  readonly start: (...projections: readonly AnyProjection[]) => Projectors;
  readonly startWith: (options: Setting, ...projections: readonly AnyProjection[]) => Projectors;
  readonly reached: (name: string, position: Position, ms?: number) => Promise<boolean>;
}

interface Setting {
  readonly store?: EventStore;
  readonly pageSize?: number;
  readonly owner?: string;
}

/** An empty database, a log in memory, and projectors that are stopped at the end of the test. */
export async function stage(t: Test): Promise<Stage> {
  const { pool, connectionString } = await testDatabase(t);
  const store = new MemoryEventStore();
  const watch = new CheckpointWatch(pool);
  const log = keptLog();
  const started: Projectors[] = [];
  t.teardown(async () => {
    await Promise.all(started.map((projectors) => projectors.stop()));
    await watch.close();
    await store.close();
  });
  const startWith: Stage['startWith'] = (options, ...projections) => {
    const projectors = startProjectors({ pool, store, watch, log, projections, ...options });
    started.push(projectors);
    return projectors;
  };
  return {
    pool,
    store,
    watch,
    log,
    connectionString,
    startWith,
    start: (...projections) => startWith({}, ...projections),
    reached: (name, position, ms = 30_000) => watch.waitFor(name, 1, position, ms),
  };
}

/** All events of a log, as one page. */
export async function collected(store: EventStore): Promise<{ events: RecordedEvent[]; head: Position }> {
  const events: RecordedEvent[] = [];
  for await (const event of store.readAll()) events.push(event);
  return { events, head: await store.head() };
}

export async function prepared(...of: Parameters<typeof prepareModel>): Promise<BuildId> {
  const build = await prepareModel(...of);
  if (!build) throw new Error('there is another build');
  return build;
}

/** Waits until it is so; a limit for what never comes, not for what is slow. */
export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!(await isSo())) {
    if (Date.now() > deadline) throw new Error('it did not come true in a minute');
    await sleep(10);
  }
}
