import { type CommandContext, type CommandHandler, expectation, type StreamBinding } from './command-handler.js';
import type { Fact } from './message.js';
import { streamId } from './stream.js';

/**
 * Uniqueness across streams: something that only one thing may have (a SKU, an e-mail address) has a stream of its own,
 * and is claimed there before the thing itself is recorded. A claim names its owner's stream and the revision of it at
 * which the owner will append, and the owner appends only there: whoever spends that revision first has decided.
 */
export interface Claims {
  /** Claims `id` for an owner who will append at `owner.revision`. @throws Refusal when someone else has it */
  acquire(id: string, owner: ClaimOwner, context: CommandContext): Promise<void>;
  /** Gives up a claim, if the owner still holds it and its state does not bear it out. */
  release(id: string, ownerStream: string, context: CommandContext): Promise<void>;
}

export interface ClaimOwner {
  readonly stream: string;
  readonly revision: number;
}

/** What the claims must know of, and may do to, the streams of their owners. */
export interface ClaimOwners {
  /** Whether the owner's current state has what the claim says. */
  bearsOut(ownerStream: string, id: string): Promise<boolean>;
  /** Appends ClaimAbandoned to the owner's stream at exactly this revision. @throws WrongExpectedRevision */
  abandon(owner: ClaimOwner, claim: AbandonedClaim, context: CommandContext): Promise<void>;
}

export interface AbandonedClaim {
  readonly claim_stream: string;
  readonly claim_revision: number;
}

/**
 * The owners that keep their things in one stream category.
 * @param has tells whether a state of such a thing bears a claim of that id out
 */
export function claimOwners<State, Command, F extends Fact>(
  handler: CommandHandler,
  binding: StreamBinding<State, Command, F>,
  has: (state: State, id: string) => boolean,
): ClaimOwners {
  return {
    async bearsOut(ownerStream, id): Promise<boolean> {
      const { state } = await handler.load(binding, streamId(ownerStream));
      return has(state, id);
    },
    async abandon({ stream, revision }, claim, context): Promise<void> {
      const fact = { type: 'ClaimAbandoned', data: claim };
      const event = await handler.seal(stream, context.eventId(stream, revision), fact, binding.types, context);
      await handler.store.append(stream, [event], expectation(revision - 1));
    },
  };
}
