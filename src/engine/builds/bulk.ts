/**
 * The bulk path of a projection: all rows of a read model from the log at the speed of the reader. What begins and goes on in
 * one chunk of the log is folded in memory and copied where it belongs; what follows on something of an earlier chunk is
 * staged, and joined at the end.
 */
export type CopyValue = string | number | boolean | null | readonly number[];

/** Rows for one table. `{schema}` stands for the read model's schema and `{staging}` for that of the load, as everywhere here. */
export interface CopiedRows {
  readonly table: string;
  readonly columns: readonly string[];
  readonly rows: Iterable<readonly CopyValue[]>;
}

export interface BulkPath<Chunk> {
  /** DDL of the tables that the load alone needs. */
  readonly staging: string;
  /** A chunk before its first event. The projection's handlers change it: they see each event once, in the order of the log. */
  begin(this: void): Chunk;
  /** What a chunk has come to. */
  rows(this: void, chunk: Chunk): readonly CopiedRows[];
  /** Steps that make the rows final, one after the other; keys and indexes are made after them. */
  readonly finish: readonly FinishStep[];
  /**
   * A query for staged events that can't be applied, as `stream`, `revision` and `message`: what goes on though it has not
   * begun. It runs before `finish`.
   */
  readonly orphans: string;
  /** With `keyedBy`: statements that take out what there is of the streams in $1, a text[]. */
  readonly unstage?: readonly string[];
  /** Count again what was counted in the final tables, by another computation; each gives the values that differ. */
  readonly recounts: readonly Recount[];
  /** By table: which events a row is made from, to explain it. */
  readonly sources: { readonly [table: string]: RowSource };
}

/** A value that was counted again, and is another one. */
export interface Miscounted {
  readonly table: string;
  readonly key: string;
  readonly column: string;
  readonly found: string | null;
  readonly recounted: string | null;
}

/** Reads from the final tables, some rows at a time. */
export type ReadRows = <Row extends object>(text: string) => AsyncIterable<readonly Row[]>;

/** A statement, or what does more than a statement can. */
export type FinishStep = string | ((tables: LoadTables) => Promise<void>);

export interface LoadTables {
  /** As ReadRows, also of what was staged. */
  readonly read: ReadRows;
  /** Not before all that is read has been. */
  readonly copy: (rows: CopiedRows) => Promise<void>;
}

/** A query with the columns of Miscounted, or what does more than a query can. */
export type Recount = string | ((read: ReadRows) => Promise<Miscounted[]>);

/** The stream of a row, by the row's primary key as text, and those of its events that are about the row. */
export interface RowSource {
  stream(this: void, key: string): string;
  /** All of them if left out. */
  isAbout?(this: void, data: Readonly<Record<string, unknown>>, key: string): boolean;
}

/** Any bulk path, as the load sees it. */
export type Bulk = BulkPath<unknown>;

/** A row in COPY's text format. */
export function copyLine(values: readonly CopyValue[]): string {
  let line = '';
  for (let i = 0; i < values.length; i++) line += (i === 0 ? '' : '\t') + copyValue(values[i] as CopyValue);
  return `${line}\n`;
}

const SPECIAL = /[\\\n\r\t]/;
const ESCAPED: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' };

function copyValue(value: CopyValue): string {
  if (value === null) return '\\N';
  if (typeof value === 'string') {
    return SPECIAL.test(value) ? value.replace(/[\\\n\r\t]/g, (one) => ESCAPED[one] as string) : value;
  }
  return typeof value === 'object' ? `{${value.join(',')}}` : String(value);
}
