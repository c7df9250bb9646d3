import type pg from 'pg';

/** @returns how many of them had a key */
export async function destroyKeys(client: pg.ClientBase, userIds: readonly string[]): Promise<number> {
  const { rowCount } = await client.query(
    `update orderlog.user_keys set wrapped = null, destroyed_at = clock_timestamp()
     where user_id = any($1::uuid[]) and wrapped is not null`,
    [userIds],
  );
  return rowCount ?? 0;
}

/** The keys of all users that the log in the database says are erased: their erasure may have been under way. */
export async function destroyErased(client: pg.ClientBase): Promise<number> {
  const { rowCount } = await client.query(
    `update orderlog.user_keys set wrapped = null, destroyed_at = clock_timestamp()
     where wrapped is not null and user_id in (
       select substr(stream, length('user-') + 1)::uuid from orderlog.events where type = 'UserErased')`,
  );
  return rowCount ?? 0;
}
