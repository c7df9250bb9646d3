import { setMaxListeners } from 'node:events';
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type pg from 'pg';
import type { EventStore, SubscribeOptions, Subscription } from '../core/event-store.js';
import { SharedSubscriptions } from '../log/shared-subscriptions.js';
import { BackOff, pause } from '../postgres/back-off.js';
import { allBuilds, type Build, type BuildId, FOLLOWING } from '../builds/registry.js';
import { checkpointOf } from './checkpoint-reads.js';
import { isLeaseFree } from './checkpoints.js';
import type { CheckpointWatch } from './watch.js';
import { dropExpired } from '../builds/drop.js';
import type { ProjectorLog } from './projector-log.js';
import { prepareModel } from '../builds/prepare-model.js';
import type { AnyProjection } from './projection.js';
import type { Follower } from './follower.js';
import { Runner, type RunnerOptions } from './runner.js';
import { Term } from './term.js';

export interface ProjectorOptions {
  /** For preparations; each build that is projected here has a connection of its own beside it, for its lease too. */
  readonly pool: pg.Pool;
  readonly store: EventStore;
  readonly projections: readonly AnyProjection[];
  readonly watch: CheckpointWatch;
  readonly log: ProjectorLog;
  /** Most events in a transaction. */
  readonly pageSize?: number;
  /** Names this process in leases; made up if left out. */
  readonly owner?: string;
  /** These alone, whatever else the registry has; without them, the active and the standby builds. */
  readonly builds?: readonly BuildId[];
}

export interface Projectors {
  /** Finishes the pages under way, gives the leases back and closes its connections; within 4 s, whatever hangs. */
  stop(): Promise<void>;
}

const DRAIN_MS = 3_000;
const ABANDON_MS = 300;
/** The net under the notifications of the registry. */
const LOOK_EVERY_MS = 2_000;

/** A name for this process in leases. */
export function newOwner(): string {
  return `${hostname()}:${process.pid}:${randomUUID()}`;
}

/** Runs the projections, those of them that no other process is running; takes over from a process that dies. */
export function startProjectors(options: ProjectorOptions): Projectors {
  const stopping = new AbortController();
  // A runner for each build, all of which may wait at once.
  setMaxListeners(0, stopping.signal);
  const crew = new Crew(options, options.owner ?? newOwner());
  const runs = crew.run(stopping.signal);
  return {
    async stop(): Promise<void> {
      stopping.abort();
      if (await endsWithin(runs, DRAIN_MS)) return;
      crew.abandon();
      await endsWithin(runs, ABANDON_MS);
    },
  };
}

/** The runners of this process: one for each build that its projections follow. */
class Crew {
  readonly #runners = new Map<string, Runner>();
  readonly #runs: Promise<void>[] = [];
  readonly #options: RunnerOptions;
  /** Of builds that have stopped, by name and build. */
  readonly #stopped = new Map<string, BuildId>();
  /** What is read may have to be made first: at the start, and when something was dropped. */
  #unprepared = true;

  constructor(
    readonly options: ProjectorOptions,
    owner: string,
  ) {
    const { pool, store, watch, log, pageSize = 1_000 } = options;
    // The log in Postgres sees to that itself.
    const source = store.kind === 'eventstoredb' ? new SharedSubscriptions(store) : store;
    const subscribe = (wanted: SubscribeOptions): Subscription => source.subscribe(wanted);
    this.#options = { pool, store, subscribe, watch, log, owner, pageSize };
  }

  async run(signal: AbortSignal): Promise<void> {
    const { watch, log } = this.options;
    let changed = (): void => undefined;
    const forget = watch.onBuildsChanged(() => {
      changed();
    });
    const backOff = new BackOff();
    while (!signal.aborted) {
      // Whatever changes from here on is looked at again.
      const again = new AbortController();
      changed = (): void => again.abort();
      let wait = LOOK_EVERY_MS;
      try {
        await this.#engage(signal);
        backOff.reset();
      } catch (error) {
        wait = backOff.next();
        const message = error instanceof Error ? error.message : String(error);
        log.warn({ message, retry_ms: Math.round(wait) }, 'the registry of builds can not be read');
      }
      await pause(wait, AbortSignal.any([signal, again.signal]));
    }
    forget();
    await Promise.all(this.#runs);
  }

  abandon(): void {
    for (const runner of this.#runners.values()) runner.abandon();
  }

  /** Starts a runner for each build that has none; one whose build was dropped has ended by itself. */
  async #engage(signal: AbortSignal): Promise<void> {
    const { pool, projections, builds, log } = this.options;
    if (!builds) {
      if (this.#unprepared) {
        const made = await Promise.all(projections.map((projection) => prepareModel(pool, projection)));
        this.#unprepared = made.includes(null);
      }
      await dropExpired(pool, projections, log);
    }
    await this.#release();
    const known = builds ?? (await allBuilds(pool)).filter(({ state }) => FOLLOWING.includes(state));
    for (const projection of projections) {
      for (const one of known) {
        if (one.name !== projection.name) continue;
        // An older version is written by the processes that have its code.
        if ('version' in one && one.version !== projection.version) continue;
        this.#start(projection, one, signal);
      }
    }
  }

  /** What has stopped here and may be run again gets a new runner. */
  async #release(): Promise<void> {
    const { pool, owner } = this.#options;
    for (const [key, of] of this.#stopped) {
      if (!(await mayRunAgain(pool, of, owner))) continue;
      this.#stopped.delete(key);
      this.#runners.delete(key);
    }
  }

  #start(projection: AnyProjection, { name, build, state }: BuildId & Partial<Build>, signal: AbortSignal): void {
    const key = `${name}:${build}`;
    // One that has stopped at an event stays, until the event is skipped or this process is started again.
    const known = this.#runners.get(key);
    const runner = known ?? this.#runnerOf(projection, { name, build });
    runner.isStandby = state === 'standby';
    if (known || signal.aborted) return;
    this.#runners.set(key, runner);
    this.#runs.push(
      runner.run(signal).then((end) => {
        if (end !== 'dropped') {
          this.#stopped.set(key, { name, build });
          return;
        }
        this.#runners.delete(key);
        this.#unprepared = true;
      }),
    );
  }

  #runnerOf(projection: AnyProjection, of: BuildId): Runner {
    const { reads, handlers } = projection;
    const begin: Follower['begin'] = (beginning) => Term.begin(this.options.pool, projection, of, beginning);
    const subject = { model: of.name, version: of.build };
    return new Runner({ kind: 'projection', subject, reads, handlers, begin }, of, this.#options);
  }
}

/**
 * Whether a follower that has stopped in this process may be run again: its event was skipped, another process got past it and has
 * ended or died, or the lease was lost before anybody could be told of the stop.
 */
export async function mayRunAgain(pool: pg.Pool, of: BuildId, owner: string): Promise<boolean> {
  const state = (await checkpointOf(pool, of))?.state;
  return state !== 'stopped' && (await isLeaseFree(pool, of, owner)) !== false;
}

export async function endsWithin(work: Promise<unknown>, ms: number): Promise<boolean> {
  const decided = new AbortController();
  try {
    return await Promise.race([work.then(() => true), pause(ms, decided.signal).then(() => false)]);
  } finally {
    decided.abort();
  }
}
