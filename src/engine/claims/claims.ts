import type { CommandHandler } from '../core/command-handler.js';
import type { Position } from '../core/event-store.js';
import type { Fact } from '../core/message.js';
import { streamId } from '../core/stream.js';
import { type CommandContext, expectation, StreamAccess, type StreamBinding } from '../core/stream-access.js';

/**
 * Uniqueness across streams: a value that only one thing may have has a stream of its own,
 * and is claimed there before the thing itself is recorded. A claim names its owner's stream and the revision of it at
 * which the owner will append, and the owner appends only there: the first append at that revision decides.
 */
export interface Claims {
  /** Claims `id` for an owner who will append at `owner.revision`. @throws Refusal when someone else has it */
  acquire(id: string, owner: ClaimOwner, context: CommandContext): Promise<void>;
  /**
   * Gives up a claim, if the owner still holds it and neither confirms it nor can come to do so.
   * @returns the position of the event by which this command released it, now or in an earlier attempt; null if it did not
   */
  release(id: string, ownerStream: string, context: CommandContext): Promise<Position | null>;
  /** The stream of the owner that this command has claimed `id` for; null if it has not, or the claim is another's now. */
  claimedFor(id: string, commandId: string): Promise<string | null>;
}

export interface ClaimOwner {
  readonly stream: string;
  readonly revision: number;
}

/**
 * What an owner's stream says of a claim: its state has what was claimed; or the revision that the claim names is still to
 * come, so that it may yet; or that revision is spent, and the claim is dead until it is renewed.
 */
export type ClaimStanding = 'confirmed' | 'pending' | 'abandoned';

/** What the claims must know of, and may do to, the streams of their owners. */
export interface ClaimOwners {
  standing(owner: ClaimOwner, id: string): Promise<ClaimStanding>;
  /** Appends ClaimAbandoned to the owner's stream at exactly this revision. @throws WrongExpectedRevision */
  abandon(owner: ClaimOwner, claim: AbandonedClaim, context: CommandContext): Promise<void>;
}

export interface AbandonedClaim {
  readonly claim_stream: string;
  readonly claim_revision: number;
}

/**
 * The owners that keep their things in one stream category.
 * @param has tells whether a state of such a thing confirms a claim of that id
 */
export function claimOwners<State, Command, F extends Fact>(
  handler: Pick<CommandHandler, 'store' | 'vault'>,
  binding: StreamBinding<State, Command, F>,
  has: (state: State, id: string) => boolean,
): ClaimOwners {
  const streams = new StreamAccess(handler.store, handler.vault);
  return {
    async standing(owner, id): Promise<ClaimStanding> {
      const { state, revision } = await streams.load(binding, streamId(owner.stream));
      if (has(state, id)) return 'confirmed';
      return revision < owner.revision ? 'pending' : 'abandoned';
    },
    async abandon({ stream, revision }, claim, context): Promise<void> {
      const fact = { type: 'ClaimAbandoned', data: claim };
      const event = await streams.seal(stream, context.eventId(stream, revision), fact, binding.types, context);
      await streams.store.append(stream, [event], expectation(revision - 1));
    },
  };
}
