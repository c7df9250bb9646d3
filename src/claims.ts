import type { StreamBinding } from './engine/core/command-handler.js';
import type { RefusalCode } from './engine/core/errors.js';
import { streamName } from './engine/core/stream.js';
import { claimDecider, type ClaimCommand, type ClaimState } from './engine/claims/decider.js';
import { type EmailClaimFact, emailClaimEvents, type SkuClaimFact, skuClaimEvents } from './engine/claims/events.js';

/** One kind of claim: its streams, and what someone is told who comes second. */
export interface ClaimKind<F extends SkuClaimFact | EmailClaimFact> {
  readonly binding: StreamBinding<ClaimState, ClaimCommand, F>;
  readonly taken: RefusalCode;
  readonly takenMessage: string;
}

export const skuClaims: ClaimKind<SkuClaimFact> = {
  binding: {
    name: (sku) => streamName('productSku', sku),
    types: skuClaimEvents,
    decider: claimDecider<SkuClaimFact>({ claimed: 'SkuClaimed', released: 'SkuReleased' }),
  },
  taken: 'sku-taken',
  takenMessage: 'The SKU belongs to another product, or is being given to one right now.',
};

/** By the keyed hash of the comparable address. */
export const emailClaims: ClaimKind<EmailClaimFact> = {
  binding: {
    name: (hash) => streamName('userEmail', hash),
    types: emailClaimEvents,
    decider: claimDecider<EmailClaimFact>({ claimed: 'EmailClaimed', released: 'EmailReleased' }),
  },
  taken: 'email-taken',
  takenMessage: 'The e-mail address belongs to another user, or is being registered right now.',
};
