/** Finishes erasures that a crash or an unreachable server has interrupted. */
import type { CommandContext, Freshness } from '../engine/index.js';
import { type ErasureDeps, finishErasure } from './erase.js';

/** Where to look for them. The read model only names candidates; the stream of each user decides. */
export interface UnfinishedErasures {
  /** Ids of all users that the read model shows as erased, page by page. */
  readonly erased: (freshness: Freshness) => AsyncIterable<readonly string[]>;
  /** Those of them whose key is still there. */
  readonly withKey: (userIds: readonly string[]) => Promise<readonly string[]>;
  readonly newContext: () => CommandContext;
}

export interface ResumedErasures {
  readonly finished: number;
  /** Why others are not finished yet, one for each user. */
  readonly failures: readonly unknown[];
}

/** A user whose erasure can't be finished holds up no other. */
export async function resumeErasures(
  deps: ErasureDeps,
  { erased, withKey, newContext }: UnfinishedErasures,
  freshness: Freshness,
  signal: AbortSignal,
): Promise<ResumedErasures> {
  let finished = 0;
  const failures: unknown[] = [];
  for await (const page of erased(freshness)) {
    for (const userId of await withKey(page)) {
      signal.throwIfAborted();
      try {
        if (await finishErasure(deps, userId, newContext())) finished += 1;
      } catch (error) {
        failures.push(error);
      }
    }
  }
  return { finished, failures };
}
