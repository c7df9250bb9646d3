import type { ClaimOwner, ClaimOwners, Claims } from './claims.js';
import type { CommandHandler } from '../core/command-handler.js';
import { Refusal, WrongExpectedRevision } from '../core/errors.js';
import type { Position } from '../core/event-store.js';
import { type CommandContext, empty, type Loaded, StreamAccess } from '../core/stream-access.js';
import { type Claim, ClaimTaken, type ClaimState } from './decider.js';
import type { ClaimKind } from './kind.js';

/** A pending claim younger than this may belong to a command under way. A courtesy: safety does not rest on it. */
const GRACE_MS = 30_000;

const TRIES = 10;

/** The protocol of claims, for one kind of them. */
export class ClaimProtocol implements Claims {
  readonly #streams: StreamAccess;

  constructor(
    private readonly kind: ClaimKind,
    handler: Pick<CommandHandler, 'store' | 'vault'>,
    private readonly owners: ClaimOwners,
  ) {
    this.#streams = new StreamAccess(handler.store, handler.vault);
  }

  async acquire(id: string, owner: ClaimOwner, context: CommandContext): Promise<void> {
    const { binding } = this.kind;
    // Most claims meet an empty stream: the first try does not read. A keyed command may have claimed before.
    let loaded: Loaded<ClaimState> = context.keyed
      ? await this.#streams.load(binding, id)
      : empty(binding.decider.initialState);
    let takeOver: number | null = null;
    for (let attempt = 0; attempt < TRIES; attempt++) {
      try {
        const claim = {
          type: 'Claim',
          owner: owner.stream,
          owner_revision: owner.revision,
          takeOver,
        } as const;
        const facts = binding.decider.decide(loaded.state, claim);
        // The index is the claim's revision: a renewal is another event than the claim it renews.
        if (facts.length > 0) await this.#streams.append(binding, id, loaded, facts, context, loaded.revision + 1);
        return;
      } catch (error) {
        if (error instanceof WrongExpectedRevision) {
          loaded = await this.#streams.load(binding, id);
        } else if (error instanceof ClaimTaken) {
          takeOver = await this.#declareDead(id, error.claim, context);
        } else throw error;
      }
    }
    throw new Refusal('revision-conflict', 'Too many others are claiming the same at this moment.');
  }

  async release(id: string, ownerStream: string, context: CommandContext): Promise<Position | null> {
    const { binding } = this.kind;
    for (;;) {
      const loaded = await this.#streams.load(binding, id);
      const facts = binding.decider.decide(loaded.state, { type: 'Release', owner: ownerStream });
      if (!loaded.state || facts.length === 0) return this.#positionOf(context, id, loaded);
      // Another command of the owner may have renewed it a moment ago, and be about to confirm it.
      if ((await this.owners.standing(ownerOf(loaded.state), id)) !== 'abandoned') return null;
      try {
        return (await this.#streams.append(binding, id, loaded, facts, context, loaded.revision + 1)).position;
      } catch (error) {
        if (!(error instanceof WrongExpectedRevision)) throw error;
      }
    }
  }

  /** Of the last event that a command has recorded in the stream of a claim. */
  async #positionOf({ commandId }: CommandContext, id: string, loaded: Loaded<ClaimState>): Promise<Position | null> {
    const last = loaded.commands.get(commandId)?.revision;
    if (last === undefined) return null;
    return last === loaded.revision
      ? loaded.position
      : (await this.#streams.load(this.kind.binding, id, last)).position;
  }

  async claimedFor(id: string, commandId: string): Promise<string | null> {
    const { state, commands } = await this.#streams.load(this.kind.binding, id);
    return state && commands.get(commandId)?.revision === state.revision ? state.owner : null;
  }

  /** Spends the revision that a stale claim names, so that its owner can't confirm it any more. @returns the claim's revision */
  async #declareDead(id: string, claim: Claim, context: CommandContext): Promise<number> {
    const taken = (): Refusal => new Refusal(this.kind.taken, this.kind.takenMessage);
    const owner = ownerOf(claim);
    if ((await this.owners.standing(owner, id)) === 'confirmed') throw taken();
    if (Date.parse(context.now) - Date.parse(claim.recordedAt) < GRACE_MS) throw taken();
    try {
      await this.owners.abandon(
        owner,
        { claim_stream: this.kind.binding.name(id), claim_revision: claim.revision },
        context,
      );
    } catch (error) {
      if (!(error instanceof WrongExpectedRevision)) throw error;
      // The revision is spent already: on what was claimed, or on something else, and then the claim is dead.
      if ((await this.owners.standing(owner, id)) === 'confirmed') throw taken();
    }
    return claim.revision;
  }
}

function ownerOf({ owner, ownerRevision }: Claim): ClaimOwner {
  return { stream: owner, revision: ownerRevision };
}
