/** Whether a database is one that Orderlog can work with, looked at before anything is done with it. */
import { foreignTables } from './foreign-schema.js';
import type { Migrations } from './migrate.js';
import { type Connection, sessionTo } from './session.js';

/** The database, or the way to it, does not suit. */
export class UnsuitableDatabase extends Error {
  override readonly name = 'UnsuitableDatabase';
  constructor(
    readonly fault: string,
    readonly remedy: string,
    options?: ErrorOptions,
  ) {
    super(`${fault}. To mend it, ${remedy}`, options);
  }
}

/**
 * @param migrations of the schema `orderlog`, which may be there already
 * @throws UnsuitableDatabase, and what the server says when it can't be reached
 */
export async function refuseUnsuitable(connection: Connection, migrations: Migrations): Promise<void> {
  const session = sessionTo(connection, { kind: 'request', applicationName: 'orderlog-check' });
  try {
    await session.connect();
    const { rows } = await session.query<{ pid: number; encoding: string; role: string }>(
      `select pg_backend_pid() as pid, current_setting('server_encoding') as encoding,
         current_setting('session_replication_role') as role`,
    );
    const [found] = rows;
    // A pooler makes up the number that it tells its clients: the one that answers is not theirs alone.
    const { processID } = session as { readonly processID?: number | null };
    if (found?.pid !== processID) throw pooled();
    if (found?.encoding !== 'UTF8') throw encoded(found?.encoding ?? '');
    if (found.role !== 'origin') throw replicating(found.role);
    const tables = await foreignTables(session, migrations);
    if (tables) throw foreign(tables);
  } catch (error) {
    throw (error as Error).message.includes('unsupported startup parameter') ? pooled(error) : error;
  } finally {
    await session.end();
  }
}

function pooled(cause?: unknown): UnsuitableDatabase {
  return new UnsuitableDatabase(
    'DATABASE_URL leads to a connection pooler (such as PgBouncer), but Orderlog needs sessions of its own on the server: it ' +
      'listens, holds locks and prepares statements',
    "set DATABASE_URL to the host and port of the PostgreSQL server itself; each process uses up to 40 of the server's " +
      'connections',
    { cause },
  );
}

function encoded(encoding: string): UnsuitableDatabase {
  return new UnsuitableDatabase(
    `the database at DATABASE_URL has the encoding ${encoding}, which does not hold every name; Orderlog needs UTF8`,
    `make another one with CREATE DATABASE orderlog TEMPLATE template0 ENCODING 'UTF8', and name it in DATABASE_URL`,
  );
}

function replicating(role: string): UnsuitableDatabase {
  return new UnsuitableDatabase(
    `session_replication_role is ${role} for this role or database, so that triggers and constraints do not act`,
    'run ALTER ROLE … RESET session_replication_role, and the same for ALTER DATABASE',
  );
}

/** Tables that a message names. */
const SHOWN = 3;

function foreign(tables: readonly string[]): UnsuitableDatabase {
  const more = tables.length > SHOWN ? `, and ${tables.length - SHOWN} more` : '';
  return new UnsuitableDatabase(
    'the database at DATABASE_URL has a schema orderlog that this Orderlog did not make: it holds ' +
      `${tables.slice(0, SHOWN).join(', ')}${more}`,
    'name another database in DATABASE_URL, or give that schema another name with ALTER SCHEMA orderlog RENAME TO …',
  );
}
