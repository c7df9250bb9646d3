import { type Examples, SAMPLE, sampleEvent } from '../http/openapi/example.js';

const { user_id, document_id, at } = SAMPLE;
const details = { name: 'Ada Lovelace', email: 'ada@shop.example' };
const id_proof = {
  document_id,
  sha256: 'c639fd2b269759bb486afead9fc21e0418e369df3271fd485bafb3f8a41b1216',
  bytes: 298,
  uploaded_at: at,
};
const user = { user_id, ...details, status: 'active', id_proof, registered_at: at, updated_at: at, revision: 0 };
/** Stands for the bytes of the file. */
const file = '%PDF-1.4 …';
const params = { user_id };

export const userExamples: Examples = {
  registerUser: { body: { ...details, id_proof: file }, answer: { data: user } },
  getUser: { params, answer: { data: user } },
  listUsers: { params: { email: details.email }, answer: { data: [user], next: null } },
  listUserEvents: {
    params,
    answer: {
      data: [
        sampleEvent(
          'UserRegistered',
          { user_id, ...details, email_hash: '2737fa53ceabd11325636a7e61613f27', id_proof, registered_at: at },
          0,
        ),
      ],
      next: null,
    },
  },
  changeUserDetails: {
    params,
    body: { name: 'Ada King' },
    answer: { data: { ...user, name: 'Ada King', revision: 1 } },
  },
  replaceIdProof: {
    params,
    body: { id_proof: file },
    answer: {
      data: {
        ...{ ...user, name: 'Ada King', revision: 2 },
        id_proof: { ...id_proof, document_id: '5f0f8f0c-7a3e-4d0b-8c1d-2e4f6a8b0c1e' },
      },
    },
  },
  downloadIdProof: { params, answer: file },
  eraseUser: {
    params,
    answer: {
      data: {
        user_id,
        status: 'erased',
        erased_at: at,
        email_addresses_released: 1,
        documents_deleted: [document_id, '5f0f8f0c-7a3e-4d0b-8c1d-2e4f6a8b0c1e'],
        stored_responses_deleted: true,
        key_destroyed_at: at,
      },
    },
  },
};
