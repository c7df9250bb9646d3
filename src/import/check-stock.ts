import type { OrderReferences } from './check-orders.js';
import { csvRows } from './csv.js';
import { LEFT_OUT } from './finding.js';
import type { Check, Checked } from './plan.js';
import { readStock, STOCK_COLUMNS, type StockRow, whole } from './rows.js';

/** What happened to the stock after it was imported is not compared: orders have taken from it, and clerks have counted it again. */
export async function checkStock(check: Check, product: OrderReferences['product']): Promise<Checked<StockRow>> {
  const source = check.sources['stock.csv'];
  if (!source) return { rows: [], skipped: 0 };
  const rows: StockRow[] = [];
  const lineOf = new Map<number, number>();
  let skipped = 0;
  for await (const csvRow of csvRows(check, source, STOCK_COLUMNS)) {
    check.options.progress?.advance();
    if (csvRow.misaligned) continue;
    const { faults } = csvRow;
    const read = readStock(csvRow);
    const { product_id: id, on_hand: onHand } = read;
    if (id === undefined) continue;
    const first = lineOf.get(id);
    if (first !== undefined) faults.add('product_id', String(id), `duplicate id: it stands on line ${first} already`);
    else lineOf.set(id, faults.line);
    const known = check.stored.stock.get(id);
    const there = product(id);
    if (there === 'unknown') faults.add('product_id', String(id), 'unknown product');
    else if (there === 'left out') faults.add('product_id', String(id), `the product is left out: ${LEFT_OUT}`);
    if (known !== undefined && onHand !== undefined && known !== onHand && first === undefined)
      faults.add('on_hand', String(onHand), `differs from what is stored: ${known}`);
    const row = whole<StockRow>(read, faults);
    if (row && known !== undefined) skipped++;
    else if (row) rows.push(row);
  }
  return { rows, skipped };
}
