import type { Refusal } from '../../src/engine/core/errors.js';

/** How many succeeded, and how many ended with each refusal. */
export async function tally(sent: readonly Promise<unknown>[]): Promise<Record<string, number>> {
  const sum: Record<string, number> = {};
  for (const result of await Promise.allSettled(sent)) {
    const how = result.status === 'fulfilled' ? 'done' : (result.reason as Refusal).code;
    sum[how] = (sum[how] ?? 0) + 1;
  }
  return sum;
}
