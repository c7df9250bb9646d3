import { checkCategories } from './check-categories.js';
import { checkOrders, type OrderReferences } from './check-orders.js';
import { checkProducts, type CheckedProducts } from './check-products.js';
import { checkUsers, type CheckedUsers } from './check-users.js';
import type { Finding } from './finding.js';
import type { Check, CheckOptions, ImportPlan } from './plan.js';
import { findDamage, IMPORT_FILES, locateSources } from './source.js';
import type { StoredState } from './stored.js';

export interface CheckedImport {
  /** By file in the order of their use, then by line. */
  readonly findings: readonly Finding[];
  /** Null: nothing may be appended. */
  readonly plan: ImportPlan | null;
}

/**
 * Checks the files of a folder as a whole, together with what is stored. Nothing is appended.
 * @throws WrongUse when the folder holds nothing to import
 */
export async function checkImport(dir: string, stored: StoredState, options: CheckOptions): Promise<CheckedImport> {
  const findings: Finding[] = [];
  const sources = await locateSources(dir, findings);
  const check: Check = { dir, sources, stored, options, findings, unreadable: new Set() };
  options.progress?.start('checking', null);
  // 1. A damaged file is left out whole. It is still named as a source, so that nobody misses what may be in it.
  const readable = { ...sources };
  for (const file of IMPORT_FILES) {
    const damage = sources[file] ? await findDamage(sources[file]) : null;
    if (!damage) continue;
    findings.push(damage);
    check.unreadable.add(damage.file);
    Reflect.deleteProperty(readable, file);
  }
  const intact: Check = { ...check, sources: readable };
  // 2. Each kind beside those that it names.
  const categories = await checkCategories(intact);
  const noCategories = sources['categories.csv'] !== undefined && readable['categories.csv'] === undefined;
  const products = await checkProducts(intact, (id) => noCategories || categories.has(id));
  const users = await checkUsers(intact);
  const { orders, skipped } = await checkOrders(intact, orderReferences(check, products, users));
  options.progress?.stop();
  // 3. What may be appended. A part of a faulty graph would be another graph.
  const graphFault = categories.graphFault || noCategories;
  findings.sort(byFileThenLine(check));
  if (findings.length > 0 && (options.onError === 'stop' || graphFault)) return { findings, plan: null };
  const plan: ImportPlan = {
    onError: options.onError,
    sources: readable,
    categories: categories.rows,
    products: products.rows,
    users: users.rows,
    orders,
    skipped: categories.skipped + products.skipped + users.skipped + skipped,
  };
  return { findings, plan };
}

function orderReferences(check: Check, products: CheckedProducts, users: CheckedUsers): OrderReferences {
  const { stored, options, sources, unreadable } = check;
  // Without `report` a bad row is a finding once; with it, each row that is left out because of it is one more.
  const leavesOut = options.onError === 'report';
  const hidden = (file: 'products.csv' | 'users.csv'): boolean =>
    !leavesOut && unreadable.has(sources[file]?.name ?? '');
  const usersHidden = hidden('users.csv');
  const productsHidden = hidden('products.csv');
  return {
    sellable: products.sellable,
    user: (ref) => {
      if (users.fresh.has(ref)) return 'there';
      const known = stored.users.get(options.deriveId('user', ref));
      if (known !== undefined) return known === null ? 'erased' : 'there';
      if (users.leftOut.has(ref)) return leavesOut ? 'left out' : 'there';
      return usersHidden ? 'there' : 'unknown';
    },
    product: (id) => {
      const product = products.sellable.get(id);
      if (product) return product;
      if (products.leftOut.has(id)) return leavesOut ? 'left out' : 'unchecked';
      return productsHidden ? 'unchecked' : 'unknown';
    },
  };
}

function byFileThenLine({ sources }: Check): (a: Finding, b: Finding) => number {
  const order = IMPORT_FILES.map((file) => sources[file]?.name);
  return (a, b) => order.indexOf(a.file) - order.indexOf(b.file) || a.line - b.line;
}
