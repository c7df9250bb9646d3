/** Requests at a fixed rate, whether or not the ones before have ended, as callers that know nothing of each other send them. */
import { setTimeout as sleep } from 'node:timers/promises';
import { dueAt } from './open-loop.js';

export interface Pace {
  readonly perSecond: number;
  readonly seconds: number;
}

/**
 * Calls `send` for each request when it is due, with its number and that moment (of `performance.now()`). Ends when all have ended.
 * `send` must not reject.
 */
export async function atFixedRate(
  { perSecond, seconds }: Pace,
  send: (n: number, due: number) => Promise<void>,
): Promise<void> {
  const underWay = new Set<Promise<void>>();
  const begun = performance.now();
  for (let n = 0; n < perSecond * seconds; n++) {
    const due = begun + dueAt(n, perSecond);
    const early = due - performance.now();
    if (early > 0) await sleep(early);
    const sent: Promise<void> = send(n, due).finally(() => underWay.delete(sent));
    underWay.add(sent);
  }
  await Promise.all(underWay);
}
