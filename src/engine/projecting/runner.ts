import type pg from 'pg';
import { LogReplaced } from '../core/errors.js';
import {
  type EventStore,
  type Position,
  START,
  type SubscribeOptions,
  type Subscription,
} from '../core/event-store.js';
import type { RecordedEvent } from '../core/message.js';
import { BackOff, pause } from '../postgres/back-off.js';
import type { BuildId } from '../builds/registry.js';
import { isLeaseFree, RENEW_EVERY_MS, type StopReason } from './checkpoints.js';
import { isOfNewerRelease } from '../quarantine/quarantine.js';
import type { Follower, FollowerTerm } from './follower.js';
import type { CheckpointWatch } from './watch.js';
import type { ProjectorLog } from './projector-log.js';
import { isOfThisLog, lostHistory } from './lost-history.js';
import { LeaseLost } from './leased-session.js';
import { readAhead } from './read-ahead.js';
import { concerns, readBy } from './reads.js';
import { noteSubscription } from './subscription-note.js';
import { type OnQuarantined, Unprojectable } from './term.js';

export interface RunnerOptions {
  readonly pool: pg.Pool;
  readonly store: EventStore;
  /** Of the store, or shared with the other builds of this process. */
  readonly subscribe: (options: SubscribeOptions) => Subscription;
  readonly watch: CheckpointWatch;
  readonly log: ProjectorLog;
  /** Name of this process among those that want the lease. */
  readonly owner: string;
  /** Most events in a transaction. */
  readonly pageSize: number;
}

/** How often a process that has no lease looks whether it can have it. */
const ACQUIRE_EVERY_MS = 1_000;
/** Longest time for which a checkpoint stays behind on events that do not concern the projection. */
const IDLE_ADVANCE_MS = 500;
/**
 * At the head, a follower rests after a page for as long as the page took, and the longer the more events it had, unless somebody waits:
 * under load one transaction then does the work of many, and what commands can have is not spent on pages of a few events. Pages need not
 * begin further apart than this.
 */
const PACE_MS = 25;
const REST_PER_EVENT_MS = 0.5;
const SHORTEST_REST_MS = 2;
/** Of a build that is not read: nobody misses what it does not have yet, and a rollback waits no longer than this. */
const STANDBY_PACE_MS = 250;
/** An awaited position is forgotten after the longest time that a reader waits. */
const AWAITED_MS = 30_000;

/** Runs a follower for as long as it may: until it is stopped, an event can't be applied, or its checkpoint is dropped. */
export class Runner {
  /** Nobody reads it: it takes larger pages, less often. */
  isStandby = false;
  #term: FollowerTerm | null = null;
  /** Up to here nothing is left that concerns the projection; only the checkpoint may be behind. */
  #clear: Position = START;
  #awaited: { readonly position: Position; readonly until: number } = { position: START, until: 0 };
  #subscription: Subscription | null = null;
  #timer: NodeJS.Timeout | null = null;
  /** Ends the pause between two pages. */
  #hurry: () => void = () => undefined;
  #interrupt: (error: Error) => void = () => undefined;

  constructor(
    readonly follower: Follower,
    readonly of: BuildId,
    readonly options: RunnerOptions,
  ) {}

  /** Never rejects. Ends soon after the signal; what is under way on a connection that hangs ends with `abandon`. */
  async run(signal: AbortSignal): Promise<'dropped' | undefined> {
    const unregister = this.options.watch.register(this.of, (position) => this.wanted(position));
    const backOff = new BackOff();
    try {
      while (!signal.aborted) {
        try {
          if ((await this.#work(signal, backOff)) === 'dropped') return 'dropped';
        } catch (error) {
          if (!(await this.#mayGoOn(error, signal, backOff))) return undefined;
        }
      }
      return undefined;
    } finally {
      unregister();
    }
  }

  /**
   * Somebody waits for a position. Gives the checkpoint, and sees to it that it is not behind for want of events; null when
   * the projection is not run here.
   */
  wanted(position: Position): Position | null {
    const term = this.#term;
    if (!term) return null;
    if (position > term.position) {
      if (position > this.#awaited.position) this.#awaited = { position, until: Date.now() + AWAITED_MS };
      if (this.#clear > term.position) this.#advanceSoon(term);
      if (position > this.#clear) this.#subscription?.reach(position);
      this.#hurry();
    }
    return term.position;
  }

  abandon(): void {
    this.#term?.abandon();
  }

  async #work(signal: AbortSignal, backOff: BackOff): Promise<'dropped' | undefined> {
    const { pool, owner, log } = this.options;
    const onQuarantined: OnQuarantined = (held) => {
      log.error(
        { ...this.follower.subject, ...held },
        'an event can not be applied: its key waits, see orderlog quarantine list',
      );
    };
    // 1. The build is still there.
    const isFree = await isLeaseFree(pool, this.of, owner);
    if (isFree === null) return 'dropped';
    // 2. The lease is ours; if another process has it, its end is waited for.
    const onFailed = (error: unknown): void => this.#fail(error);
    const onAdvanced = (): void => {
      if (this.#term) this.options.watch.advanced(this.of, this.#term.position);
    };
    const { begin, kind, subject } = this.follower;
    const term = isFree ? await begin({ owner, signal, onQuarantined, onAdvanced, onFailed }) : null;
    if (!term) {
      await this.#untilFree(signal);
      return undefined;
    }
    log.info({ ...subject, position: term.position }, `${kind} runs here`);
    this.#term = term;
    this.#clear = term.position;
    const renewal = this.#keepLease(term);
    let reason: StopReason | null = null;
    try {
      await this.#project(term, signal, backOff);
    } catch (error) {
      if (error instanceof Unprojectable) ({ reason } = error);
      throw error;
    } finally {
      // 7. The lease goes back, whatever has happened.
      this.#term = null;
      clearInterval(renewal);
      if (this.#timer) clearTimeout(this.#timer);
      this.#timer = null;
      await term.end(reason);
    }
    return undefined;
  }

  async #untilFree(signal: AbortSignal): Promise<void> {
    const free = new AbortController();
    const forget = this.options.watch.onBuildsChanged(() => {
      free.abort();
    });
    await pause(ACQUIRE_EVERY_MS, AbortSignal.any([signal, free.signal]));
    forget();
  }

  async #project(term: FollowerTerm, signal: AbortSignal, backOff: BackOff): Promise<void> {
    const { subscribe, pool, pageSize } = this.options;
    const { kind } = this.follower;
    // 3. The log still holds what was read of it.
    if (!(await isOfThisLog(this.options, this.of))) throw new Unprojectable(lostHistory(term.position, kind));
    const over = new AbortController();
    let interruption: Error | null = null;
    let endNote = (): Promise<void> => Promise.resolve();
    this.#interrupt = (error): void => {
      interruption = error;
      over.abort();
    };
    try {
      // 4. Everything after the checkpoint, then what comes.
      const filter = readBy(this.follower);
      const ends = AbortSignal.any([signal, over.signal]);
      ends.addEventListener('abort', () => this.#hurry(), { once: true });
      const subscription = subscribe({ from: term.position, filter, pageSize, signal: ends });
      this.#subscription = subscription;
      endNote = noteSubscription({ pool, of: this.of, lease: term.lease, subscription });
      for await (const { events, position, caughtUp } of readAhead(subscription)) {
        const begun = Date.now();
        // 5. Of a projection, rows, checkpoint and the check of the lease in one transaction; then those who wait are told.
        if (events.some((event) => concerns(this.follower, event))) await this.#apply(term, events, position);
        // 6. Nothing for us, so only the checkpoint: at once where somebody waits, otherwise now and then.
        else await this.#passOver(term, position);
        backOff.reset();
        if (events.length > 0 && caughtUp) await this.#pace(term, begun, events.length, ends);
      }
      if (interruption) throw interruption as Error;
      if (!signal.aborted) throw new Error('the subscription has ended');
    } catch (error) {
      if (!(error instanceof LogReplaced)) throw error;
      throw new Unprojectable(lostHistory(term.position, kind), { cause: error });
    } finally {
      this.#subscription = null;
      over.abort();
      await endNote();
    }
  }

  async #pace(term: FollowerTerm, begun: number, events: number, signal: AbortSignal): Promise<void> {
    const worked = Date.now() - begun;
    const ms = this.isStandby
      ? STANDBY_PACE_MS - worked
      : Math.min(Math.max(worked, events * REST_PER_EVENT_MS, SHORTEST_REST_MS), PACE_MS - worked);
    if (ms <= 0 || this.#isAwaited(term) || signal.aborted) return;
    // Not by signals of its own: many pages a second would pay for them.
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#hurry = (): void => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#hurry = (): void => undefined;
  }

  /** Somebody waits for a position that the checkpoint has not reached. */
  #isAwaited(term: FollowerTerm): boolean {
    return this.#awaited.position > term.position && this.#awaited.until > Date.now();
  }

  async #apply(term: FollowerTerm, events: readonly RecordedEvent[], position: Position): Promise<void> {
    await term.apply(events, position);
    this.options.watch.advanced(this.of, term.position);
  }

  async #passOver(term: FollowerTerm, position: Position): Promise<void> {
    this.#clear = position;
    if (this.#isAwaited(term)) return this.#advance(term);
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      this.#advanceSoon(term);
    }, IDLE_ADVANCE_MS);
  }

  async #advance(term: FollowerTerm): Promise<void> {
    if (this.#clear > term.position) await this.#apply(term, [], this.#clear);
  }

  #advanceSoon(term: FollowerTerm): void {
    this.#advance(term).catch((error: unknown) => {
      this.#fail(error);
    });
  }

  #fail(error: unknown): void {
    this.#interrupt(error instanceof Error ? error : new Error(String(error)));
  }

  /** Between two pages, and while there are none. */
  #keepLease(term: FollowerTerm): NodeJS.Timeout {
    let isUnderWay = false;
    return setInterval(() => {
      if (isUnderWay) return;
      isUnderWay = true;
      term
        .renew()
        .catch((error: unknown) => {
          this.#fail(error);
        })
        .finally(() => (isUnderWay = false));
    }, RENEW_EVERY_MS);
  }

  /** False when it is over with this follower in this process. */
  async #mayGoOn(error: unknown, signal: AbortSignal, backOff: BackOff): Promise<boolean> {
    const { log } = this.options;
    const { kind, subject } = this.follower;
    if (error instanceof Unprojectable) {
      const what = isOfNewerRelease(error.cause)
        ? 'only a process of the newer release can continue it, and does so by itself'
        : 'it can not go on from here';
      log.error({ ...subject, ...error.reason }, `${kind} stopped: ${what}`);
      return false;
    }
    if (error instanceof LeaseLost) {
      log.warn(subject, `${kind} lost: another process has it, or its checkpoint was moved`);
      return true;
    }
    // 8. Not the event's fault: once more from the checkpoint, a little later each time.
    const retry_ms = Math.round(backOff.next());
    const message = error instanceof Error ? error.message : String(error);
    log.warn({ ...subject, message, retry_ms }, `${kind} interrupted`);
    await pause(retry_ms, signal);
    return true;
  }
}
