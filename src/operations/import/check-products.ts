import { csvRows } from './csv.js';
import type { RowFaults } from './finding.js';
import type { Check, Checked, Sellable } from './plan.js';
import { PRODUCT_COLUMNS, type ProductRow, readProduct } from './rows.js';
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
  const skus = new Map<string, number>();
  for (const [id, { sku }] of stored) skus.set(sku, id);
  const leftOut = new Set<number>();
  const rows: ProductRow[] = [];
  const lineOf = new Map<number, number>();
  let skipped = 0;
  for await (const csvRow of csvRows(check, source, PRODUCT_COLUMNS)) {
    check.options.progress?.advance();
    const { faults } = csvRow;
    const { id, row } = readProduct(csvRow);
    if (id === null) continue;
    const first = lineOf.get(id);
    if (first !== undefined) {
      faults.add('product_id', String(id), `duplicate id: it stands on line ${first} already`);
      continue;
    }
    lineOf.set(id, faults.line);
    const known = stored.get(id);
    if (row) {
      if (known) compare(row, known, faults);
      else checkCatIds(row, faults, isCategory);
      const holder = skus.get(row.sku);
      if (holder !== undefined && holder !== id) {
        faults.add('sku', row.sku, `duplicate SKU: product ${holder} has it`);
      } else skus.set(row.sku, id);
    }
    if (!row || faults.any) {
      // A stored product stays what it is, whatever the file says of it.
      if (!known) leftOut.add(id);
    } else if (known) skipped++;
    else {
      rows.push(row);
      sellable.set(id, { sku: row.sku, name: row.name, currency: row.currency, retired: false });
    }
  }
  return { rows, skipped, leftOut, sellable };
}

function checkCatIds(row: ProductRow, faults: RowFaults, isCategory: (id: number) => boolean | 'left out'): void {
  for (const id of row.cat_ids) {
    const there = isCategory(id);
    if (there === true) continue;
    faults.add('cat_ids', String(id), there === false ? 'unknown category' : 'the category is left out');
  }
}

function compare(row: ProductRow, stored: StoredProduct, faults: RowFaults): void {
  for (const column of ['sku', 'name', 'price', 'currency'] as const) {
    if (row[column] === stored[column]) continue;
    faults.add(column, String(row[column]), `differs from what is stored: ${stored[column]}`);
  }
  const sorted = (ids: readonly number[]): string => [...ids].sort((a, b) => a - b).join('|');
  if (sorted(row.cat_ids) !== sorted(stored.cat_ids)) {
    faults.add('cat_ids', row.cat_ids.join('|'), `differs from what is stored: ${sorted(stored.cat_ids)}`);
  }
}
