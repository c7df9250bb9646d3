import type { CsvRow } from './csv.js';
import { currencyCode, emailAddress, MAX_ID, plainText, wholeNumber } from './values.js';

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
}

export interface UserRow {
  readonly line: number;
  readonly user_ref: string;
  readonly user_id: string;
  readonly name: string;
  readonly email: string;
  /** Absolute path of the file, or null. */
  readonly id_proof: string | null;
}

export interface OrderLineRow {
  readonly product_id: number;
  readonly sku: string;
  /** The product's, from the catalogue. */
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
}

/** A row that was read: its id where that much is readable, the whole where nothing is wrong with its form. */
export interface ReadRow<Id, Row> {
  readonly id: Id | null;
  readonly row: Row | null;
}

export const CATEGORY_COLUMNS = { required: ['cat_id', 'code', 'name', 'parent_cat_id'] };
export const PRODUCT_COLUMNS = { required: ['product_id', 'sku', 'name', 'price', 'currency', 'cat_ids'] };
export const USER_COLUMNS = { required: ['user_ref', 'name', 'email'], optional: ['id_proof'] };

const ID = { min: 1, max: MAX_ID };
const MONEY = { min: 0, max: Number.MAX_SAFE_INTEGER };

export function readCategory({ faults, cell, misaligned }: CsvRow): ReadRow<number, CategoryRow> {
  if (misaligned) return { id: null, row: null };
  const id = wholeNumber(faults, 'cat_id', cell('cat_id'), ID);
  const code = cell('code') === '' ? null : plainText(faults, 'code', cell('code'), 200);
  const name = plainText(faults, 'name', cell('name'), 200);
  const above = cell('parent_cat_id');
  const parent_cat_id = above === '' ? null : wholeNumber(faults, 'parent_cat_id', above, ID);
  if (faults.any || id === null || name === null) return { id, row: null };
  return { id, row: { line: faults.line, cat_id: id, code, name, parent_cat_id } };
}

export function readProduct({ faults, cell, misaligned }: CsvRow): ReadRow<number, ProductRow> {
  if (misaligned) return { id: null, row: null };
  const id = wholeNumber(faults, 'product_id', cell('product_id'), ID);
  const sku = plainText(faults, 'sku', cell('sku'), 64);
  const name = plainText(faults, 'name', cell('name'), 200);
  const price = wholeNumber(faults, 'price', cell('price'), MONEY);
  const currency = currencyCode(faults, 'currency', cell('currency'));
  const cat_ids: number[] = [];
  for (const text of cell('cat_ids').split('|')) {
    const catId = wholeNumber(faults, 'cat_ids', text, ID);
    if (catId === null) continue;
    if (cat_ids.includes(catId)) faults.add('cat_ids', text, 'the category stands twice');
    cat_ids.push(catId);
  }
  if (faults.any || id === null || sku === null || name === null || price === null || currency === null) {
    return { id, row: null };
  }
  return { id, row: { line: faults.line, product_id: id, sku, name, price, currency, cat_ids } };
}

export function readUser(
  { faults, cell, misaligned }: CsvRow,
  toUserId: (userRef: string) => string,
): ReadRow<string, UserRow> {
  if (misaligned) return { id: null, row: null };
  const id = plainText(faults, 'user_ref', cell('user_ref'), 200);
  const name = plainText(faults, 'name', cell('name'), 200);
  const email = emailAddress(faults, 'email', cell('email'));
  const id_proof = cell('id_proof') === '' ? null : cell('id_proof');
  if (faults.any || id === null || name === null || email === null) return { id, row: null };
  return { id, row: { line: faults.line, user_ref: id, user_id: toUserId(id), name, email, id_proof } };
}
