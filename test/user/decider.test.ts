import t from 'tap';
import { fold } from '../../src/engine/core/decider.js';
import { userDecider } from '../../src/user/decider.js';
import type { ChangeUserDetails, IdProof, RegisterUser } from '../../src/user/commands.js';
import type { UserFact } from '../../src/user/events.js';
import { given, recorded } from '../support/given-when-then.js';

const user_id = '018f0000-0000-7000-8000-000000000002';
const at = '2026-01-02T00:00:00.000Z';
const proof: IdProof = { document_id: user_id, bytes: 9, uploaded_at: at, sha256: 'aa', key: 'k' };
const details = { user_id, name: 'Ada', email: 'ada@example.org', email_hash: 'h1' };
const registered: UserFact = { type: 'UserRegistered', data: { ...details, id_proof: proof, registered_at: at } };
const register: RegisterUser = { type: 'RegisterUser', ...details, id_proof: proof, at };
const erased: UserFact = { type: 'UserErased', data: { user_id, email_claim: 'userEmail-h1', erased_at: at } };
const changing = (change: Partial<ChangeUserDetails>): ChangeUserDetails => ({
  type: 'ChangeUserDetails',
  at,
  ...change,
});

t.test('registers a user once', async (t) => {
  given(t, userDecider, []).when(register).then([registered], 'idempotency-mismatch');
});

t.test('imports a user without a proof, and never twice', async (t) => {
  given(t, userDecider, [])
    .when({ ...register, type: 'ImportUser', id_proof: null })
    .then([{ type: 'UserRegistered', data: { ...details, id_proof: null, registered_at: at } }]);
});

t.test('changes what differs and records the details as a whole', async (t) => {
  given(t, userDecider, [registered])
    .when(changing({ name: 'Ada L.' }))
    .then([{ type: 'UserDetailsChanged', data: { ...details, name: 'Ada L.', changed_at: at } }]);
  given(t, userDecider, [registered])
    .when(changing({ address: { email: 'Ada@example.org', email_hash: 'h1' } }))
    .then([{ type: 'UserDetailsChanged', data: { ...details, email: 'Ada@example.org', changed_at: at } }]);
  given(t, userDecider, [registered])
    .when(changing({ name: 'Ada' }))
    .then([]);
});

t.test('remembers the address before the last, so that its claim can be released', async (t) => {
  const moved: UserFact = {
    type: 'UserDetailsChanged',
    data: { ...details, email: 'l@example.org', email_hash: 'h2', changed_at: at },
  };
  const renamed: UserFact = {
    type: 'UserDetailsChanged',
    data: { ...details, name: 'L', email: 'l@example.org', email_hash: 'h2', changed_at: at },
  };
  t.equal(fold(userDecider, recorded([registered, moved, renamed]))?.previous_email_hash, 'h1');
});

t.test('replaces the proof of identity; the same document again changes nothing', async (t) => {
  const other = { ...proof, document_id: '018f0000-0000-7000-8000-000000000003', sha256: 'bb' };
  given(t, userDecider, [registered])
    .when({ type: 'ReplaceIdProof', id_proof: other, at })
    .then([{ type: 'IdProofReplaced', data: { user_id, id_proof: other, replaced_at: at } }]);
});

t.test('records the same document again only where the one that the user has is lost', async (t) => {
  const again = { ...proof, document_id: '018f0000-0000-7000-8000-000000000003', key: 'other' };
  given(t, userDecider, [registered]).when({ type: 'ReplaceIdProof', id_proof: again, at }).then([]);
  given(t, userDecider, [registered])
    .when({ type: 'ReplaceIdProof', id_proof: again, lost_document_id: proof.document_id, at })
    .then([{ type: 'IdProofReplaced', data: { user_id, id_proof: again, replaced_at: at } }]);
  const replaced: UserFact = { type: 'IdProofReplaced', data: { user_id, id_proof: again, replaced_at: at } };
  const third = { ...proof, document_id: '018f0000-0000-7000-8000-000000000004' };
  given(t, userDecider, [registered, replaced])
    .when({ type: 'ReplaceIdProof', id_proof: third, lost_document_id: proof.document_id, at })
    .then([]);
});

t.test('a proof is recorded for a user who has none', async (t) => {
  given(t, userDecider, [{ type: 'UserRegistered', data: { ...details, id_proof: null, registered_at: at } }])
    .when({ type: 'ReplaceIdProof', id_proof: proof, at })
    .then([{ type: 'IdProofReplaced', data: { user_id, id_proof: proof, replaced_at: at } }]);
});

t.test('refuses changes of an unknown and of an erased user', async (t) => {
  const abandoned: UserFact = { type: 'ClaimAbandoned', data: { claim_stream: 'userEmail-h1', claim_revision: 0 } };
  given(t, userDecider, [abandoned])
    .when(changing({ name: 'x' }))
    .refused('user-not-found');
  given(t, userDecider, []).when({ type: 'ReplaceIdProof', id_proof: proof, at }).refused('user-not-found');
  given(t, userDecider, [registered, erased])
    .when(changing({ name: 'x' }))
    .refused('user-erased');
  given(t, userDecider, [registered, erased])
    .when({ type: 'ReplaceIdProof', id_proof: proof, at })
    .refused('user-erased');
});

t.test('an erased user has no name, address or proof', async (t) => {
  t.match(fold(userDecider, recorded([registered, erased])), {
    status: 'erased',
    name: null,
    email: null,
    email_hash: null,
    id_proof: null,
  });
});
