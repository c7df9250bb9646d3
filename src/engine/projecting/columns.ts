/** The columns of a keyed table: their SQL types, where their values come from, and how a value is sent. */
import type { CopyValue } from '../builds/bulk.js';
import type { Position } from '../core/event-store.js';

/**
 * Where the values of a column come from. `key`, `position` and `revision` are read from the event: the id of its stream, the
 * position of the event that inserts the row, and the revision of the last event that reached the row. The handlers give the
 * others: `fixed` columns with the insert, `changing` ones with a patch as well, and `list` columns grow by appending.
 */
export type Role = 'key' | 'position' | 'revision' | 'fixed' | 'changing' | 'list';

export interface Column<Value = unknown, R extends Role = Role> {
  readonly role: R;
  readonly type: string;
  /** The type in which values travel and are staged: text for what can't be an element of an array. */
  readonly sentAs: string;
  readonly isNullable: boolean;
  encode(this: void, value: unknown): CopyValue;
  /** Exists in types only. */
  readonly is?: Value;
}

export type Columns = { readonly [name: string]: Column };

export type Row<C extends Columns> = { readonly [N in keyof C]: C[N] extends Column<infer V> ? V : never };

type NamesOf<C extends Columns, R extends Role> = {
  [N in keyof C]: C[N] extends Column<unknown, R> ? N : never;
}[keyof C];

/** What a handler gives to insert a row. */
export type Given<C extends Columns> = Pick<Row<C>, NamesOf<C, 'fixed' | 'changing' | 'list'>>;

/** What a patch may set. */
export type Changes<C extends Columns> = Partial<Pick<Row<C>, NamesOf<C, 'changing'>>>;

/** One entry for each list that a patch appends to. */
export type Appended<C extends Columns> = {
  readonly [N in NamesOf<C, 'list'>]?: Row<C>[N] extends readonly (infer Entry)[] ? Entry : never;
};

const asItIs = (value: unknown): CopyValue => value as CopyValue;
const asJson = (value: unknown): CopyValue => (value === null ? null : JSON.stringify(value));
const asArray = (value: unknown): CopyValue => (value === null ? null : `{${(value as readonly number[]).join(',')}}`);

function columnOf<Value, R extends Role>(
  role: R,
  type: string,
  sentAs = type,
  encode: Column['encode'] = asItIs,
): Column<Value, R> {
  return { role, type, sentAs, isNullable: false, encode };
}

/** The key of the row: the id of the stream that the row is about. */
export function key(type: 'integer'): Column<number, 'key'>;
export function key(type: 'uuid' | 'text'): Column<string, 'key'>;
export function key(type: string): Column<string | number, 'key'> {
  return columnOf('key', type);
}

/** The position of the event that inserts the row. */
export const insertedAt = columnOf<Position, 'position'>('position', 'text collate "C"', 'text');

/** The revision of the last event that reached the row. */
export const lastRevision = columnOf<number, 'revision'>('revision', 'integer');

export const text = <T extends string = string>(): Column<T, 'fixed'> => columnOf('fixed', 'text');
export const uuid = columnOf<string, 'fixed'>('fixed', 'uuid');
export const integer = columnOf<number, 'fixed'>('fixed', 'integer');
export const bigint = columnOf<number, 'fixed'>('fixed', 'bigint');
export const boolean = columnOf<boolean, 'fixed'>('fixed', 'boolean');
/** ISO 8601, to the millisecond. */
export const time = columnOf<string, 'fixed'>('fixed', 'timestamptz(3)', 'timestamptz');
export const integers = columnOf<number[], 'fixed'>('fixed', 'integer[]', 'text', asArray);
export const json = <T>(): Column<T, 'fixed'> => columnOf('fixed', 'json', 'text', asJson);

/** A JSON array that only grows. */
export const list = <Entry>(): Column<readonly Entry[], 'list'> => columnOf('list', 'json', 'text', asJson);

export function nullable<Value, R extends 'fixed' | 'changing'>(of: Column<Value, R>): Column<Value | null, R> {
  return { ...of, isNullable: true };
}

export function changing<Value>(of: Column<Value, 'fixed'>): Column<Value, 'changing'> {
  return { ...of, role: 'changing' };
}

/** The kinds of columns. */
export const column = {
  key,
  insertedAt,
  lastRevision,
  text,
  uuid,
  integer,
  bigint,
  boolean,
  time,
  integers,
  json,
  list,
  nullable,
  changing,
} as const;
