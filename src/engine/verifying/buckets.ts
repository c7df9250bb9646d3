/** Rows compared by checksums of buckets of keys. */
import type pg from 'pg';
import { COMPARED_BYTES } from '../core/budgets.js';

/** A table as it is compared. */
export interface ComparedTable {
  readonly table: string;
  /** Of the primary key; all columns where there is none. */
  readonly key: readonly string[];
  readonly columns: readonly string[];
}

/** By number: how many rows, and a checksum over them that does not depend on their order. */
export type Buckets = ReadonlyMap<number, string>;

const BUCKETS = 1_024;

export async function comparedTables(
  client: pg.ClientBase,
  schema: string,
  tables: readonly string[],
): Promise<ComparedTable[]> {
  const { rows } = await client.query<ComparedTable>(
    `select c.relname as table, array_agg(a.attname::text order by a.attnum) as columns,
       coalesce(array_agg(a.attname::text order by a.attnum) filter (where a.attnum = any (i.indkey)), '{}') as key
     from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
     left join pg_index i on i.indrelid = c.oid and i.indisprimary
     where c.relnamespace = to_regnamespace($1) and c.relname = any ($2::text[])
     group by c.relname order by c.relname`,
    [schema, tables],
  );
  return rows.map((row) => ({ ...row, key: row.key.length > 0 ? row.key : row.columns }));
}

export async function bucketsOf(client: pg.ClientBase, schema: string, of: ComparedTable): Promise<Buckets> {
  const { rows } = await client.query<{ bucket: number; sum: string }>(
    `select ${bucket(of)} as bucket, count(*) || ':' || bit_xor(hashtextextended(t::text, 0)) as sum
     from ${schema}.${of.table} t group by 1`,
  );
  return new Map(rows.map((row) => [row.bucket, row.sum]));
}

/** Those that are not alike on both sides. */
export function differing(one: Buckets, other: Buckets): number[] {
  const all = new Set([...one.keys(), ...other.keys()]);
  return [...all].filter((number) => one.get(number) !== other.get(number)).sort((a, b) => a - b);
}

/** What is read of one table at most: who has more differences has one cause for them. */
const MOST_BUCKETS = 50;
const MOST_ROWS = 20_000;

/** The first of these buckets, as long as they have few rows together. */
export function fewOf(numbers: readonly number[], { buckets }: { readonly buckets: Buckets }): number[] {
  const few: number[] = [];
  let rows = 0;
  for (const number of numbers.slice(0, MOST_BUCKETS)) {
    rows += parseInt(buckets.get(number) ?? '0', 10);
    if (rows > MOST_ROWS && few.length > 0) break;
    few.push(number);
  }
  return few;
}

/** A row as texts, by column. */
export type TextRow = Readonly<Record<string, string | null>>;

/** Of a long value, the beginning and a checksum: alike where the values are. */
function shown(column: string): string {
  const text = `t.${column}::text`;
  return `case when octet_length(${text}) <= ${COMPARED_BYTES} then ${text}
    else left(${text}, ${COMPARED_BYTES}) || '… (md5 ' || md5(${text}) || ')' end`;
}

/** The rows of some buckets, by key. */
export async function rowsIn(
  client: pg.ClientBase,
  schema: string,
  of: ComparedTable,
  buckets: readonly number[],
): Promise<ReadonlyMap<string, TextRow>> {
  const columns = of.columns.map((column) => `'${column}', ${shown(column)}`).join(', ');
  const { rows } = await client.query<{ key: string; row: TextRow }>(
    `select ${key(of)} as key, json_build_object(${columns}) as row
     from ${schema}.${of.table} t where ${bucket(of)} = any ($1::integer[])`,
    [buckets],
  );
  return new Map(rows.map((row) => [row.key, row.row]));
}

function key(of: ComparedTable): string {
  return `concat_ws(', ', ${of.key.map((column) => `t.${column}`).join(', ')})`;
}

function bucket(of: ComparedTable): string {
  return `(hashtextextended(${key(of)}, 0) & ${BUCKETS - 1})::integer`;
}
