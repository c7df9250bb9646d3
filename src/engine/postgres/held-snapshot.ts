import type pg from 'pg';

/**
 * While a session holds a snapshot, Postgres keeps every version of a row that changes often, such as a checkpoint. A reader of
 * that row walks through all of them, so each wait for one's own write takes longer, until the snapshot is released.
 */
const LONG_SECONDS = 60;

/**
 * The session that has held a snapshot of this database for longest, in one sentence with the remedy; null while none is old.
 * @param longSeconds what counts as old
 */
export async function heldSnapshot(db: Pick<pg.Pool, 'query'>, longSeconds = LONG_SECONDS): Promise<string | null> {
  const { rows } = await db.query<{ name: string; pid: number; seconds: number }>(
    `select application_name as name, pid, extract(epoch from clock_timestamp() - xact_start)::float8 as seconds
     from pg_stat_activity
     where backend_xmin is not null and datname = current_database() and pid <> pg_backend_pid()
       and xact_start < clock_timestamp() - make_interval(secs => $1)
     order by xact_start limit 1`,
    [longSeconds],
  );
  const [held] = rows;
  if (!held) return null;
  const name = held.name === '' ? 'without a name' : held.name;
  return (
    `session ${held.pid} of the database (${name}) has held a snapshot for ${Math.round(held.seconds)} s: waiting for one's own ` +
    'write takes longer while it does. Let it end, or end it'
  );
}
