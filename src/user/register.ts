import {
  type Claims,
  type CommandContext,
  type CommandHandler,
  empty,
  type Outcome,
  Refusal,
  WrongExpectedRevision,
} from '../engine/index.js';
import type { ImportUser, RegisterUser } from './commands.js';
import type { UserState } from './decider.js';
import { userStream } from './stream.js';

const TRIES = 5;

/** RegisterUser and ImportUser: the address is claimed first, then the user is recorded where the claim says. */
export async function registerUser(
  handler: CommandHandler,
  emailClaims: Claims,
  command: RegisterUser | ImportUser,
  context: CommandContext,
): Promise<Outcome<UserState>> {
  const { user_id, email_hash } = command;
  const stream = userStream.name(user_id);
  let loaded = context.keyed ? await handler.load(userStream, user_id) : empty(userStream.decider.initialState);
  for (let attempt = 0; attempt < TRIES; attempt++) {
    // 1. A retry of what has been recorded already.
    const replay = await handler.replayed(userStream, user_id, loaded, context);
    if (replay) return replay;
    const facts = userStream.decider.decide(loaded.state, command);
    if (facts.length === 0) return { ...loaded, appended: 0, replayed: false };
    // 2. The address, for the next revision of this user's stream.
    await emailClaims.acquire(email_hash, { stream, revision: loaded.revision + 1 }, context);
    // 3. The user, at that revision only. If it is spent, the claim is abandoned until it is renewed.
    try {
      const after = await handler.append(userStream, user_id, loaded, facts, context);
      return { ...after, appended: facts.length, replayed: false };
    } catch (error) {
      if (!(error instanceof WrongExpectedRevision)) throw error;
      loaded = await handler.load(userStream, user_id);
    }
  }
  throw new Refusal('revision-conflict', 'The registration was overtaken again and again.');
}
