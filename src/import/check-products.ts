import { MAX_CATEGORIES } from '../values.js';
import { csvRows } from './csv.js';
import { LEFT_OUT, type RowFaults } from './finding.js';
import type { Check, Checked, Sellable } from './plan.js';
import { type Partly, PRODUCT_COLUMNS, type ProductRow, readProduct, whole } from './rows.js';
import type { StoredProduct } from './stored.js';

export interface CheckedProducts extends Checked<ProductRow> {
  /** Ids of bad rows: what depends on them is bad too. */
  readonly leftOut: ReadonlySet<number>;
  /** By product_id: what is good in the file or stored. */
  readonly sellable: ReadonlyMap<number, Sellable>;
}

export async function checkProducts(
  check: Check,
  isCategory: (catId: number) => boolean | 'left out',
): Promise<CheckedProducts> {
  const stored = check.stored.products;
  const sellable = new Map<number, Sellable>(stored);
  const source = check.sources['products.csv'];
  if (!source) return { rows: [], skipped: 0, leftOut: new Set(), sellable };
  /** Who has a SKU: a product, or a line where its id can't be read. */
  const skus = new Map<string, string>();
  for (const [id, { sku }] of stored) skus.set(sku, `product ${id}`);
  const leftOut = new Set<number>();
  const rows: ProductRow[] = [];
  const lineOf = new Map<number, number>();
  let skipped = 0;
  for await (const csvRow of csvRows(check, source, PRODUCT_COLUMNS)) {
    check.options.progress?.advance();
    if (csvRow.misaligned) continue;
    const { faults } = csvRow;
    const read = readProduct(csvRow);
    const { product_id: id } = read;
    const first = id === undefined ? undefined : lineOf.get(id);
    if (first !== undefined) faults.add('product_id', String(id), `duplicate id: it stands on line ${first} already`);
    else if (id !== undefined) lineOf.set(id, faults.line);
    const known = id === undefined ? undefined : stored.get(id);
    if (!known) checkCatIds(read, faults, isCategory);
    else if (first === undefined) compare(read, known, csvRow.cell('status'), faults);
    checkSku(read, skus, faults);
    const row = whole<ProductRow>(read, faults);
    // One that is to be retired, and is not yet, was interrupted.
    if (row && known && !(row.retired && !known.retired)) skipped++;
    else if (row) {
      rows.push(row);
      sellable.set(row.product_id, { sku: row.sku, name: row.name, currency: row.currency, retired: false });
      // A stored product stays what it is, whatever the file says of it, and so does the first of two rows.
    } else if (id !== undefined && first === undefined && !known) leftOut.add(id);
  }
  return { rows, skipped, leftOut, sellable };
}

function checkSku({ product_id, sku, line }: Partly<ProductRow>, skus: Map<string, string>, faults: RowFaults): void {
  if (sku === undefined) return;
  const own = product_id === undefined ? `line ${line}` : `product ${product_id}`;
  const holder = skus.get(sku) ?? own;
  if (holder === own) skus.set(sku, own);
  else faults.add('sku', sku, `duplicate SKU: ${holder} has it`);
}

function checkCatIds(
  row: Partly<ProductRow>,
  faults: RowFaults,
  isCategory: (id: number) => boolean | 'left out',
): void {
  const { cat_ids = [] } = row;
  if (cat_ids.length > MAX_CATEGORIES) {
    faults.add('cat_ids', `${cat_ids.length} categories`, `a product stands in at most ${MAX_CATEGORIES} categories`);
    return;
  }
  for (const id of cat_ids) {
    const there = isCategory(id);
    if (there === true) continue;
    faults.add('cat_ids', String(id), there === false ? 'unknown category' : `the category is left out: ${LEFT_OUT}`);
  }
}

/** @param status as it stands in the file: an empty one says nothing */
function compare(row: Partly<ProductRow>, stored: StoredProduct, status: string | null, faults: RowFaults): void {
  for (const column of ['sku', 'name', 'price', 'currency'] as const) {
    if (row[column] === undefined || row[column] === stored[column]) continue;
    faults.add(column, String(row[column]), `differs from what is stored: ${stored[column]}`);
  }
  const sorted = (ids: readonly number[]): string => [...ids].sort((a, b) => a - b).join('|');
  if (row.cat_ids && sorted(row.cat_ids) !== sorted(stored.cat_ids)) {
    faults.add('cat_ids', row.cat_ids.join('|'), `differs from what is stored: ${sorted(stored.cat_ids)}`);
  }
  if (row.retired && !stored.retired && !stored.toBeRetired)
    faults.add('status', 'retired', 'differs from what is stored: active');
  if (status === 'active' && stored.retired) faults.add('status', status, 'differs from what is stored: retired');
}
