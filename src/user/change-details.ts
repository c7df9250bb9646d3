import {
  type Claims,
  type CommandContext,
  type CommandHandler,
  type ExecuteOptions,
  type Outcome,
  Refusal,
  WrongExpectedRevision,
} from '../engine/index.js';
import type { ChangeUserDetails } from './commands.js';
import type { UserState } from './decider.js';
import { userStream } from './stream.js';

const TRIES = 3;

/**
 * ChangeUserDetails: a new address is claimed, then recorded, then the old one released. The same command sent again
 * finishes what a crash left undone.
 */
export async function changeUserDetails(
  handler: CommandHandler,
  emailClaims: Claims,
  userId: string,
  command: ChangeUserDetails,
  context: CommandContext,
  guard?: ExecuteOptions<UserState>['guard'],
): Promise<Outcome<UserState>> {
  const stream = userStream.name(userId);
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const loaded = await handler.load(userStream, userId);
    // 1. A retry: what was recorded stays, what is left of the old address goes.
    const replay = await handler.replayed(userStream, userId, loaded, context);
    if (!replay) guard?.(loaded.state, loaded.revision);
    const facts = replay ? [] : handler.decide(userStream, loaded, command);
    const previous = loaded.state?.previous_email_hash ?? null;
    if (facts.length === 0) {
      if (command.address && previous !== null) await emailClaims.release(previous, stream, context);
      return replay ?? { ...loaded, appended: 0, replayed: false };
    }
    // 2. The new address, for the next revision of this user's stream.
    const before = loaded.state?.email_hash ?? null;
    const next = command.address?.email_hash ?? before;
    const moves = next !== null && next !== before;
    if (moves) await emailClaims.acquire(next, { stream, revision: loaded.revision + 1 }, context);
    // 3. The change, at that revision only; then the old address is free.
    try {
      const after = await handler.append(userStream, userId, loaded, facts, context);
      if (moves && before !== null) await emailClaims.release(before, stream, context);
      return { ...after, appended: facts.length, replayed: false };
    } catch (error) {
      if (!(error instanceof WrongExpectedRevision)) throw error;
    }
  }
  throw new Refusal('revision-conflict', `Others changed the user ${TRIES} times meanwhile.`);
}
