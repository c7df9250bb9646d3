import type { Claims, CommandContext, CommandHandler, Outcome } from '../engine/index.js';
import type { ImportUser, RegisterUser } from './commands.js';
import type { UserState } from './decider.js';
import { userStream } from './stream.js';

const TRIES = 5;

/**
 * RegisterUser and ImportUser: the address is claimed for the revision at which the user will be recorded. If another spends that
 * revision, the claim is abandoned until it is renewed.
 */
export async function registerUser(
  handler: CommandHandler,
  emailClaims: Claims,
  command: RegisterUser | ImportUser,
  context: CommandContext,
): Promise<Outcome<UserState>> {
  const { user_id, email_hash } = command;
  const stream = userStream.name(user_id);
  return handler.execute(userStream, user_id, command, context, {
    isNew: !context.keyed,
    tries: TRIES,
    beforeAppend: (revision) => emailClaims.acquire(email_hash, { stream, revision }, context),
  });
}
