// This is the wire format: what clients of the HTTP interface see of a user.
import { z } from 'zod';

const time = z.iso.datetime();

export const userAnswer = z.strictObject({
  user_id: z.uuid(),
  /** Null once erased, as the e-mail address and the proof. */
  name: z.string().nullable(),
  email: z.string().nullable(),
  status: z.enum(['active', 'erased']),
  id_proof: z
    .strictObject({ document_id: z.uuid(), sha256: z.string().nullable(), bytes: z.int(), uploaded_at: time })
    .nullable(),
  registered_at: time,
  updated_at: time,
  revision: z.int(),
});

export type UserAnswer = z.infer<typeof userAnswer>;

/** A user as it is kept, on either side; more fields may be there and are not shown. */
export interface KeptUser {
  readonly user_id: string;
  readonly status: UserAnswer['status'];
  readonly name: string | null;
  readonly email: string | null;
  readonly id_proof: NonNullable<UserAnswer['id_proof']> | null;
  readonly registered_at: string;
  readonly updated_at: string;
}

export function answerUser(user: KeptUser, revision: number): UserAnswer {
  const { user_id, name, email, status, id_proof, registered_at, updated_at } = user;
  const shown = id_proof && {
    document_id: id_proof.document_id,
    sha256: id_proof.sha256,
    bytes: id_proof.bytes,
    uploaded_at: id_proof.uploaded_at,
  };
  return { user_id, name, email, status, id_proof: shown, registered_at, updated_at, revision };
}

/** What an erasure has destroyed, and when. The same for each repetition. */
export const erasureReceipt = z.strictObject({
  user_id: z.uuid(),
  status: z.literal('erased'),
  /** From then on every other command of the user is refused. */
  erased_at: time,
  /** Other users may register them. */
  email_addresses_released: z.int(),
  /** Ids of all proofs of identity, replaced ones too. */
  documents_deleted: z.array(z.uuid()),
  /** Responses that were kept for retries under an idempotency key. */
  stored_responses_deleted: z.literal(true),
  /** The last step: from then on nothing that is sealed for the user can be read. */
  key_destroyed_at: time,
});

export type ErasureReceipt = z.infer<typeof erasureReceipt>;
