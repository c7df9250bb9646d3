/** As-of builds (docs/decisions/0011): found, or made once for the first caller, and kept for reuse. */
import type pg from 'pg';
import { EventStoreUnavailable, Refusal } from '../core/errors.js';
import type { EventStore, Position } from '../core/event-store.js';
import { UnreadableEvent } from '../core/event-type.js';
import { within } from '../log/within.js';
import { isUnavailable } from '../postgres/errors.js';
import { dropRemains, dropRemainsOf, dropUnused } from './as-of-drop.js';
import { hasBulk, type WithBulk } from './load-target.js';
import type { ProjectorLog } from '../projecting/projector-log.js';
import { isActiveLost } from '../projecting/checkpoint-reads.js';
import type { AnyProjection } from '../projecting/projection.js';
import { concerns, readBy } from '../projecting/reads.js';
import { makeAsOfBuild } from './as-of-build.js';
import { withAsOfLock } from './as-of-locks.js';
import { BuilderDied, type AsOfProcess } from './as-of-process.js';
import {
  type AsOfBuild,
  asOfSchema,
  holdsAt,
  type KeepAsOf,
  nearestAsOfBuild,
  noteReach,
  touch,
} from './as-of-registry.js';

export interface AsOfDeps {
  readonly pool: pg.Pool;
  readonly store: EventStore;
  readonly projections: readonly AnyProjection[];
  readonly keep: KeepAsOf;
  readonly log: ProjectorLog;
  /** Where they are made; in this process if left out. */
  readonly process?: AsOfProcess;
}

export interface Found {
  readonly build: AsOfBuild;
  /** It was there already. */
  readonly reused: boolean;
}

/** As-of builds that are being made or waited for in one process: one is made at a time. */
const MOST_WAITING = 16;
/** Who is refused comes again when those before him should be made, within these limits. */
const RETRY_SECONDS = [5, 600] as const;
/** To ask whether one that is there still holds is a short question of the log: so long is waited at least. */
const LOOK_MS = 1_000;

export class AsOfBuilds {
  readonly #closing = new AbortController();
  readonly #making = new Map<string, Promise<Found>>();
  readonly #looking = new Map<number, Promise<AsOfBuild>>();
  /** Numbers of those that this process has made and in which a key waits. */
  readonly #degraded: number[] = [];
  #last: Promise<unknown> = Promise.resolve();
  /** How long making one takes, of late. */
  #usualMs = 1_000;

  constructor(private readonly deps: AsOfDeps) {}

  /** How many this process makes, or is about to make. */
  get underWay(): number {
    return this.#making.size;
  }

  /**
   * An as-of build that shows the model as it was at this position.
   * @param waitMs how long one is waited for that is not there; it is made all the same
   * @throws Refusal read-model-behind, overloaded; what the servers say
   */
  async at(model: string, position: Position, waitMs: number): Promise<Found> {
    const projection = this.#projection(model);
    if (await isActiveLost(this.deps.pool, model)) {
      throw new Refusal('read-model-behind', `The log has lost the history of ${model}: no position of it is known.`);
    }
    const kept = await this.#inTime(model, Math.max(waitMs, LOOK_MS), this.#kept(projection, position));
    return kept ?? this.#inTime(model, waitMs, this.#made(projection, position));
  }

  /** Drops what is not used any more, and what killed processes have left. */
  async sweep(): Promise<void> {
    const { pool, keep, log } = this.deps;
    await dropRemains(pool);
    await dropUnused(pool, keep, log);
  }

  /** The schema of its tables. */
  schemaOf(build: AsOfBuild): string {
    return asOfSchema(build);
  }

  /** What is being made is broken off; the next caller begins it again. */
  async close(): Promise<void> {
    this.#closing.abort(new Refusal('overloaded', 'The process is about to end.'));
    await this.#last;
  }

  /** One that is there, if the log says that it still holds at this position. */
  async #kept(projection: WithBulk, position: Position): Promise<Found | null> {
    const { pool } = this.deps;
    let build = await nearestAsOfBuild(pool, projection, position, this.#degraded);
    while (build && holdsAt(build, position) === null) build = await this.#looked(projection, build);
    if (!build || !holdsAt(build, position)) return null;
    await touch(pool, build.number);
    return { build, reused: true };
  }

  /** Asks the log for the first event after a build that concerns the model: once for all callers. */
  #looked(projection: WithBulk, build: AsOfBuild): Promise<AsOfBuild> {
    const known = this.#looking.get(build.number);
    if (known) return known;
    const looking = this.#look(projection, build).finally(() => this.#looking.delete(build.number));
    this.#looking.set(build.number, looking);
    return looking;
  }

  async #look(projection: WithBulk, build: AsOfBuild): Promise<AsOfBuild> {
    const { pool, store } = this.deps;
    const { signal } = this.#closing;
    const head = await store.head();
    let nextEvent: Position | null = null;
    for await (const event of store.readAll({
      from: build.holdsTo,
      until: head,
      filter: readBy(projection),
      signal,
    })) {
      if (!concerns(projection, event)) continue;
      nextEvent = event.position;
      break;
    }
    signal.throwIfAborted();
    const holdsTo = nextEvent === null ? head : build.holdsTo;
    await noteReach(pool, build.number, { holdsTo, nextEvent });
    return { ...build, holdsTo, nextEvent };
  }

  /** Waits for its turn, in this process and among all. @throws Refusal overloaded */
  async #made(projection: WithBulk, position: Position): Promise<Found> {
    const key = `${projection.name} ${position}`;
    const known = this.#making.get(key);
    if (known) return known;
    if (this.#making.size >= MOST_WAITING) {
      const seconds = Math.ceil((this.#making.size * this.#usualMs) / 1_000);
      const retry = Math.min(Math.max(seconds, RETRY_SECONDS[0]), RETRY_SECONDS[1]);
      const why = `Too many read models as they were at other times are waited for: try again in ${retry} seconds.`;
      throw new Refusal('overloaded', why, [], retry);
    }
    const making = this.#last
      .then(() => this.#make(projection, position))
      .catch((error: unknown) => {
        throw this.#told(projection, error);
      })
      .finally(() => this.#making.delete(key));
    this.#making.set(key, making);
    this.#last = making.then(({ reused }) => (reused ? undefined : this.sweep())).catch(() => undefined);
    return making;
  }

  #make(projection: WithBulk, position: Position): Promise<Found> {
    const { pool, log } = this.deps;
    const { name } = projection;
    return withAsOfLock(pool, name, this.#closing.signal, async (signal) => {
      // 1. Somebody else may have made it meanwhile.
      const kept = await this.#kept(projection, position);
      if (kept) return kept;
      const begun = performance.now();
      const build = await this.#built(projection, position, signal).catch((error: unknown) => {
        // 3. Whatever its process died of, nobody who waits is to blame: once more, by another one.
        if (!(error instanceof BuilderDied)) throw error;
        log.warn({ model: name, error: error.message }, 'an as-of build is begun again');
        return this.#built(projection, position, signal);
      });
      this.#usualMs = (this.#usualMs + performance.now() - begun) / 2;
      if (build.held.length > 0) this.#degraded.push(build.number);
      return { build, reused: false };
    });
  }

  async #built(projection: WithBulk, position: Position, signal: AbortSignal): Promise<AsOfBuild> {
    const { pool, store, process } = this.deps;
    // 2. What is half made is of a process that is gone.
    await dropRemainsOf(pool, projection.name);
    return (
      process?.build(projection.name, position, signal) ?? makeAsOfBuild({ pool, store, projection, position, signal })
    );
  }

  /** What is wrong with the rows or with the making is for the log; who waits may ask again. */
  #told({ name }: WithBulk, error: unknown): unknown {
    if (error instanceof Refusal) return error;
    if (!this.#closing.signal.aborted) {
      this.deps.log.error({ model: name, error: (error as Error).message }, 'an as-of build could not be made');
    }
    const isKnown = [EventStoreUnavailable, UnreadableEvent].some((known) => error instanceof known);
    if (isKnown || isUnavailable(error)) return error;
    return new Refusal('read-model-behind', `The read model ${name} as it was then could not be made: see the log.`);
  }

  /** Nobody waits for it for longer, and it goes on. @throws Refusal read-model-behind */
  async #inTime<T>(model: string, ms: number, result: Promise<T>): Promise<T> {
    let over = false;
    const end = (): void => void (over = true);
    await within(ms, result.then(end, end));
    if (over) return result;
    throw new Refusal('read-model-behind', `The read model ${model} as it was then is being made.`);
  }

  #projection(model: string): WithBulk {
    const projection = this.deps.projections.find(({ name }) => name === model);
    if (!projection || !hasBulk(projection)) throw new Error(`${model} has no bulk path`);
    return projection;
  }
}
