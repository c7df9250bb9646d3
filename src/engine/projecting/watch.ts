import type pg from 'pg';
import type { Position } from '../core/event-store.js';
import { type BuildId, BUILDS_CHANNEL } from '../builds/registry.js';
import { Listener } from '../postgres/listener.js';
import { allCheckpoints } from './checkpoint-reads.js';

/**
 * What a projection that may run in this process says when somebody waits for a position: its checkpoint, as committed; null
 * when it does not run here. It then calls `advanced` with every commit.
 */
export type Wanted = (position: Position) => Position | null;

interface Waiter {
  readonly position: Position;
  readonly settle: (reached: boolean) => void;
}

/** Another channel that the same connection listens on. */
export interface Hearing {
  readonly channel: string;
  /** Null whenever the connection is new: what was sent before may not have been heard. */
  readonly heard: (payload: string | null) => void;
}

const REACHED = 'orderlog_checkpoint';
const WAITING = 'orderlog_waiting';
/** The net under the notifications, and the beat at which waiting is announced to other processes. */
const LOOK_EVERY_MS = 200;
/** Who waits says so again before this is over. */
const HEARD_MS = 1_000;

/**
 * Waiting for a read model to get to a position of the log. A commit in this process wakes its own waiters; between
 * processes those who wait say so, and only then do commits notify. Nothing is polled while nobody waits.
 */
export class CheckpointWatch {
  readonly #waiters = new Map<string, Set<Waiter>>();
  readonly #here = new Map<string, Wanted>();
  /** Until when commits of a model are to be told to other processes. */
  readonly #elsewhere = new Map<string, number>();
  readonly #buildsChanged = new Set<() => void>();
  readonly #listener: Listener;
  #looking: Promise<void> | null = null;
  #lookAgain = false;
  #timer: NodeJS.Timeout | null = null;
  #closed = false;

  /** @param also listened to from the start */
  constructor(
    readonly pool: pg.Pool,
    also?: Hearing,
  ) {
    const channels = [REACHED, WAITING, BUILDS_CHANNEL, ...(also ? [also.channel] : [])];
    this.#listener = new Listener(
      pool,
      channels,
      (channel, payload) => {
        if (channel === also?.channel) also.heard(payload);
        else this.#hear(channel, payload);
      },
      () => also?.heard(null),
    );
    if (also) void this.#listener.start();
  }

  /**
   * True once the checkpoint of the build is at or behind `position`, or when another build may be read instead: then the one who
   * waits has to look again. False after `ms`, or when it is cut short.
   * @param build 0 while there is none
   */
  waitFor(name: string, build: number, position: Position, ms: number, signal?: AbortSignal): Promise<boolean> {
    if (this.#closed || signal?.aborted) return Promise.resolve(false);
    const key = keyOf({ name, build });
    return new Promise((resolve) => {
      const cut = (): void => {
        waiter.settle(false);
      };
      const waiter: Waiter = {
        position,
        settle: (reached) => {
          clearTimeout(timer);
          signal?.removeEventListener('abort', cut);
          this.#forget(key, waiter);
          resolve(reached);
        },
      };
      const timer = setTimeout(cut, ms);
      signal?.addEventListener('abort', cut);
      // In the books first: whatever is committed from here on finds it.
      const waiters = this.#waiters.get(key);
      if (waiters) waiters.add(waiter);
      else this.#waiters.set(key, new Set([waiter]));
      const checkpoint = this.#here.get(key)?.(position) ?? null;
      if (checkpoint === null) this.#look();
      else if (checkpoint >= position) waiter.settle(true);
      else this.#lookLater();
    });
  }

  /** A projection may run here from now on, until the function that is given back is called. */
  register(of: BuildId, wanted: Wanted): () => void {
    const key = keyOf(of);
    this.#here.set(key, wanted);
    void this.#listener.start();
    return () => {
      this.#here.delete(key);
    };
  }

  /** Calls back when the registry has changed or a lease has become free, until the function that is given back is called. */
  onBuildsChanged(changed: () => void): () => void {
    this.#buildsChanged.add(changed);
    void this.#listener.start();
    return () => {
      this.#buildsChanged.delete(changed);
    };
  }

  /** A projection that runs here has committed this checkpoint. */
  advanced(of: BuildId, position: Position): void {
    const key = keyOf(of);
    this.#reached(key, position);
    const until = this.#elsewhere.get(key);
    if (until === undefined) return;
    if (until < Date.now()) this.#elsewhere.delete(key);
    else this.#tell(REACHED, [key, position]);
  }

  /** Tells all that still wait that it was not reached. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const waiters of this.#waiters.values()) for (const waiter of waiters) waiter.settle(false);
    await this.#listener.close();
    await this.#looking;
  }

  #reached(key: string, checkpoint: Position): void {
    for (const waiter of this.#waiters.get(key) ?? []) if (checkpoint >= waiter.position) waiter.settle(true);
  }

  #forget(key: string, waiter: Waiter): void {
    const waiters = this.#waiters.get(key);
    waiters?.delete(waiter);
    if (waiters?.size === 0) this.#waiters.delete(key);
    if (this.#waiters.size > 0 || !this.#timer) return;
    clearTimeout(this.#timer);
    this.#timer = null;
  }

  /** All that wait for one of these look again. */
  #lookAgainAt(isOne: (key: string) => boolean): void {
    for (const [key, waiters] of this.#waiters) if (isOne(key)) for (const waiter of waiters) waiter.settle(true);
  }

  #hear(channel: string, payload: string): void {
    if (channel === BUILDS_CHANNEL) {
      if (payload !== '') this.#lookAgainAt((key) => key.startsWith(`${payload}:`));
      for (const changed of this.#buildsChanged) changed();
      return;
    }
    const [key, position] = JSON.parse(payload) as [string, Position];
    if (channel === REACHED) {
      this.#reached(key, position);
      return;
    }
    const checkpoint = this.#here.get(key)?.(position) ?? null;
    if (checkpoint === null) return;
    // It may have been committed just before the awaited was heard.
    if (checkpoint >= position) this.#tell(REACHED, [key, checkpoint]);
    else this.#elsewhere.set(key, Date.now() + HEARD_MS);
  }

  /** If it gets lost, the one who waits looks for itself. */
  #tell(channel: string, message: readonly [string, Position]): void {
    const values = [channel, JSON.stringify(message)];
    this.pool.query({ name: 'watch-tell', text: 'select pg_notify($1, $2)', values }).catch(() => undefined);
  }

  #lookLater(): void {
    if (this.#waiters.size === 0) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      this.#look();
    }, LOOK_EVERY_MS);
  }

  /** Reads the checkpoints; asked again meanwhile, it reads them again. */
  #look(): void {
    if (this.#looking) {
      this.#lookAgain = true;
      return;
    }
    this.#lookAgain = false;
    this.#looking = this.#lookOnce().finally(() => {
      this.#looking = null;
      if (this.#lookAgain) this.#look();
      else this.#lookLater();
    });
  }

  async #lookOnce(): Promise<void> {
    // To listen, then to say what is waited for, then to look: what is committed after the look will be heard.
    await this.#listener.start();
    for (const [key, waiters] of this.#waiters) {
      const [first, ...others] = [...waiters].map(({ position }) => position);
      if (first === undefined) continue;
      this.#tell(WAITING, [key, others.reduce((last, position) => (position > last ? position : last), first)]);
    }
    try {
      const checkpoints = await allCheckpoints(this.pool);
      for (const one of checkpoints) this.#reached(keyOf(one), one.position);
      // A switch whose notification was lost.
      const read = checkpoints.filter(({ buildState }) => buildState === 'active');
      const models = new Set(read.map(({ name }) => name));
      const keys = new Set(read.map(keyOf));
      this.#lookAgainAt((key) => models.has(key.slice(0, key.indexOf(':'))) && !keys.has(key));
    } catch {
      // The database is away; the next look or the end of the wait tells.
    }
  }
}

function keyOf({ name, build }: BuildId): string {
  return `${name}:${build}`;
}
