/** The table of the users' keys: every statement on it. Keys are wrapped here; the key store opens them. */
import type pg from 'pg';
import { ACTIVE_MASTER_KEY } from './secrets.js';

/** On this channel every process learns whose key was destroyed. */
export const KEY_DESTROYED = 'orderlog_key_destroyed';

export interface KeyRow {
  readonly user_id: string;
  /** Null once it is destroyed. */
  readonly wrapped: Buffer | null;
}

export interface NewKey {
  readonly user_id: string;
  readonly wrapped: Buffer;
}

export async function loadKeys(db: pg.Pool, userIds: readonly string[]): Promise<KeyRow[]> {
  const { rows } = await db.query<KeyRow>({
    name: 'user-keys-load',
    text: 'select user_id, wrapped from orderlog.user_keys where user_id = any($1::uuid[])',
    values: [userIds],
  });
  return rows;
}

/**
 * Stores keys for users who have none, and gives the keys of all of them. Those are left out that another process makes at the
 * same moment; and where the keys are wrapped by another master key than the active one, nothing is stored.
 */
export async function makeKeys(db: pg.Pool, keys: readonly NewKey[], masterKeyId: Buffer): Promise<KeyRow[]> {
  const { rows } = await db.query<KeyRow>({
    name: 'user-keys-make',
    text: `
      with made as (
        insert into orderlog.user_keys (user_id, wrapped)
        select * from unnest($1::uuid[], $2::bytea[]) where coalesce(${ACTIVE_MASTER_KEY} = $3, true)
        on conflict do nothing
        returning user_id, wrapped
      )
      select user_id, wrapped from made
      union all
      select user_id, wrapped from orderlog.user_keys where user_id = any($1::uuid[])`,
    values: [keys.map(({ user_id }) => user_id), keys.map(({ wrapped }) => wrapped), masterKeyId],
  });
  return rows;
}

/** Destroys a user's key and tells every process. A user without one gets a row as well, so that none is made later. */
export async function destroyKey(db: pg.Pool, userId: string): Promise<string> {
  const { rows } = await db.query<{ destroyed_at: string }>({
    name: 'user-keys-destroy',
    text: `
      with destroyed as (
        insert into orderlog.user_keys as k (user_id, destroyed_at) values ($1::uuid, clock_timestamp())
        on conflict (user_id) do update
          set wrapped = null, destroyed_at = coalesce(k.destroyed_at, excluded.destroyed_at)
        returning k.user_id, k.destroyed_at
      )
      select destroyed_at, pg_notify($2, user_id::text) from destroyed`,
    values: [userId, KEY_DESTROYED],
  });
  const [destroyed] = rows;
  if (!destroyed) throw new Error(`the key of user ${userId} could not be destroyed`);
  return destroyed.destroyed_at;
}

/** Those of the users whose key is still there. */
export async function undestroyed(db: pg.Pool, userIds: readonly string[]): Promise<string[]> {
  const { rows } = await db.query<{ user_id: string }>({
    name: 'user-keys-undestroyed',
    text: 'select user_id from orderlog.user_keys where user_id = any($1::uuid[]) and wrapped is not null',
    values: [userIds],
  });
  return rows.map(({ user_id }) => user_id);
}

/** For a restore. @returns how many of them had a key */
export async function destroyKeys(db: pg.ClientBase, userIds: readonly string[]): Promise<number> {
  const { rowCount } = await db.query(
    `update orderlog.user_keys set wrapped = null, destroyed_at = clock_timestamp()
     where user_id = any($1::uuid[]) and wrapped is not null`,
    [userIds],
  );
  return rowCount ?? 0;
}

/** For a restore: users whose keys are lost never get other ones. @returns how many of them had no row */
export async function noteLostKeys(db: pg.ClientBase, userIds: readonly string[]): Promise<number> {
  const { rowCount } = await db.query(
    `insert into orderlog.user_keys (user_id, destroyed_at)
     select distinct id, clock_timestamp() from unnest($1::uuid[]) as id on conflict do nothing`,
    [userIds],
  );
  return rowCount ?? 0;
}

export async function countKeys(db: pg.Pool): Promise<number> {
  const { rows } = await db.query<{ keys: number }>(
    'select count(*) as keys from orderlog.user_keys where wrapped is not null',
  );
  return rows[0]?.keys ?? 0;
}

/** The keys of the users behind this one, in the order of their ids. */
export async function keysAfter(db: pg.Pool, userId: string, limit: number): Promise<NewKey[]> {
  const { rows } = await db.query<NewKey>({
    name: 'user-keys-after',
    text: `select user_id, wrapped from orderlog.user_keys where user_id > $1::uuid and wrapped is not null
           order by user_id limit $2`,
    values: [userId, limit],
  });
  return rows;
}

/** Stores keys in another wrapping, but for those that were destroyed or wrapped otherwise meanwhile. */
export async function rewrapKeys(db: pg.Pool, keys: readonly (NewKey & { readonly before: Buffer })[]): Promise<void> {
  await db.query({
    name: 'user-keys-rewrap',
    text: `update orderlog.user_keys k set wrapped = n.wrapped
           from unnest($1::uuid[], $2::bytea[], $3::bytea[]) n (user_id, before, wrapped)
           where k.user_id = n.user_id and k.wrapped = n.before`,
    values: [keys.map(({ user_id }) => user_id), keys.map(({ before }) => before), keys.map(({ wrapped }) => wrapped)],
  });
}

/** Waits for the end of every statement that stores keys; those that begin later see what was committed before. */
export async function awaitWriters(db: pg.Pool): Promise<void> {
  await db.query('do $$ begin lock table orderlog.user_keys in share row exclusive mode; end $$');
}
