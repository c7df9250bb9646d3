import { streamId } from '../../src/engine/core/stream.js';
import type { Sealed } from '../../src/engine/core/vault.js';
import { on, type ProjectedEvent, type Projection, type ProjectionDb } from '../../src/engine/projecting/projection.js';
import { userEvents } from '../../src/user/events.js';
import { usersBulk } from './bulk.js';

/** An id proof as stored: where the document is, and sealed its digest and its key. */
export type StoredIdProof = ReturnType<(typeof userEvents)['IdProofReplaced']['schema']['parse']>['id_proof'];

/** A user as stored. What is personal is sealed, and null once the user is erased. */
export interface UserRow {
  readonly user_id: string;
  readonly status: 'active' | 'erased';
  readonly name: Sealed | null;
  readonly email: Sealed | null;
  readonly email_hash: string | null;
  readonly id_proof: StoredIdProof | null;
  readonly registered_at: string;
  readonly updated_at: string;
  /** Of the registration. */
  readonly position: string;
  /** Of the last event in the user's stream, whatever it is. */
  readonly revision: number;
}

interface UsersPage {
  readonly users: Map<string, UserRow>;
}

export const users: Projection<UsersPage> = {
  name: 'users',
  version: 1,
  tables: ['users'],
  reads: { user: userEvents },
  keyedBy: ['user'],
  confirmedClaims: [
    {
      category: 'userEmail',
      owners: `select 'userEmail-' || email_hash as stream, 'user-' || user_id as owner from {schema}.users`,
    },
  ],
  ddl: `
    create table {schema}.users (
      user_id uuid not null,
      status text not null,
      name text,
      email text,
      email_hash text,
      id_proof json,
      registered_at timestamptz(3) not null,
      updated_at timestamptz(3) not null,
      position text collate "C" not null,
      revision integer not null
    );
  `,
  indexes: `
    alter table {schema}.users add primary key (user_id);
    create index users_newest on {schema}.users (registered_at, position);
    create index users_by_email on {schema}.users (email_hash) where email_hash is not null;
  `,
  bulk: usersBulk,
  handlers: {
    // Moves the stream on and changes nothing of the user, if there is one at all.
    ClaimAbandoned: on(userEvents.ClaimAbandoned, ({ users }, { stream, revision }) => {
      const user = users.get(streamId(stream));
      if (user) users.set(user.user_id, { ...user, revision });
    }),
    UserRegistered: on(userEvents.UserRegistered, ({ users }, { data, revision, position }) => {
      users.set(data.user_id, { ...data, status: 'active', updated_at: data.registered_at, position, revision });
    }),
    UserDetailsChanged: on(userEvents.UserDetailsChanged, (page, { data, revision }) => {
      const { name, email, email_hash, changed_at } = data;
      change(page, data.user_id, { name, email, email_hash, updated_at: changed_at, revision });
    }),
    IdProofReplaced: on(userEvents.IdProofReplaced, (page, { data, revision }) => {
      change(page, data.user_id, { id_proof: data.id_proof, updated_at: data.replaced_at, revision });
    }),
    UserErased: on(userEvents.UserErased, (page, { data, revision }) => {
      const nothing = { name: null, email: null, email_hash: null, id_proof: null };
      change(page, data.user_id, { ...nothing, status: 'erased', updated_at: data.erased_at, revision });
    }),
  },
  open,
  flush,
};

function change({ users }: UsersPage, userId: string, changed: Partial<UserRow>): void {
  const user = users.get(userId);
  if (!user) throw new Error(`user ${userId} has not been registered`);
  users.set(userId, { ...user, ...changed });
}

async function open(events: readonly ProjectedEvent[], db: ProjectionDb): Promise<UsersPage> {
  const named = new Set(events.map((event) => streamId(event.stream)));
  const rows = await db.query<UserRow>(
    'users-load',
    `select user_id, status, name, email, email_hash, id_proof, registered_at, updated_at, position, revision
     from {schema}.users where user_id = any($1::uuid[])`,
    [[...named]],
  );
  return { users: new Map(rows.map((row) => [row.user_id, row])) };
}

async function flush({ users }: UsersPage, db: ProjectionDb): Promise<void> {
  if (users.size === 0) return;
  const rows = [...users.values()];
  await db.query(
    'users-write',
    `insert into {schema}.users
       (user_id, status, name, email, email_hash, id_proof, registered_at, updated_at, position, revision)
     select * from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::json[],
       $7::timestamptz[], $8::timestamptz[], $9::text[], $10::integer[])
     on conflict (user_id) do update set
       status = excluded.status, name = excluded.name, email = excluded.email, email_hash = excluded.email_hash,
       id_proof = excluded.id_proof, updated_at = excluded.updated_at, revision = excluded.revision`,
    [
      rows.map((user) => user.user_id),
      rows.map((user) => user.status),
      rows.map((user) => user.name),
      rows.map((user) => user.email),
      rows.map((user) => user.email_hash),
      rows.map((user) => user.id_proof && JSON.stringify(user.id_proof)),
      rows.map((user) => user.registered_at),
      rows.map((user) => user.updated_at),
      rows.map((user) => user.position),
      rows.map((user) => user.revision),
    ],
  );
}
