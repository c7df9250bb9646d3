/** EraseUser: everything personal about a user is destroyed for good. The orders stay, without a name. */
import {
  type Claims,
  type CommandContext,
  type CommandHandler,
  decode,
  type EventStore,
  type Outcome,
  type Position,
  Refusal,
} from '../engine/index.js';
import type { ErasureReceipt } from './answer.js';
import type { UserState } from './decider.js';
import { userEvents } from './events.js';
import { withLater } from './last-position.js';
import { userStream } from './stream.js';

/** What the stream of an erased user names outside of the log. Nothing of it is personal. */
export interface Traces {
  readonly user_id: string;
  readonly erased_at: string;
  /** Keyed hashes of all addresses that the user had. */
  readonly email_hashes: readonly string[];
  /** All proofs of identity, replaced ones too. */
  readonly document_ids: readonly string[];
}

/** Destroys one kind of trace. A second run finds nothing left and changes nothing. */
export type ErasureStep = (traces: Traces) => Promise<void>;

export interface ErasureDeps {
  readonly handler: CommandHandler;
  readonly emailClaims: Claims;
  /** In this order, before the key is destroyed. */
  readonly steps: readonly ErasureStep[];
  /** Destroys the user's key in every process. @returns when it was destroyed first */
  readonly destroyKey: (userId: string) => Promise<string>;
}

export interface Erased extends Outcome<UserState> {
  readonly receipt: ErasureReceipt;
}

interface FinishedErasure {
  readonly receipt: ErasureReceipt;
  /** Position of the last event by which this command released an address; null if it released none. */
  readonly released: Position | null;
}

/**
 * EraseUser. The log says first that the user is erased, and the key is destroyed last, so that an erasure that a crash has
 * interrupted shows as such: the log says erased, and the key is still there. The same command sent again finishes it.
 */
export async function eraseUser(
  deps: ErasureDeps,
  userId: string,
  context: CommandContext,
  guard?: (state: UserState, revision: number) => void,
): Promise<Erased> {
  const command = { type: 'EraseUser', at: context.now } as const;
  const outcome = await deps.handler.execute(userStream, userId, command, context, guard ? { guard } : {});
  const finished = await finishErasure(deps, userId, context);
  if (!finished) throw new Refusal('revision-conflict', 'The erasure of the user is not in the log yet: try again.');
  return { ...withLater(outcome, finished.released), receipt: finished.receipt };
}

/** Runs all steps that follow from an erasure in the log. Null, and nothing is destroyed, when the log does not say erased. */
export async function finishErasure(
  { handler, emailClaims, steps, destroyKey }: ErasureDeps,
  userId: string,
  context: CommandContext,
): Promise<FinishedErasure | null> {
  const traces = await tracesOf(handler.store, userId);
  if (!traces) return null;
  const { user_id, erased_at, email_hashes, document_ids } = traces;
  let released: Position | null = null;
  for (const hash of email_hashes) {
    const position = await emailClaims.release(hash, userStream.name(user_id), context);
    if (position !== null && (released === null || position > released)) released = position;
  }
  for (const step of steps) await step(traces);
  const receipt: ErasureReceipt = {
    ...{ user_id, status: 'erased', erased_at },
    email_addresses_released: email_hashes.length,
    documents_deleted: [...document_ids],
    stored_responses_deleted: true,
    key_destroyed_at: await destroyKey(user_id),
  };
  return { receipt, released };
}

/** From the events as they are stored: no key is needed. Null unless the user is erased. */
async function tracesOf(store: EventStore, userId: string): Promise<Traces | null> {
  const emailHashes = new Set<string>();
  const documentIds = new Set<string>();
  let erased: { readonly user_id: string; readonly erased_at: string } | null = null;
  for await (const recorded of store.read(userStream.name(userId))) {
    switch (recorded.type) {
      case 'UserRegistered': {
        const { email_hash, id_proof } = decode(recorded, userEvents.UserRegistered).data;
        emailHashes.add(email_hash);
        if (id_proof) documentIds.add(id_proof.document_id);
        break;
      }
      case 'UserDetailsChanged':
        emailHashes.add(decode(recorded, userEvents.UserDetailsChanged).data.email_hash);
        break;
      case 'IdProofReplaced':
        documentIds.add(decode(recorded, userEvents.IdProofReplaced).data.id_proof.document_id);
        break;
      case 'UserErased':
        erased = decode(recorded, userEvents.UserErased).data;
    }
  }
  if (!erased) return null;
  const { user_id, erased_at } = erased;
  return { user_id, erased_at, email_hashes: [...emailHashes], document_ids: [...documentIds] };
}
