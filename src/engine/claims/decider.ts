import type { Decider } from '../core/decider.js';
import type { Envelope, Fact } from '../core/message.js';

export interface Claim {
  readonly owner: string;
  readonly ownerRevision: number;
  readonly revision: number;
  readonly recordedAt: string;
}

/** Null: nobody claims it. */
export type ClaimState = Claim | null;

export type ClaimCommand =
  /** `takeOver` names the dead claim (its revision) that may be replaced. */
  | { type: 'Claim'; owner: string; owner_revision: number; takeOver: number | null }
  | { type: 'Release'; owner: string };

interface ClaimedData {
  readonly owner: string;
  readonly owner_revision: number;
}

/** The names of the two event types of one kind of claim. */
export interface ClaimEventNames {
  readonly claimed: string;
  readonly released: string;
}

/** Thrown where somebody else holds the claim; what is to be done then is the protocol's matter. */
export class ClaimTaken extends Error {
  override readonly name = 'ClaimTaken';
  constructor(readonly claim: Claim) {
    super(`claimed by ${claim.owner}`);
  }
}

export function claimDecider(names: ClaimEventNames): Decider<ClaimState, ClaimCommand, Fact> {
  return {
    initialState: null,
    decide(state, command): Fact[] {
      switch (command.type) {
        case 'Claim': {
          const { owner, owner_revision } = command;
          if (state && state.owner !== owner && state.revision !== command.takeOver) throw new ClaimTaken(state);
          if (state && state.owner === owner && state.ownerRevision === owner_revision) return [];
          return [{ type: names.claimed, data: { owner, owner_revision } }];
        }
        case 'Release': {
          if (state?.owner !== command.owner) return [];
          return [{ type: names.released, data: { owner: command.owner } }];
        }
      }
    },
    evolve(_state, event: Envelope<Fact>): ClaimState {
      if (event.type === names.released) return null;
      const { owner, owner_revision } = event.data as ClaimedData;
      return { owner, ownerRevision: owner_revision, revision: event.revision, recordedAt: event.recordedAt };
    },
  };
}
