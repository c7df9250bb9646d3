// This is the storage format. A change needs a new version, an upcaster and a recorded sample (see CONTRIBUTING).
import { z } from 'zod';
import { eventType, type FactOf, type Sealed } from '../engine/index.js';

const time = z.iso.datetime();
const sealed = z.string().startsWith('1.') as unknown as z.ZodType<Sealed>;

const idProof = z.strictObject({
  document_id: z.uuid(),
  bytes: z.int().min(1),
  uploaded_at: time,
  sha256: sealed,
  /** The document's own key: who can't open it can't read the document. */
  key: sealed,
});

export const userEvents = {
  /** Someone took over a claim that this user had not confirmed; the revision that the claim named is spent. */
  ClaimAbandoned: eventType(
    'ClaimAbandoned',
    z.strictObject({ claim_stream: z.string(), claim_revision: z.int().min(0) }),
  ),
  UserRegistered: eventType(
    'UserRegistered',
    z.strictObject({
      user_id: z.uuid(),
      name: sealed,
      email: sealed,
      /** Keyed hash of the comparable address: the id of its claim stream. */
      email_hash: z.string(),
      id_proof: idProof.nullable(),
      registered_at: time,
    }),
    { owner: 'user_id', personal: ['name', 'email', 'id_proof.sha256', 'id_proof.key'], secret: ['id_proof.key'] },
  ),
  UserDetailsChanged: eventType(
    'UserDetailsChanged',
    z.strictObject({ user_id: z.uuid(), name: sealed, email: sealed, email_hash: z.string(), changed_at: time }),
    { owner: 'user_id', personal: ['name', 'email'] },
  ),
  IdProofReplaced: eventType(
    'IdProofReplaced',
    z.strictObject({ user_id: z.uuid(), id_proof: idProof, replaced_at: time }),
    {
      owner: 'user_id',
      personal: ['id_proof.sha256', 'id_proof.key'],
      secret: ['id_proof.key'],
    },
  ),
  UserErased: eventType('UserErased', z.strictObject({ user_id: z.uuid(), email_claim: z.string(), erased_at: time })),
};

export type UserFact = FactOf<typeof userEvents>;
