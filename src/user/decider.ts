import { type Decider, type Envelope, Refusal } from '../engine/index.js';
import { emailClaims } from './claims.js';
import type { UserCommand } from './commands.js';
import type { UserFact } from './events.js';

type StoredProof = Extract<UserFact, { type: 'IdProofReplaced' }>['data']['id_proof'];

export interface User {
  readonly user_id: string;
  readonly status: 'active' | 'erased';
  /** Null once erased, like all that is personal. */
  readonly name: string | null;
  readonly email: string | null;
  readonly email_hash: string | null;
  readonly id_proof: StoredProof | null;
  readonly registered_at: string;
  readonly updated_at: string;
  /** The address before the last change, whose claim a crash may have left behind. */
  readonly previous_email_hash: string | null;
}

/** Null: there is no such user; a stream may hold abandoned claims all the same. */
export type UserState = User | null;

export const userDecider: Decider<UserState, UserCommand, UserFact> = { initialState: null, decide, evolve };

function decide(state: UserState, command: UserCommand): UserFact[] {
  switch (command.type) {
    case 'RegisterUser':
    case 'ImportUser': {
      if (state && command.type === 'ImportUser') return [];
      if (state) throw new Refusal('idempotency-mismatch', 'A user with this id was registered by another request.');
      const { user_id, name, email, email_hash, id_proof, at } = command;
      return [{ type: 'UserRegistered', data: { user_id, name, email, email_hash, id_proof, registered_at: at } }];
    }
    case 'ChangeUserDetails': {
      const user = active(state);
      const name = command.name ?? user.name;
      const email = command.address?.email ?? user.email;
      const email_hash = command.address?.email_hash ?? (user.email_hash as string);
      if (name === user.name && email === user.email) return [];
      const { user_id } = user;
      return [{ type: 'UserDetailsChanged', data: { user_id, name, email, email_hash, changed_at: command.at } }];
    }
    case 'ReplaceIdProof': {
      const { user_id, id_proof: current } = active(state);
      const isSame = current?.sha256 === command.id_proof.sha256;
      if (isSame && current.document_id !== command.lost_document_id) return [];
      const id_proof = { ...command.id_proof, uploaded_at: command.at };
      return [{ type: 'IdProofReplaced', data: { user_id, id_proof, replaced_at: command.at } }];
    }
    case 'EraseUser': {
      const { user_id, status, email_hash } = known(state);
      if (status === 'erased') return [];
      const email_claim = emailClaims.binding.name(email_hash as string);
      return [{ type: 'UserErased', data: { user_id, email_claim, erased_at: command.at } }];
    }
  }
}

function evolve(state: UserState, event: Envelope<UserFact>): UserState {
  switch (event.type) {
    case 'ClaimAbandoned':
      return state;
    case 'UserRegistered': {
      const { user_id, name, email, email_hash, id_proof, registered_at } = event.data;
      return {
        user_id,
        status: 'active',
        name,
        email,
        email_hash,
        id_proof,
        registered_at,
        updated_at: registered_at,
        previous_email_hash: null,
      };
    }
    case 'UserDetailsChanged': {
      const { name, email, email_hash, changed_at } = event.data;
      const user = known(state);
      const moved = user.email_hash !== email_hash;
      const previous_email_hash = moved ? user.email_hash : user.previous_email_hash;
      return { ...user, name, email, email_hash, updated_at: changed_at, previous_email_hash };
    }
    case 'IdProofReplaced':
      return { ...known(state), id_proof: event.data.id_proof, updated_at: event.data.replaced_at };
    case 'UserErased':
      return {
        ...known(state),
        status: 'erased',
        name: null,
        email: null,
        email_hash: null,
        id_proof: null,
        previous_email_hash: null,
        updated_at: event.data.erased_at,
      };
  }
}

function known(state: UserState): User {
  if (!state) throw new Refusal('user-not-found', 'There is no such user.');
  return state;
}

function active(state: UserState): User {
  const user = known(state);
  if (user.status === 'erased') throw new Refusal('user-erased', 'The user has been erased.');
  return user;
}
