/** Whether the schema `orderlog` of a database is one that Orderlog made. */
import { type Migrations, migrationsOf } from './migrate.js';
import type { Session } from './session.js';

/** knex makes them before the first migration; they hold no row yet where a process was killed in between. */
const OF_KNEX = new Set(['migrations', 'migrations_lock']);
const UNDEFINED_COLUMN = '42703';

/**
 * Null for a schema of ours, an empty one, and none. Another process may be making it: the first migration and its record come at once,
 * so the record is read last.
 */
export async function foreignTables(session: Session, migrations: Migrations): Promise<readonly string[] | null> {
  const { rows } = await session.query<{ name: string }>(
    `select relname as name from pg_class
     where relnamespace = to_regnamespace('orderlog') and relkind in ('r', 'p', 'v', 'm', 'f') order by relname`,
  );
  const tables = rows.map(({ name }) => name);
  const applied = await recorded(session);
  const isNew = applied?.length === 0 && tables.every((name) => OF_KNEX.has(name));
  const [first = ''] = Object.keys(migrations);
  return isNew || applied?.includes(first) ? null : tables;
}

/** Null where the table is another one than knex makes. */
async function recorded(session: Session): Promise<readonly string[] | null> {
  try {
    return await migrationsOf(session);
  } catch (error) {
    if ((error as { readonly code?: unknown }).code === UNDEFINED_COLUMN) return null;
    throw error;
  }
}
