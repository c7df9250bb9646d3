/** The tables that hold primary data: what can't be made again, and so belongs in a backup. All others follow from the log. */
import type pg from 'pg';

export interface PrimaryTable {
  readonly name: string;
  /** The log itself, where it is in the database. */
  readonly isLog?: true;
}

/** In the order in which they are written and restored. Who adds a table of primary data adds it here. */
export const PRIMARY_TABLES: readonly PrimaryTable[] = [
  { name: 'log_identity' },
  { name: 'secrets' },
  { name: 'user_keys' },
  { name: 'id_sequences' },
  { name: 'skipped_events' },
  { name: 'events', isLog: true },
];

/** A table that is there, with its columns in their order. */
export interface FoundTable extends PrimaryTable {
  readonly columns: readonly string[];
}

/** Those of them that the schema has: an older one may lack some. */
export async function findTables(client: pg.ClientBase): Promise<FoundTable[]> {
  const { rows } = await client.query<{ name: string; columns: string[] }>(
    `select c.relname as name, array_agg(a.attname::text order by a.attnum) as columns
     from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
     where c.relnamespace = to_regnamespace('orderlog') and c.relname = any($1) group by c.relname`,
    [PRIMARY_TABLES.map(({ name }) => name)],
  );
  return PRIMARY_TABLES.flatMap((table) => {
    const columns = rows.find(({ name }) => name === table.name)?.columns;
    return columns ? [{ ...table, columns }] : [];
  });
}

/** Names of the migrations that made the schema. */
export async function migrationsOf(client: pg.ClientBase): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>('select name from orderlog.migrations order by name');
  return rows.map(({ name }) => name);
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
