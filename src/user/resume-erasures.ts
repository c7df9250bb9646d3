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

/** @returns how many were finished */
export async function resumeErasures(
  deps: ErasureDeps,
  { erased, withKey, newContext }: UnfinishedErasures,
  freshness: Freshness,
  signal: AbortSignal,
): Promise<number> {
  let finished = 0;
  for await (const page of erased(freshness)) {
    for (const userId of await withKey(page)) {
      signal.throwIfAborted();
      if (await finishErasure(deps, userId, newContext())) finished += 1;
    }
  }
  return finished;
}
