import { print } from '../engine/index.js';
import { checkCategories } from './check-categories.js';
import { checkOrders, type OrderReferences } from './check-orders.js';
import { checkProducts, type CheckedProducts } from './check-products.js';
import { checkStock } from './check-stock.js';
import { checkUsers, type CheckedUsers } from './check-users.js';
import { PRODUCT_COLUMNS, CATEGORY_COLUMNS, STOCK_COLUMNS, USER_COLUMNS } from './rows.js';
import { Findings } from './findings.js';
import { csvFault, ndjsonFault } from './form.js';
import type { Check, CheckOptions, ImportPlan } from './plan.js';
import { IMPORT_FILES, type ImportFile } from './files.js';
import { type Form, inspect, locateSources } from './source.js';
import type { StoredState } from './stored.js';

export interface CheckedImport {
  readonly findings: Findings;
  /** Null: nothing may be appended. */
  readonly plan: ImportPlan | null;
  /** How many rows are stored already. */
  readonly skipped: number;
}

const MOST_CHARACTERS = 200;

const FORMS: Readonly<Record<ImportFile, Form>> = {
  'categories.csv': { format: 'CSV', faultOf: (head) => csvFault(head, CATEGORY_COLUMNS) },
  'products.csv': { format: 'CSV', faultOf: (head) => csvFault(head, PRODUCT_COLUMNS) },
  'stock.csv': { format: 'CSV', faultOf: (head) => csvFault(head, STOCK_COLUMNS) },
  'users.csv': { format: 'CSV', faultOf: (head) => csvFault(head, USER_COLUMNS) },
  'orders.ndjson': { format: 'NDJSON', faultOf: ndjsonFault },
};

/**
 * Checks the files of a folder as a whole, together with what is stored. Nothing is appended.
 * @throws WrongUse when the folder holds nothing to import
 */
export async function checkImport(dir: string, stored: StoredState, options: CheckOptions): Promise<CheckedImport> {
  const findings = new Findings();
  const sources = await locateSources(dir, findings);
  const check: Check = { dir, sources, stored, options, findings, unreadable: new Set() };
  options.progress?.start('checking', null);
  // 1. A file that can't be read is left out whole. It is still named as a source, so that nobody misses what may be in it.
  const readable = { ...sources };
  for (const file of IMPORT_FILES) {
    const source = sources[file];
    if (!source) continue;
    const { fault, isForeign } = await inspect(source, FORMS[file]);
    if (isForeign) readable[file] = { ...source, isForeign };
    if (!fault) continue;
    findings.add({ file: source.name, column: '', ...fault, value: print.shortened(fault.value, MOST_CHARACTERS) });
    check.unreadable.add(source.name);
    Reflect.deleteProperty(readable, file);
  }
  const intact: Check = { ...check, sources: readable };
  // 2. Each kind beside those that it names.
  const categories = await checkCategories(intact);
  const noCategories = sources['categories.csv'] !== undefined && readable['categories.csv'] === undefined;
  const products = await checkProducts(intact, (id) => noCategories || categories.has(id));
  const users = await checkUsers(intact);
  const references = orderReferences(check, products, users);
  const stock = await checkStock(intact, references.product);
  const { orders, skipped } = await checkOrders(intact, references);
  options.progress?.stop();
  // 3. What may be appended. A part of a faulty graph would be another graph.
  const graphFault = categories.graphFault || noCategories;
  const skippedInAll = categories.skipped + products.skipped + stock.skipped + users.skipped + skipped;
  if (findings.length > 0 && (options.onError === 'stop' || graphFault))
    return { findings, plan: null, skipped: skippedInAll };
  const plan: ImportPlan = {
    onError: options.onError,
    sources: readable,
    categories: categories.rows,
    products: products.rows,
    stock: stock.rows,
    users: users.rows,
    orders,
    skipped: skippedInAll,
  };
  return { findings, plan, skipped: skippedInAll };
}

function orderReferences(check: Check, products: CheckedProducts, users: CheckedUsers): OrderReferences {
  const { stored, options, sources, unreadable } = check;
  // Without `report` a bad row is a finding once; with it, each row that is left out because of it is one more.
  const leavesOut = options.onError === 'report';
  const isUnreadable = (file: 'products.csv' | 'users.csv'): boolean => unreadable.has(sources[file]?.name ?? '');
  const usersUnreadable = isUnreadable('users.csv');
  const productsUnreadable = isUnreadable('products.csv');
  return {
    sellable: products.sellable,
    user: (ref) => {
      if (users.fresh.has(ref)) return 'there';
      const known = stored.users.get(options.userIdFor(ref));
      if (known !== undefined) return known === null ? 'erased' : 'there';
      if (!users.leftOut.has(ref) && !usersUnreadable) return 'unknown';
      return leavesOut ? 'left out' : 'there';
    },
    product: (id) => {
      const product = products.sellable.get(id);
      if (product) return product;
      if (!products.leftOut.has(id) && !productsUnreadable) return 'unknown';
      return leavesOut ? 'left out' : 'unchecked';
    },
  };
}
