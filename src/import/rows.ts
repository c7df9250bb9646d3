import type { CsvRow } from './csv.js';
import { MAX_ID, MAX_NAME, MAX_ON_HAND, MAX_SKU } from '../values.js';
import type { RowFaults } from './finding.js';
import { currencyCode, emailAddress, identifier, instant, MONEY, plainText, wholeNumber } from './values.js';

/** Every row carries the line on which it starts, for what is found out about it later. */
export interface CategoryRow {
  readonly line: number;
  readonly cat_id: number;
  readonly code: string | null;
  readonly name: string;
  /** Null at the top of the tree. */
  readonly parent_cat_id: number | null;
}

export interface ProductRow {
  readonly line: number;
  readonly product_id: number;
  readonly sku: string;
  readonly name: string;
  /** Minor units of the currency. */
  readonly price: number;
  readonly currency: string;
  readonly cat_ids: readonly number[];
  /** It is retired after the orders that name it. */
  readonly retired: boolean;
}

export interface StockRow {
  readonly line: number;
  readonly product_id: number;
  readonly on_hand: number;
}

export interface UserRow {
  readonly line: number;
  readonly user_ref: string;
  readonly user_id: string;
  readonly name: string;
  readonly email: string;
  /** Absolute path of the file, or null. */
  readonly id_proof: string | null;
  /** Null: when the file was written. */
  readonly registered_at: string | null;
  /** It is erased after its orders. Name and address are made up. */
  readonly erased: boolean;
}

export interface OrderLineRow {
  readonly product_id: number;
  readonly sku: string;
  /** As the line says; the product's, from the catalog, where it says nothing. */
  readonly name: string;
  readonly quantity: number;
  readonly unit_price: number;
}

export interface OrderRow {
  readonly line: number;
  readonly order_ref: string;
  readonly order_id: string;
  readonly user_ref: string;
  readonly user_id: string;
  readonly currency: string;
  readonly items: readonly OrderLineRow[];
  readonly placed_at: string;
  readonly paid_at: string | null;
  readonly cancelled_at: string | null;
  /** What another system calls it. */
  readonly external_reference: string | null;
  /** The payment's. */
  readonly reference: string | null;
  /** Why it was cancelled. */
  readonly reason: string | null;
}

/** What could be read of a row: what is undefined is bad, and reported. */
export type Partly<Row> = { readonly [Column in keyof Row]: Row[Column] | undefined } & { readonly line: number };

/** Null when any part of it is bad. */
export function whole<Row>(row: Partly<Row>, faults: RowFaults): Row | null {
  return faults.any ? null : (row as unknown as Row);
}

export const CATEGORY_COLUMNS = { required: ['cat_id', 'code', 'name', 'parent_cat_id'] };
export const PRODUCT_COLUMNS = {
  required: ['product_id', 'sku', 'name', 'price', 'currency', 'cat_ids'],
  optional: ['status'],
};
export const STOCK_COLUMNS = { required: ['product_id', 'on_hand'] };
export const USER_COLUMNS = {
  required: ['user_ref', 'name', 'email'],
  optional: ['id_proof', 'registered_at', 'status'],
};

const ID = { min: 1, max: MAX_ID };

/** A reader of one value, bound to its row. */
type Read<T> = (faults: RowFaults, column: string, text: string, isQuoted: boolean) => T | null;

function reader({ faults, cell, isQuoted }: CsvRow): <T>(column: string, read: Read<T>) => T | undefined {
  return (column, read) => {
    const text = cell(column);
    return text === null ? undefined : (read(faults, column, text, isQuoted(column)) ?? undefined);
  };
}

/** An empty cell stands for nothing. */
function optional<T>(read: Read<T>): Read<{ readonly is: T | null }> {
  return (faults, column, text, isQuoted) => {
    if (text === '') return { is: null };
    const is = read(faults, column, text, isQuoted);
    return is === null ? null : { is };
  };
}

const id: Read<number> = (faults, column, text) => wholeNumber(faults, column, text, ID);
const name: Read<string> = (faults, column, text) => plainText(faults, column, text, MAX_NAME);
const reference: Read<string> = (faults, column, text, isQuoted) =>
  identifier(faults, column, { text, isQuoted }, MAX_NAME);
const sku: Read<string> = (faults, column, text, isQuoted) => identifier(faults, column, { text, isQuoted }, MAX_SKU);
const price: Read<number> = (faults, column, text) => wholeNumber(faults, column, text, MONEY);
const onHand: Read<number> = (faults, column, text) => wholeNumber(faults, column, text, { min: 0, max: MAX_ON_HAND });
const path: Read<string> = (_faults, _column, text) => text;

export function readCategory(row: CsvRow): Partly<CategoryRow> {
  const read = reader(row);
  return {
    line: row.faults.line,
    cat_id: read('cat_id', id),
    code: read('code', optional(reference))?.is,
    name: read('name', name),
    parent_cat_id: read('parent_cat_id', optional(id))?.is,
  };
}

export function readProduct(row: CsvRow): Partly<ProductRow> {
  const read = reader(row);
  return {
    line: row.faults.line,
    product_id: read('product_id', id),
    sku: read('sku', sku),
    name: read('name', name),
    price: read('price', price),
    currency: read('currency', currencyCode),
    cat_ids: read('cat_ids', catIds),
    retired: read('status', status('retired')) ?? false,
  };
}

/** Whether it is the other status than `active`, which an empty cell stands for. */
function status(other: string): Read<boolean> {
  return (faults, column, text) => {
    if (text === '' || text === 'active' || text === other) return text === other;
    faults.add(column, text, `is neither active nor ${other}`);
    return null;
  };
}

function catIds(faults: RowFaults, column: string, joined: string): readonly number[] {
  const ids: number[] = [];
  for (const text of joined.split('|')) {
    const catId = id(faults, column, text, false);
    if (catId === null) continue;
    if (ids.includes(catId)) faults.add(column, text, 'the category stands twice');
    else ids.push(catId);
  }
  return ids;
}

export function readStock(row: CsvRow): Partly<StockRow> {
  const read = reader(row);
  return { line: row.faults.line, product_id: read('product_id', id), on_hand: read('on_hand', onHand) };
}

export function readUser(row: CsvRow, toUserId: (userRef: string) => string): Partly<UserRow> {
  const read = reader(row);
  const user_ref = read('user_ref', reference);
  const user_id = user_ref === undefined ? undefined : toUserId(user_ref);
  const erased = read('status', status('erased')) ?? false;
  const details = erased
    ? { name: 'Erased', email: `${user_id}@erased.invalid`, id_proof: null }
    : {
        name: read('name', name),
        email: read('email', emailAddress),
        id_proof: read('id_proof', optional(path))?.is,
      };
  const registered_at = read('registered_at', optional(instant))?.is ?? null;
  return { line: row.faults.line, user_ref, user_id, ...details, registered_at, erased };
}
