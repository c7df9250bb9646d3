/**
 * A table with one row a stream: the row begins with an event, and later events of the stream change it. One description makes its
 * DDL, the statements of both paths, and the list of its columns for queries.
 */
import type { CopiedRows, CopyValue } from '../builds/bulk.js';
import { NotApplied } from '../quarantine/quarantine.js';
import type { Columns, Row } from './columns.js';
import { KeyedRows, type Patch } from './keyed-rows.js';
import {
  ddlOf,
  finishText,
  insertText,
  type KeyedShape,
  orphansText,
  patchColumns,
  patchText,
  shapeOf,
  stagedIn,
  stagingText,
  unstageTexts,
} from './keyed-statements.js';
import type { Must, PagePart, ProjectionDb } from './page-part.js';

export interface KeyedTableOptions<C extends Columns> {
  /** The category of the streams that the rows are about. */
  readonly category: string;
  readonly columns: C;
  /** Says of a key without a row what should have happened: "has not been opened". */
  readonly missing: string;
  /** DDL of the indexes beside the primary key. */
  readonly indexes?: string;
  readonly fillfactor?: number;
}

export interface KeyedTable<C extends Columns> extends PagePart<KeyedRows<C>> {
  readonly columns: C;
  /** The columns in the words of a query: `t.id, t.status, …`. */
  select(this: void, alias: string): string;
}

/** A row as a query reads it. */
export type RowOf<T> = T extends KeyedTable<infer C> ? Row<C> : never;

export function keyedTable<C extends Columns>(table: string, options: KeyedTableOptions<C>): KeyedTable<C> {
  const { category, columns, missing, indexes = '', fillfactor } = options;
  const shape = shapeOf(table, category, missing, columns);
  const begin = (): KeyedRows<C> => new KeyedRows(columns);
  return {
    columns,
    select: (alias) => shape.all.map(({ name }) => `${alias}.${name}`).join(', '),
    tables: [table],
    ddl: ddlOf(shape, fillfactor),
    indexes: `alter table {schema}.${table} add primary key (${shape.key.name});\n${indexes}`,
    open: begin,
    flush: (rows, db) => Promise.resolve(write(shape, rows, db)),
    bulk: {
      staging: stagingText(shape),
      begin,
      rows: (rows) => copied(shape, rows),
      finish: [finishText(shape)],
      orphans: orphansText(shape),
      unstage: unstageTexts(shape),
      sources: { [table]: { stream: (key) => `${category}-${key}` } },
    },
  };
}

/** Of different rows each: none needs another. */
function write<C extends Columns>(shape: KeyedShape, { inserted, patched }: KeyedRows<C>, db: ProjectionDb): void {
  for (const id of patched.keys()) if (inserted.has(id)) throw missing(shape, id);
  const needed: Patched[] = [];
  const ifThere: Patched[] = [];
  for (const patch of patched) (patch[1].expected === null ? ifThere : needed).push(patch);
  if (inserted.size > 0) insert(shape, [...inserted.values()], db);
  if (ifThere.length > 0) update(shape, ifThere, `${shape.table}-patch-if-there`, db);
  if (needed.length > 0) {
    update(shape, needed, `${shape.table}-patch`, db, {
      rows: needed.length,
      otherwise: (found) => {
        const there = new Set((found as { readonly nth: number }[]).map(({ nth }) => nth));
        const [id] = needed.find((_, i) => !there.has(i + 1)) as Patched;
        return missing(shape, id);
      },
    });
  }
}

type Patched = readonly [id: string, patch: Patch];

function insert(shape: KeyedShape, rows: readonly Readonly<Record<string, unknown>>[], db: ProjectionDb): void {
  const values = shape.all.map(({ name, column }) => rows.map((row) => column.encode(row[name])));
  db.write(`${shape.table}-insert`, insertText(shape), values);
}

function update(shape: KeyedShape, patches: readonly Patched[], name: string, db: ProjectionDb, must?: Must): void {
  const rows = patches.map(([id, patch]) => patchValues(shape, id, patch));
  const values = patchColumns(shape).map((_, i) => rows.map((row) => row[i]));
  db.write(name, patchText(shape), values, must);
}

function missing({ category, missing }: KeyedShape, id: string): NotApplied {
  return new NotApplied(`${category} ${id} ${missing}`);
}

function copied<C extends Columns>(shape: KeyedShape, { inserted, patched }: KeyedRows<C>): CopiedRows[] {
  return [
    {
      table: `{schema}.${shape.table}`,
      columns: shape.all.map(({ name }) => name),
      rows: map(inserted.values(), (row) => shape.all.map(({ name, column }) => column.encode(row[name]))),
    },
    {
      table: stagedIn(shape),
      columns: patchColumns(shape).map(({ name }) => name),
      rows: map(patched, ([id, patch]) => patchValues(shape, id, patch)),
    },
  ];
}

/** In the order of `patchColumns`. */
function patchValues({ changing }: KeyedShape, id: string, { revision, expected, values }: Patch): CopyValue[] {
  const all: CopyValue[] = [id, revision, expected];
  for (const { name, column } of changing) {
    const isSet = Object.hasOwn(values, name);
    if (column.isNullable) all.push(isSet);
    if (!isSet) all.push(null);
    else if (column.role === 'list') all.push(entriesText(values[name] as readonly unknown[]));
    else all.push(column.encode(values[name]));
  }
  return all;
}

function entriesText(entries: readonly unknown[]): string {
  return entries.map((entry) => `,${JSON.stringify(entry)}`).join('');
}

function* map<T, U>(from: Iterable<T>, to: (one: T) => U): Generator<U> {
  for (const one of from) yield to(one);
}
