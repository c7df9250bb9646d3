// This is the wire format: what clients of the HTTP interface see of a user.
import { z } from 'zod';
import { count, revision, time } from '../http/schemas.js';

const idProof = z
  .strictObject({ document_id: z.uuid(), sha256: z.string().nullable(), bytes: count, uploaded_at: time })
  .meta({ id: 'IdProof' });

export const userAnswer = z
  .strictObject({
    user_id: z.uuid(),
    name: z.string().nullable().meta({ description: 'Null once the user is erased.' }),
    email: z.string().nullable().meta({ description: 'Null once the user is erased.' }),
    status: z.enum(['active', 'erased']).meta({ id: 'UserStatus' }),
    id_proof: idProof.nullable(),
    registered_at: time,
    updated_at: time,
    revision,
  })
  .meta({ id: 'User' });

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
export const erasureReceipt = z
  .strictObject({
    user_id: z.uuid(),
    status: z.literal('erased'),
    erased_at: time.meta({ description: 'From then on, every other command of the user is refused.' }),
    email_addresses_released: count.meta({ description: 'Other users may register them.' }),
    documents_deleted: z
      .array(z.uuid())
      .meta({ description: 'The ids of all proofs of identity, replaced ones included.' }),
    stored_responses_deleted: z
      .literal(true)
      .meta({ description: 'Responses that were kept for retries with an idempotency key.' }),
    key_destroyed_at: time.meta({
      description: 'The last step: from then on, nothing that is sealed for the user can be read.',
    }),
  })
  .meta({ id: 'ErasureReceipt' });

export type ErasureReceipt = z.infer<typeof erasureReceipt>;
