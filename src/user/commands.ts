/** Proof of identity, as the gate has accepted and stored it. */
export interface IdProof {
  readonly document_id: string;
  readonly bytes: number;
  readonly uploaded_at: string;
  readonly sha256: string;
  readonly key: string;
}

export interface EmailAddress {
  /** As given. */
  readonly email: string;
  /** Keyed hash of the comparable form: what is claimed. */
  readonly email_hash: string;
}

export type RegisterUser = EmailAddress & {
  readonly type: 'RegisterUser';
  readonly user_id: string;
  readonly name: string;
  readonly id_proof: IdProof;
  readonly at: string;
};

/** A user from another system: the proof may follow later. Only the import sends it. */
export type ImportUser = Omit<RegisterUser, 'type' | 'id_proof'> & {
  readonly type: 'ImportUser';
  readonly id_proof: IdProof | null;
};

export type ChangeUserDetails = {
  readonly type: 'ChangeUserDetails';
  readonly name?: string;
  readonly address?: EmailAddress;
  readonly at: string;
};

export type ReplaceIdProof = {
  readonly type: 'ReplaceIdProof';
  readonly id_proof: IdProof;
  /** The document that is not there any more, or does not open. */
  readonly lost_document_id?: string;
  readonly at: string;
};

export type EraseUser = { readonly type: 'EraseUser'; readonly at: string };

export type UserCommand = RegisterUser | ImportUser | ChangeUserDetails | ReplaceIdProof | EraseUser;
