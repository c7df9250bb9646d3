import { createSecretKey } from 'node:crypto';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Test } from 'tap';
import { comparableEmail, deriveUuid, orderIdFor } from '../../src/crypto/derive.js';
import { checkImport, type CheckedImport } from '../../src/import/check.js';
import type { Finding } from '../../src/import/findings.js';
import type { CheckOptions } from '../../src/import/plan.js';
import { nothingStored, type StoredState } from '../../src/import/stored.js';

const hashKey = createSecretKey(Buffer.alloc(32, 7));

export const options: CheckOptions = {
  onError: 'stop',
  userIdFor: (ref) => deriveUuid(hashKey, 'import-user', ref),
  commandIdOf: (command, ref) => deriveUuid(hashKey, 'import', command, ref),
  orderIdFor: (userId, ref) => orderIdFor(hashKey, userId, ref, 0),
  comparableEmail,
};

export const header = {
  categories: 'cat_id,code,name,parent_cat_id',
  products: 'product_id,sku,name,price,currency,cat_ids',
  stock: 'product_id,on_hand',
  users: 'user_ref,name,email',
};

/** Small, and nothing wrong with it. */
export const good: Readonly<Record<string, string>> = {
  'categories.csv': `${header.categories}\n2,m,Mens' wear,1\n1,c,clothes,\n3,s,Shirts,2\n`,
  'products.csv': `${header.products}\n1,S-1,Shirt,1000,USD,3\n2,S-2,Other shirt,2000,USD,2|3\n`,
  'users.csv': `${header.users}\nu1,Ada,ada@example.org\nu2,Bo,bo@example.org\n`,
  'orders.ndjson': `${order('o1', {})}\n${order('o2', { user_ref: 'u2', paid_at: '2011-01-03T00:00:00Z' })}\n`,
};

export function order(order_ref: string, fields: object): string {
  return JSON.stringify({
    order_ref,
    user_ref: 'u1',
    placed_at: '2011-01-02T03:04:05Z',
    currency: 'USD',
    items: [{ sku: 'S-1', product_id: 1, quantity: 2, unit_price: 900 }],
    ...fields,
  });
}

/** The same with its findings in a list. */
export type Listed = Omit<CheckedImport, 'findings'> & { readonly findings: readonly Finding[] };

export async function checkFolder(
  dir: string,
  settings: Partial<CheckOptions> = {},
  stored = nothingStored,
): Promise<Listed> {
  const { findings, ...checked } = await checkImport(dir, stored, { ...options, ...settings });
  return { ...checked, findings: [...findings] };
}

/** A folder that goes with the test. */
export function folder(t: Test, files: Readonly<Record<string, string | Buffer>>): string {
  return t.testdir(Object.fromEntries(Object.entries(files)));
}

export async function check(
  t: Test,
  files: Readonly<Record<string, string | Buffer>>,
  settings: Partial<CheckOptions> = {},
  stored: StoredState = nothingStored,
): Promise<Listed> {
  return checkFolder(folder(t, files), settings, stored);
}

/** Where the findings are: `file:line:column`. */
export function places({ findings }: Listed): string[] {
  return findings.map(({ file, line, column }) => `${file}:${line}:${column}`);
}

/** Compressed, then cut off so that it is not whole. */
export function truncatedGzip(text: string): Buffer {
  const whole = gzipSync(text);
  return whole.subarray(0, Math.floor(whole.length * 0.7));
}

/** The real data beside the checkout, where it is there. */
export function sharedData(name: string): string {
  return join(process.cwd(), '..', 'shared', 'data', name);
}
