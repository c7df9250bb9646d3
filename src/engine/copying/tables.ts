/** The tables of an installation that a copy of it must hold: what can't be made again from the log. */
import type pg from 'pg';
import { type LogIdentity, logIdentity } from '../log/log-identity.js';
import { isLogInUse } from '../log/postgres/log-table.js';
import { migrationsOf } from '../postgres/migrate.js';

export interface PrimaryTable {
  readonly name: string;
  /** The log itself, where it is in the database. */
  readonly isLog?: true;
  /** What its rows are, in a few words, if an installation that has some is in use. Of others, opening makes rows. */
  readonly holds?: string;
}

/** A table that is there, with its columns in their order. */
export interface FoundTable extends PrimaryTable {
  readonly columns: readonly string[];
}

/** What a database holds. The schema need not be there. */
export interface Contents {
  /** What is in use, in words; empty where a copy may take the place of all. */
  readonly inUse: readonly string[];
  /** The log that it belongs to; null where it has belonged to none. */
  readonly log: LogIdentity | null;
  /** Names of the migrations that made the schema. */
  readonly migrations: readonly string[];
}

type Db = Pick<pg.ClientBase, 'query'>;

/** Those of the tables that the schema has: an older one may lack some. */
export async function findTables(db: Db, tables: readonly PrimaryTable[]): Promise<FoundTable[]> {
  const { rows } = await db.query<{ name: string; columns: string[] }>(
    `select c.relname as name, array_agg(a.attname::text order by a.attnum) as columns
     from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
     where c.relnamespace = to_regnamespace('orderlog') and c.relname = any($1) group by c.relname`,
    [tables.map(({ name }) => name)],
  );
  return tables.flatMap((table) => {
    const columns = rows.find(({ name }) => name === table.name)?.columns;
    return columns ? [{ ...table, columns }] : [];
  });
}

export async function contentsOf(db: Db, tables: readonly PrimaryTable[]): Promise<Contents> {
  const found = await findTables(db, tables);
  const inUse: string[] = [];
  for (const table of found) {
    if (table.holds !== undefined && (await hasRows(db, table))) inUse.push(table.holds);
  }
  const isBound = found.some(({ name }) => name === 'log_identity');
  return { inUse, log: isBound ? await logIdentity(db) : null, migrations: await migrationsOf(db) };
}

async function hasRows(db: Db, table: FoundTable): Promise<boolean> {
  if (table.isLog) return isLogInUse(db);
  const { rowCount } = await db.query(`select from ${nameOf(table)} limit 1`);
  return rowCount !== 0;
}

/** For SQL. */
export function nameOf({ name }: Pick<FoundTable, 'name'>): string {
  return `orderlog.${quoted(name)}`;
}

/** For SQL. */
export function columnsOf({ columns }: Pick<FoundTable, 'columns'>): string {
  return columns.map(quoted).join(', ');
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
