/** A reactor for tests: a note is taken of each job that is done, in a stream of its own. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import type { Test } from 'tap';
import { z } from 'zod';
import { CommandHandler } from '../../../src/engine/core/command-handler.js';
import type { EventStore, Position } from '../../../src/engine/core/event-store.js';
import { eventType, type FactOf } from '../../../src/engine/core/event-type.js';
import type { NewEvent, RecordedEvent } from '../../../src/engine/core/message.js';
import type { StreamBinding } from '../../../src/engine/core/stream-access.js';
import { MemoryEventStore } from '../../../src/engine/log/memory.js';
import { newOwner, type Projectors } from '../../../src/engine/projecting/projector.js';
import { CheckpointWatch } from '../../../src/engine/projecting/watch.js';
import { checkpointIdOf, defineReactor, type Reaction, type Reactor } from '../../../src/engine/reacting/reactor.js';
import { startReactors } from '../../../src/engine/reacting/reactors.js';
import { MemoryVault } from '../../../src/engine/testing.js';
import { testDatabase } from '../../support/database.js';
import { keptLog } from '../projecting/running.js';

export const jobEvents = {
  JobDone: eventType('JobDone', z.strictObject({ n: z.int() })),
  JobSeen: eventType('JobSeen', z.strictObject({ n: z.int() })),
};
const noteEvents = { NoteTaken: eventType('NoteTaken', z.strictObject({ n: z.int() })) };

interface TakeNote {
  readonly type: 'TakeNote';
  readonly n: number;
}

/** Takes each note once: idempotent, as what a reactor runs must be. */
export const notes: StreamBinding<readonly number[], TakeNote, FactOf<typeof noteEvents>> = {
  name: (id) => `note-${id}`,
  types: noteEvents,
  decider: {
    initialState: [],
    decide: (taken, { n }) => (taken.includes(n) ? [] : [{ type: 'NoteTaken', data: { n } }]),
    evolve: (taken, { data }) => [...taken, data.n],
  },
};

/** Where a test steps in. */
export interface Hooks {
  readonly before?: (n: number, reaction: Reaction) => Promise<void> | void;
  readonly after?: (n: number, reaction: Reaction) => Promise<void> | void;
}

export function noting({ before, after }: Hooks = {}, more: Partial<Reactor> = {}): Reactor {
  const reactor = defineReactor({
    name: 'noting',
    version: 1,
    reads: { job: jobEvents },
    handlers: {
      async JobDone({ stream, data: { n } }, reaction) {
        await before?.(n, reaction);
        await reaction.handler.execute(notes, stream.slice(4), { type: 'TakeNote', n }, reaction.context());
        await after?.(n, reaction);
      },
    },
  });
  return { ...reactor, ...more };
}

export function job(n: number, type = 'JobDone'): NewEvent {
  const id = randomUUID();
  const actor = { kind: 'anonymous', id: null };
  const metadata = { command_id: id, fingerprint: '', correlation_id: `c-${n}`, causation_id: id, actor };
  return { id, type, data: { n }, metadata: { schema_version: 1, ...metadata } };
}

/** Notes of a job, in their order. */
export async function notesOf(store: EventStore, id: string | number): Promise<RecordedEvent[]> {
  const taken: RecordedEvent[] = [];
  for await (const event of store.readAll({ filter: { streamPrefixes: [`note-${id}`] } })) {
    if (event.stream === `note-${id}`) taken.push(event);
  }
  return taken;
}

/** All notes in the log, by their number. */
export async function allNotes(store: EventStore): Promise<number[]> {
  const taken: number[] = [];
  for await (const { data } of store.readAll({ filter: { types: ['NoteTaken'] } })) taken.push(data['n'] as number);
  return taken.sort((a, b) => a - b);
}

export interface Acting<Store extends EventStore = EventStore> {
  readonly pool: pg.Pool;
  readonly connectionString: string;
  readonly store: Store;
  readonly watch: CheckpointWatch;
  readonly log: ReturnType<typeof keptLog>;
  /** As a process of its own would. */
  readonly start: (...reactors: readonly Reactor[]) => Projectors;
  readonly startAs: (owner: string, ...reactors: readonly Reactor[]) => Projectors;
  readonly startOn: (store: EventStore, ...reactors: readonly Reactor[]) => Projectors;
  readonly reached: (position: Position, ms?: number) => Promise<boolean>;
  readonly done: (id: string | number, ...numbers: readonly number[]) => Promise<Position>;
}

/** An empty database, a log, and reactors that are stopped at the end of the test. */
export async function acting(t: Test): Promise<Acting<MemoryEventStore>>;
export async function acting<Store extends EventStore>(
  t: Test,
  open: (database: { readonly pool: pg.Pool; readonly connectionString: string }) => Promise<Store>,
): Promise<Acting<Store>>;
export async function acting(
  t: Test,
  open: (database: { readonly pool: pg.Pool; readonly connectionString: string }) => Promise<EventStore> = () =>
    Promise.resolve(new MemoryEventStore()),
): Promise<Acting> {
  const { pool, connectionString } = await testDatabase(t);
  const store = await open({ pool, connectionString });
  const watch = new CheckpointWatch(pool);
  const log = keptLog();
  const started: Projectors[] = [];
  t.teardown(async () => {
    await Promise.all(started.map((one) => one.stop()));
    await watch.close();
    await store.close();
  });
  const begin = (on: EventStore, reactors: readonly Reactor[], owner = newOwner()): Projectors => {
    const handler = new CommandHandler(on, new MemoryVault());
    const running = startReactors({ pool, store: on, handler, watch, log, reactors, owner });
    started.push(running);
    return running;
  };
  return {
    pool,
    connectionString,
    store,
    watch,
    log,
    start: (...reactors) => begin(store, reactors),
    startAs: (owner, ...reactors) => begin(store, reactors, owner),
    startOn: (on, ...reactors) => begin(on, reactors),
    reached: (position, ms = 20_000) => watch.waitFor('noting', 0, position, ms),
    done: async (id, ...numbers) => {
      const events = numbers.map((n) => job(n));
      return (await store.append(`job-${id}`, events, 'any')).position;
    },
  };
}

export interface Row {
  readonly position: Position;
  readonly events: number;
  readonly state: string;
  readonly lease_owner: string | null;
  readonly quarantined: number;
}

/** The checkpoint, as committed. */
export async function checkpoint(pool: pg.Pool): Promise<Row> {
  const { rows } = await pool.query<Row>(
    `select position, events, state, lease_owner, quarantined from orderlog.checkpoints where model = $1 and build = $2`,
    [checkpointIdOf({ name: 'noting' }).name, checkpointIdOf({ name: 'noting' }).build],
  );
  return rows[0] as Row;
}

/** A promise that a test resolves. */
export function gate(): { readonly opened: Promise<void>; readonly open: () => void } {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

export { sleep };
