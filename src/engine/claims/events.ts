// This is the storage format. A change needs a new version, an upcaster and a recorded sample (see CONTRIBUTING).
import { z } from 'zod';
import { eventType, type FactOf } from '../core/event-type.js';

/** The owner's stream, and the revision of that stream at which the owner will append: there and nowhere else. */
const claimed = z.strictObject({ owner: z.string(), owner_revision: z.int().min(0) });
const released = z.strictObject({ owner: z.string() });

export const skuClaimEvents = {
  SkuClaimed: eventType('SkuClaimed', claimed),
  SkuReleased: eventType('SkuReleased', released),
};

export const emailClaimEvents = {
  EmailClaimed: eventType('EmailClaimed', claimed),
  EmailReleased: eventType('EmailReleased', released),
};

export type SkuClaimFact = FactOf<typeof skuClaimEvents>;
export type EmailClaimFact = FactOf<typeof emailClaimEvents>;
