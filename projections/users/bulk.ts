import { streamId } from '../../src/engine/core/stream.js';
import type { BulkPath, CopiedRows } from '../../src/engine/builds/bulk.js';
import { on } from '../../src/engine/projecting/projection.js';
import { userEvents } from '../../src/user/events.js';
import type { UserRow } from './projection.js';

/** What happened in a chunk to a user of an earlier one. A field that is left out was not changed. */
interface Change {
  readonly revision: number;
  readonly details?: Pick<UserRow, 'name' | 'email' | 'email_hash'>;
  readonly id_proof?: UserRow['id_proof'];
  readonly erased?: boolean;
  readonly updated_at?: string;
}

interface Chunk {
  readonly users: Map<string, UserRow>;
  readonly changes: Map<string, Change>;
  /** Users that something other than the end of a claim happened to, and the first such event: they have to be there by then. */
  readonly expected: Map<string, number>;
}

const NOBODY = { name: null, email: null, email_hash: null };

export const usersBulk: BulkPath<Chunk> = {
  staging: `
    create unlogged table {staging}.changes (
      user_id uuid, revision integer, expected integer, sets_details boolean, name text, email text, email_hash text,
      sets_proof boolean, id_proof text, erased boolean, updated_at timestamptz(3)
    );`,
  begin: () => ({ users: new Map(), changes: new Map(), expected: new Map() }),
  handlers: {
    ClaimAbandoned: on(userEvents.ClaimAbandoned, (chunk, { stream, revision }) => {
      change(chunk, streamId(stream), { revision });
    }),
    UserRegistered: on(userEvents.UserRegistered, ({ users, changes }, { data, revision, position }) => {
      users.set(data.user_id, { ...data, status: 'active', updated_at: data.registered_at, position, revision });
      // Ends of claims, from before there was a user.
      changes.delete(data.user_id);
    }),
    UserDetailsChanged: on(userEvents.UserDetailsChanged, (chunk, { data, revision }) => {
      const { name, email, email_hash } = data;
      expect(chunk, data.user_id, { details: { name, email, email_hash }, updated_at: data.changed_at, revision });
    }),
    IdProofReplaced: on(userEvents.IdProofReplaced, (chunk, { data, revision }) => {
      expect(chunk, data.user_id, { id_proof: data.id_proof, updated_at: data.replaced_at, revision });
    }),
    UserErased: on(userEvents.UserErased, (chunk, { data, revision }) => {
      const erased = { details: NOBODY, id_proof: null, erased: true };
      expect(chunk, data.user_id, { ...erased, updated_at: data.erased_at, revision });
    }),
  },
  rows,
  finish: [
    `update {schema}.users u set revision = c.revision, updated_at = coalesce(c.updated_at, u.updated_at),
       status = case when c.erased then 'erased' else u.status end,
       name = case when c.sets_details then c.name else u.name end,
       email = case when c.sets_details then c.email else u.email end,
       email_hash = case when c.sets_details then c.email_hash else u.email_hash end,
       id_proof = case when c.sets_proof then c.id_proof::json else u.id_proof end
     from (
       select c.user_id, max(c.revision) as revision, bool_or(c.erased) as erased,
         (array_agg(c.updated_at order by c.revision desc) filter (where c.updated_at is not null))[1] as updated_at,
         bool_or(c.sets_details) as sets_details,
         (array_agg(c.name order by c.revision desc) filter (where c.sets_details))[1] as name,
         (array_agg(c.email order by c.revision desc) filter (where c.sets_details))[1] as email,
         (array_agg(c.email_hash order by c.revision desc) filter (where c.sets_details))[1] as email_hash,
         bool_or(c.sets_proof) as sets_proof,
         (array_agg(c.id_proof order by c.revision desc) filter (where c.sets_proof))[1] as id_proof
       from {staging}.changes c join {schema}.users u on u.user_id = c.user_id and c.revision > u.revision
       group by c.user_id
     ) c
     where c.user_id = u.user_id`,
  ],
  orphans: `
    select 'user-' || c.user_id as stream, c.expected as revision, 'user ' || c.user_id || ' has not been registered' as message
    from {staging}.changes c
    where c.expected is not null
      and not exists (select from {schema}.users u where u.user_id = c.user_id and u.revision < c.revision)`,
  unstage: "delete from {staging}.changes where 'user-' || user_id = any ($1::text[])",
  // Nothing is counted here; an erased user has nothing personal left, and others have.
  recounts: [
    `select 'users' as "table", user_id::text as key, 'status' as "column", status as found,
       case when name is null and email is null and email_hash is null and id_proof is null
         then 'erased' else 'active' end as recounted
     from {schema}.users
     where (status = 'erased') <> (name is null and email is null and email_hash is null and id_proof is null)`,
  ],
  sources: { users: { stream: (key) => `user-${key}` } },
};

function expect(chunk: Chunk, userId: string, changed: Change): void {
  const { users, expected } = chunk;
  if (!users.has(userId) && !expected.has(userId)) expected.set(userId, changed.revision);
  change(chunk, userId, changed);
}

function change({ users, changes }: Chunk, userId: string, changed: Change): void {
  const user = users.get(userId);
  if (!user) {
    changes.set(userId, { ...changes.get(userId), ...changed });
    return;
  }
  const { details, erased, ...rest } = changed;
  users.set(userId, { ...user, ...rest, ...details, status: erased ? 'erased' : user.status });
}

function rows({ users, changes, expected }: Chunk): CopiedRows[] {
  return [
    {
      table: '{schema}.users',
      columns: [
        ...['user_id', 'status', 'name', 'email', 'email_hash', 'id_proof'],
        ...['registered_at', 'updated_at', 'position', 'revision'],
      ],
      rows: [...users.values()].map((user) => [
        ...[user.user_id, user.status, user.name, user.email, user.email_hash, json(user.id_proof)],
        ...[user.registered_at, user.updated_at, user.position, user.revision],
      ]),
    },
    {
      table: '{staging}.changes',
      columns: [
        ...['user_id', 'revision', 'expected', 'sets_details', 'name', 'email', 'email_hash'],
        ...['sets_proof', 'id_proof', 'erased', 'updated_at'],
      ],
      rows: [...changes].map(([id, { revision, details, id_proof, erased, updated_at }]) => [
        ...[id, revision, expected.get(id) ?? null, details !== undefined],
        ...[details?.name ?? null, details?.email ?? null, details?.email_hash ?? null],
        ...[id_proof !== undefined, json(id_proof ?? null), erased ?? false, updated_at ?? null],
      ]),
    },
  ];
}

function json(value: object | null): string | null {
  return value && JSON.stringify(value);
}
