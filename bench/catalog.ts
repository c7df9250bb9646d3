/** A made-up shop as an import folder: a tree of four levels, products, and users with proof of identity. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The smallest document that any reader opens: one empty page. */
export const PDF = `%PDF-1.4
1 0 obj <</Type/Catalog/Pages 2 0 R>> endobj
2 0 obj <</Type/Pages/Kids[3 0 R]/Count 1>> endobj
3 0 obj <</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>> endobj
trailer <</Root 1 0 R>>
`;

export interface CatalogSize {
  readonly products: number;
  readonly users: number;
}

export async function writeCatalog(dir: string, { products, users }: CatalogSize): Promise<void> {
  await mkdir(dir, { recursive: true });
  const categories = ['cat_id,code,name,parent_cat_id'];
  const leaves: number[] = [];
  let id = 0;
  const grow = (parent: number | '', level: number): void => {
    for (let i = 0; i < 5; i++) {
      const own = ++id;
      categories.push(`${own},c-${own},Category ${own},${parent}`);
      if (level === 4) leaves.push(own);
      else grow(own, level + 1);
    }
  };
  grow('', 1);
  const leaf = (n: number): number => leaves[n % leaves.length] as number;
  const rows = Array.from(
    { length: products },
    (_, i) => `${i + 1},SKU-${i + 1},Product ${i + 1},${100 + i},EUR,${leaf(i)}|${leaf(i * 7 + 3)}`,
  );
  const people = Array.from({ length: users }, (_, i) => `u-${i},User ${i},user-${i}@example.org,proof.pdf`);
  await writeFile(join(dir, 'proof.pdf'), PDF);
  await writeFile(join(dir, 'categories.csv'), `${categories.join('\n')}\n`);
  await writeFile(join(dir, 'products.csv'), `product_id,sku,name,price,currency,cat_ids\n${unique(rows)}\n`);
  await writeFile(join(dir, 'users.csv'), `user_ref,name,email,id_proof\n${people.join('\n')}\n`);
}

/** A product in the same leaf twice stands there once. */
function unique(rows: readonly string[]): string {
  return rows.map((row) => row.replace(/,(\d+)\|\1$/, ',$1')).join('\n');
}
