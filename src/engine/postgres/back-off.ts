import { setTimeout as sleep } from 'node:timers/promises';

const FIRST_MS = 100;
const LONGEST_MS = 5_000;

/** Growing, jittered delays between the tries of something that another machine keeps from succeeding. */
export class BackOff {
  #failures = 0;

  /** @param random from 0 to below 1 */
  constructor(readonly random: () => number = Math.random) {}

  /** Milliseconds to wait before the next try. */
  next(): number {
    const longest = Math.min(FIRST_MS * 2 ** this.#failures++, LONGEST_MS);
    return longest * (0.5 + this.random() / 2);
  }

  reset(): void {
    this.#failures = 0;
  }
}

/** Resolves after so many milliseconds, or as soon as the signal is aborted. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await sleep(ms, undefined, { signal }).catch(() => undefined);
}
