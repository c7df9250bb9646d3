import { type Claims, type CommandContext, type CommandHandler, type Outcome, Refusal } from '../engine/index.js';
import type { ChangeUserDetails } from './commands.js';
import type { UserState } from './decider.js';
import { withLater } from './last-position.js';
import { userStream } from './stream.js';

/**
 * ChangeUserDetails: a new address is claimed, then recorded, then the old one released. The same command sent again
 * finishes what a crash left undone. A change that is refused after it has claimed gives the new address back.
 */
export async function changeUserDetails(
  handler: CommandHandler,
  emailClaims: Claims,
  userId: string,
  command: ChangeUserDetails,
  context: CommandContext,
  guard?: (state: UserState, revision: number) => void,
): Promise<Outcome<UserState>> {
  const stream = userStream.name(userId);
  let claimed: string | null = null;
  const change = handler.execute(userStream, userId, command, context, {
    ...(guard && { guard }),
    beforeAppend: async (revision, state) => {
      const next = command.address?.email_hash ?? null;
      if (next === null || next === state?.email_hash) return;
      await emailClaims.acquire(next, { stream, revision }, context);
      claimed = next;
    },
  });
  const outcome = await change.catch(async (error: unknown) => {
    // An erasure, say, was first: the claim would look as if the address were still in use.
    if (claimed !== null && error instanceof Refusal) await emailClaims.release(claimed, stream, context);
    throw error;
  });
  // Also where an earlier attempt recorded the change: a crash may have left the old address claimed.
  const previous = outcome.state?.previous_email_hash ?? null;
  if (!command.address || previous === null) return outcome;
  return withLater(outcome, await emailClaims.release(previous, stream, context));
}
