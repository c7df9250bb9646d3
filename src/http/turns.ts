/** Work that others must not feel: a few pieces of it are under way at once, and requests get the event loop between two of them. */
import { availableParallelism } from 'node:os';

/** The work under way may be stuck, and nothing may wait for it for ever. */
export interface TurnBounds {
  /** A turn ends after so long: what takes longer goes on beside the next one. */
  readonly turnMs: number;
  /** What waits for longer goes ahead. */
  readonly waitMs: number;
}

const BOUNDS: TurnBounds = { turnMs: 3_000, waitMs: 10_000 };

export class Turns {
  readonly #atOnce: number;
  readonly #bounds: TurnBounds;
  readonly #waiting = new Set<() => void>();
  #taken = 0;

  constructor(atOnce: number, bounds: Partial<TurnBounds> = {}) {
    this.#atOnce = atOnce;
    this.#bounds = { ...BOUNDS, ...bounds };
  }

  /** As many at once as this share of the machine's cores. */
  static ofCores(share: number): Turns {
    return new Turns(Math.max(1, Math.floor(availableParallelism() * share)));
  }

  /** Nothing is refused: the work begins in its turn, or after the longest wait. */
  readonly run = async <T>(work: () => Promise<T>): Promise<T> => {
    const done = await this.take();
    try {
      return await work();
    } finally {
      done();
    }
  };

  /** Resolves with what ends the turn. */
  async take(): Promise<() => void> {
    if (this.#taken < this.#atOnce) this.#taken += 1;
    else await this.#turn();
    let isOver = false;
    const end = (): void => {
      if (isOver) return;
      isOver = true;
      clearTimeout(timer);
      // Behind what has come in meanwhile.
      setImmediate(() => this.#pass());
    };
    const timer = setTimeout(end, this.#bounds.turnMs);
    return end;
  }

  #turn(): Promise<void> {
    return new Promise((resolve) => {
      const go = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(go);
        resolve();
      };
      const timer = setTimeout(() => {
        this.#taken += 1;
        go();
      }, this.#bounds.waitMs);
      this.#waiting.add(go);
    });
  }

  #pass(): void {
    const [next] = this.#waiting;
    // Those that went ahead are more than may be under way.
    if (next && this.#taken <= this.#atOnce) next();
    else this.#taken -= 1;
  }
}
