import { column, defineProjection, keyedTable, type RowOf, type Sealed } from '../../src/engine/index.js';
import { userEvents } from '../../src/user/events.js';

const { changing, insertedAt, json, key, lastRevision, nullable, text, time } = column;

/** An id proof as stored: where the document is, and sealed its digest and its key. */
export type StoredIdProof = ReturnType<(typeof userEvents)['IdProofReplaced']['schema']['parse']>['id_proof'];

/** What is personal is sealed, and null once the user is erased. */
export const usersTable = keyedTable('users', {
  category: 'user',
  missing: 'has not been registered',
  columns: {
    user_id: key('uuid'),
    status: changing(text<'active' | 'erased'>()),
    name: changing(nullable(text<Sealed>())),
    email: changing(nullable(text<Sealed>())),
    email_hash: changing(nullable(text())),
    id_proof: changing(nullable(json<StoredIdProof>())),
    registered_at: time,
    updated_at: changing(time),
    position: insertedAt,
    revision: lastRevision,
  },
  indexes: `
    create index users_newest on {schema}.users (registered_at, position);
    create index users_erased on {schema}.users (user_id) where status = 'erased';
    create index users_by_email on {schema}.users (email_hash) where email_hash is not null;
  `,
});

export type UserRow = RowOf<typeof usersTable>;

export const users = defineProjection({
  name: 'users',
  version: 1,
  reads: { user: userEvents },
  keyedBy: ['user'],
  confirmedClaims: [
    {
      category: 'userEmail',
      owners: `select 'userEmail-' || email_hash as stream, 'user-' || user_id as owner from {schema}.users`,
    },
  ],
  page: { users: usersTable },
  meanings: {
    '': 'Users, personal fields sealed. Serves single users and lists.',
    users: 'One row a user.',
    'users.user_id': '',
    'users.status': '`active` or `erased`',
    'users.name': 'sealed; null once erased',
    'users.email': 'sealed; null once erased',
    'users.email_hash': 'keyed hash of the comparable address; null once erased',
    'users.id_proof': 'the document, its digest and key sealed; null if there is none',
    'users.registered_at': '',
    'users.updated_at': '',
    'users.position': 'of the registration: the order of equal times',
    'users.revision': "of the user's stream",
  },
  handlers: {
    // Moves the stream on and changes nothing of the user, if there is one at all.
    ClaimAbandoned: ({ users }, event) => {
      users.patchIfThere(event);
    },
    UserRegistered: ({ users }, event) => {
      const { name, email, email_hash, id_proof, registered_at } = event.data;
      const details = { name, email, email_hash, id_proof };
      users.insert(event, { ...details, status: 'active', registered_at, updated_at: registered_at });
    },
    UserDetailsChanged: ({ users }, event) => {
      const { name, email, email_hash, changed_at } = event.data;
      users.patch(event, { name, email, email_hash, updated_at: changed_at });
    },
    IdProofReplaced: ({ users }, event) => {
      users.patch(event, { id_proof: event.data.id_proof, updated_at: event.data.replaced_at });
    },
    UserErased: ({ users }, event) => {
      const nothing = { name: null, email: null, email_hash: null, id_proof: null };
      users.patch(event, { ...nothing, status: 'erased', updated_at: event.data.erased_at });
    },
  },
  // Nothing is counted here; an erased user has nothing personal left, and others have.
  recounts: [
    `select 'users' as "table", user_id::text as key, 'status' as "column", status as found,
       case when name is null and email is null and email_hash is null and id_proof is null
         then 'erased' else 'active' end as recounted
     from {schema}.users
     where (status = 'erased') <> (name is null and email is null and email_hash is null and id_proof is null)`,
  ],
});
