import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface ShopSize {
  readonly products: number;
  readonly users: number;
  readonly orders: number;
}

/** A made-up shop as an import folder, the same at every call: a tree of 155 categories in three levels. */
export async function writeShop(dir: string, size: ShopSize): Promise<string> {
  await mkdir(dir, { recursive: true });
  const categories = ['cat_id,code,name,parent_cat_id'];
  let id = 0;
  const grow = (parent: number | '', level: number): void => {
    for (let i = 0; i < 5; i++) {
      const own = ++id;
      categories.push(`${own},c-${own},"Category ${own}, level ${level}",${parent}`);
      if (level < 3) grow(own, level + 1);
    }
  };
  grow('', 1);
  const products = Array.from({ length: size.products }, (_, i) => {
    const [a, b] = [(i % id) + 1, ((i * 7 + 3) % id) + 1];
    return `${i + 1},SKU-${i + 1},Product ${i + 1},${100 + i},EUR,${a === b ? a : `${a}|${b}`}`;
  });
  const users = Array.from({ length: size.users }, (_, i) => `u-${i},Üser ${i},user-${i}@example.org`);
  const orders = Array.from({ length: size.orders }, (_, i) => {
    const items = Array.from({ length: 1 + (i % 4) }, (_line, line) => {
      const product_id = ((i * 13 + line * 29) % size.products) + 1;
      return { sku: `SKU-${product_id}`, product_id, quantity: 1 + line, unit_price: 99 + product_id };
    });
    const placed_at = new Date(Date.UTC(2026, 0, 1) + i * 60_000).toISOString();
    const end = i % 3 === 0 ? { paid_at: placed_at } : i % 7 === 0 ? { cancelled_at: placed_at } : {};
    return JSON.stringify({
      order_ref: `o-${i}`,
      user_ref: `u-${i % size.users}`,
      placed_at,
      currency: 'EUR',
      items,
      ...end,
    });
  });
  await writeFile(join(dir, 'categories.csv'), `${categories.join('\n')}\n`);
  await writeFile(join(dir, 'products.csv'), `product_id,sku,name,price,currency,cat_ids\n${products.join('\n')}\n`);
  await writeFile(join(dir, 'users.csv'), `user_ref,name,email\n${users.join('\n')}\n`);
  await writeFile(join(dir, 'orders.ndjson'), `${orders.join('\n')}\n`);
  return dir;
}
