// The schemas are a storage format. A change needs a new version, an upcaster and a recorded sample (see CONTRIBUTING).
import { z } from 'zod';
import type { StreamBinding } from '../core/stream-access.js';
import { eventType, type EventTypes } from '../core/event-type.js';
import type { Fact } from '../core/message.js';
import { streamName } from '../core/stream.js';
import { claimDecider, type ClaimCommand, type ClaimState } from './decider.js';

/** The owner's stream, and the revision of that stream at which the owner will append: there and nowhere else. */
const claimed = z.strictObject({ owner: z.string(), owner_revision: z.int().min(0) });
const released = z.strictObject({ owner: z.string() });

/** One kind of unique value: where its claims are recorded, and how a second claimant is refused. */
export interface ClaimKind {
  /** Stream category of the claims. The id of a claim stream is the value, or a keyed hash of it. */
  readonly category: string;
  /** Names of the two event types. */
  readonly claimed: string;
  readonly released: string;
  /** Code and message of the refusal. */
  readonly taken: string;
  readonly takenMessage: string;
  readonly types: EventTypes;
  readonly binding: StreamBinding<ClaimState, ClaimCommand, Fact>;
}

/** Declares a kind of claim. */
export function claimKind(kind: Omit<ClaimKind, 'types' | 'binding'>): ClaimKind {
  const types: EventTypes = {
    [kind.claimed]: eventType(kind.claimed, claimed),
    [kind.released]: eventType(kind.released, released),
  };
  const binding = { name: (id: string) => streamName(kind.category, id), types, decider: claimDecider(kind) };
  return { ...kind, types, binding };
}
