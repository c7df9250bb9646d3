import { setMaxListeners } from 'node:events';
import type pg from 'pg';
import type { CommandHandler } from '../core/command-handler.js';
import { Refusal } from '../core/errors.js';
import type { Position } from '../core/event-store.js';
import type { RecordedEvent } from '../core/message.js';
import { within } from '../log/within.js';
import { BackOff, pause } from '../postgres/back-off.js';
import type { Lease, StopReason } from '../projecting/checkpoints.js';
import type { Beginning, FollowerTerm } from '../projecting/follower.js';
import { LeasedSession } from '../projecting/leased-session.js';
import type { ProjectorLog } from '../projecting/projector-log.js';
import { concerns } from '../projecting/reads.js';
import { Unprojectable } from '../projecting/term.js';
import { isOfNewerRelease, messageOf, NotApplied, type Quarantine } from '../quarantine/quarantine.js';
import { quarantineOf, writeQuarantined } from '../quarantine/quarantined.js';
import { derivedContext } from './derived-context.js';
import { react } from './react.js';
import { checkpointIdOf, keysOf, type Reaction, type Reactor } from './reactor.js';
import { LogClock } from './log-clock.js';
import { isTransient } from './transient.js';
import { UnderWay } from './under-way.js';

export interface ReactorDeps {
  /** Each reactor that runs here has a connection of its own beside it. */
  readonly pool: pg.Pool;
  readonly handler: CommandHandler;
  readonly log: ProjectorLog;
}

/** Events that are handled at the same time. */
const MOST_AT_ONCE = 16;
/** The checkpoint is written so often at most: a crash brings what was done since then once more. */
const WRITE_EVERY_MS = 500;
/** How long the end of a term waits for handlers that were told to return. */
const RETURN_MS = 2_000;

/** What one owner of a reactor does with it, on a connection of its own. */
export class ReactorTerm implements FollowerTerm {
  readonly #underWay: UnderWay;
  readonly #clock = new LogClock();
  /** Handled since the checkpoint was written. */
  #handled = 0;
  #writing: NodeJS.Timeout | null = null;
  /** Aborted at the end of the term. */
  readonly #ending = new AbortController();
  readonly #sweeping: Promise<void>;

  private constructor(
    readonly reactor: Reactor,
    readonly deps: ReactorDeps,
    readonly session: LeasedSession,
    readonly quarantine: Quarantine,
    readonly beginning: Beginning,
  ) {
    this.#underWay = new UnderWay(session.position, MOST_AT_ONCE, () => this.#writeSoon());
    const end = (): void => this.#ending.abort();
    if (beginning.signal?.aborted) end();
    beginning.signal?.addEventListener('abort', end, { once: true, signal: this.#ending.signal });
    // Each event that is handled may wait for it.
    setMaxListeners(0, this.#ending.signal);
    this.#sweeping = this.#sweepNowAndThen();
  }

  /** Null when another process has the lease. */
  static begin(deps: ReactorDeps, reactor: Reactor, beginning: Beginning): Promise<ReactorTerm | null> {
    const of = checkpointIdOf(reactor);
    return LeasedSession.acquire(deps.pool, of, beginning, async (session) => {
      const quarantine = await quarantineOf(session.client, of, keysOf(reactor));
      return new ReactorTerm(reactor, deps, session, quarantine, beginning);
    });
  }

  get position(): Position {
    return this.session.position;
  }

  get lease(): Lease {
    return this.session.lease;
  }

  /** Begins to handle events, as soon as there is room for them. What becomes of them is told later, if it ends the term. */
  async apply(events: readonly RecordedEvent[], position: Position): Promise<void> {
    const { signal } = this.#ending;
    const latest = events.at(-1);
    if (latest) this.#clock.hear(latest.recordedAt);
    for (const event of events) {
      if (event.position <= this.#underWay.seen || !concerns(this.reactor, event)) continue;
      await this.#due(event);
      await this.#underWay.room(signal);
      if (signal.aborted) return;
      this.#underWay.begin(event.stream, event.position, () => this.#handle(event));
    }
    this.#underWay.passed(position);
    if (events.length === 0) await this.#write();
    else this.#writeSoon();
  }

  renew(): Promise<void> {
    return this.session.renew();
  }

  async end(reason: StopReason | null): Promise<void> {
    this.#ending.abort();
    await within(RETURN_MS, Promise.all([this.#underWay.settled(), this.#sweeping]));
    if (this.#writing) clearTimeout(this.#writing);
    // If the lease is lost, or the database away, the next owner has more to do again.
    await this.#write().catch(() => undefined);
    await this.session.end(reason);
  }

  abandon(): void {
    this.#ending.abort();
    this.session.abandon();
  }

  async #due({ recordedAt }: RecordedEvent): Promise<void> {
    const { afterMs = 0 } = this.reactor;
    // Whatever the log says, no event waits for longer than that.
    const ms = Math.min(Date.parse(recordedAt) + afterMs - this.#clock.now(), afterMs);
    if (ms > 0) await pause(ms, this.#ending.signal);
  }

  /** @returns false when the term ended before the event was done */
  async #handle(event: RecordedEvent): Promise<boolean> {
    const { signal } = this.#ending;
    const backOff = new BackOff();
    for (let tries = 1; !signal.aborted; tries++) {
      // Its stream waits: this event too, until somebody retries it.
      if (!this.quarantine.lets(event)) return true;
      try {
        await react(this.reactor, event, this.#reaction());
        this.#handled += 1;
        return true;
      } catch (error) {
        if (signal.aborted) return false;
        if (!isTransient(error)) return this.#hold(event, error);
        const { stream, revision } = event;
        // Once for each event: until the server is back, all of them are tried again.
        if (tries === 1) this.#warn({ stream, revision, message: messageOf(error) }, 'a reaction is tried again');
        await pause(backOff.next(), signal);
      }
    }
    return false;
  }

  #reaction(): Omit<Reaction, 'context'> {
    return { handler: this.deps.handler, signal: this.#ending.signal };
  }

  /** The event's stream waits from here on. If that can't be, the reactor stops. @returns whether the event is done with */
  async #hold(event: RecordedEvent, error: unknown): Promise<boolean> {
    const fault = isOfNewerRelease(error) ? error : new NotApplied(messageOf(error), { cause: error });
    const held = this.quarantine.hold(event, fault);
    try {
      if (!held) throw Unprojectable.at(event, fault, this.quarantine);
      await this.session.inTurn(() =>
        this.session.commit(this.position, 0, () => writeQuarantined(this.session.client, this.session.of, [held])),
      );
      this.beginning.onQuarantined(held);
      return true;
    } catch (failure) {
      this.#fail(failure);
      return false;
    }
  }

  #fail(error: unknown): void {
    if (this.#ending.signal.aborted) return;
    this.beginning.onFailed(error);
    this.#ending.abort();
  }

  #writeSoon(): void {
    if (this.#writing || this.#ending.signal.aborted || this.#underWay.done <= this.position) return;
    this.#writing = setTimeout(() => {
      this.#writing = null;
      this.#write().then(this.beginning.onAdvanced, (error: unknown) => this.#fail(error));
    }, WRITE_EVERY_MS);
  }

  #write(): Promise<void> {
    return this.session.inTurn(async () => {
      const { done } = this.#underWay;
      if (done <= this.position) return;
      const handled = this.#handled;
      await this.session.commit(done, handled);
      this.#handled -= handled;
    });
  }

  async #sweepNowAndThen(): Promise<void> {
    const { sweep, name: reactor } = this.reactor;
    if (!sweep) return;
    const { signal } = this.#ending;
    const context = (purpose: string): ReturnType<Reaction['context']> =>
      derivedContext({ reactor, event: null, purpose });
    while (!signal.aborted) {
      try {
        await sweep.run({ ...this.#reaction(), context });
      } catch (error) {
        // A read model that is made right now, as at the very first start: the next sweep finds it.
        const isTooEarly = error instanceof Refusal && error.code === 'read-model-behind';
        if (!signal.aborted && !isTooEarly)
          this.#warn({ message: messageOf(error) }, 'a sweep failed, and is made again');
      }
      await pause(sweep.everyMs, signal);
    }
  }

  #warn(fields: object, message: string): void {
    const { name, version } = this.reactor;
    this.deps.log.warn({ reactor: name, version, ...fields }, message);
  }
}
