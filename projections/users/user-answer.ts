import { type Sealed, streamName, type Vault } from '../../src/engine/index.js';
import { answerUser, type UserAnswer } from '../../src/user/answer.js';
import type { UserRow } from './projection.js';

/** What a download needs of an id proof. */
export interface IdProofKey {
  readonly document_id: string;
  /** The document's own key, as it was when the document was stored. */
  readonly key: string;
  readonly sha256: string;
  readonly bytes: number;
}

/** Shapes a stored user and opens what is sealed in it. */
export async function userAnswer(row: UserRow, vault: Vault): Promise<UserAnswer> {
  const [name, email, sha256] = await Promise.all([
    open(row, vault, 'name', row.name),
    open(row, vault, 'email', row.email),
    open(row, vault, 'id_proof.sha256', row.id_proof && row.id_proof.sha256),
  ]);
  // A proof that can't be told from another one any more is none.
  const id_proof = row.id_proof && sha256 !== null ? { ...row.id_proof, sha256 } : null;
  return answerUser({ ...row, name, email, id_proof }, row.revision);
}

/** Null if there is no id proof, or its key can't be read any more. */
export async function idProofKey(row: UserRow, vault: Vault): Promise<IdProofKey | null> {
  const stored = row.id_proof;
  if (!stored) return null;
  const key = await open(row, vault, 'id_proof.key', stored.key);
  const sha256 = await open(row, vault, 'id_proof.sha256', stored.sha256);
  if (key === null || sha256 === null) return null;
  return { document_id: stored.document_id, key, sha256, bytes: stored.bytes };
}

async function open(row: UserRow, vault: Vault, field: string, sealed: Sealed | null): Promise<string | null> {
  return sealed === null ? null : vault.open(row.user_id, { stream: streamName('user', row.user_id), field }, sealed);
}
