import type { Caller } from '../access/caller.js';
import { Problem } from './problem.js';

const MOST = 256;
const RETRY_AFTER_SECONDS = 5;

/** Work of which only so much is under way at once. What comes on top is refused, and does not wait. */
export class Places {
  readonly #most: number;
  readonly #mostOfOne: number;
  readonly #ofCaller = new Map<string, number>();
  #taken = 0;

  /** No caller alone gets more than half of them. */
  constructor(most = MOST) {
    this.#most = most;
    this.#mostOfOne = Math.max(1, most / 2);
  }

  /**
   * The place is free again when the work has ended, however it ends.
   * @throws Problem rate-limited, overloaded
   */
  async hold<T>(caller: Caller, work: () => Promise<T>): Promise<T> {
    const leave = this.#take(caller);
    try {
      return await work();
    } finally {
      leave();
    }
  }

  #take({ kind, id }: Caller): () => void {
    // Without access control all callers are one.
    const one = id === null ? null : `${kind} ${id}`;
    const own = one === null ? 0 : (this.#ofCaller.get(one) ?? 0);
    if (own >= this.#mostOfOne) throw full('rate-limited', `This caller has ${own} uploads under way already.`);
    if (this.#taken >= this.#most) throw full('overloaded', `There are ${this.#taken} uploads under way already.`);
    this.#taken += 1;
    if (one !== null) this.#ofCaller.set(one, own + 1);
    return () => {
      this.#taken -= 1;
      if (one === null) return;
      const left = (this.#ofCaller.get(one) ?? 1) - 1;
      if (left === 0) this.#ofCaller.delete(one);
      else this.#ofCaller.set(one, left);
    };
  }
}

function full(code: 'rate-limited' | 'overloaded', detail: string): Problem {
  const remedy = 'Try again when one of them has ended.';
  return new Problem(code, `${detail} ${remedy}`, [], { 'retry-after': String(RETRY_AFTER_SECONDS) });
}
