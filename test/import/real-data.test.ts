import { existsSync } from 'node:fs';
import t from 'tap';
import { checkImport } from '../../src/import/check.js';
import { plannedOrders } from '../../src/import/check-orders.js';
import { nothingStored } from '../../src/import/stored.js';
import { options, sharedData } from './folder.js';

const sets = [
  { name: 'retail', categories: 10_595, products: 3_388, users: 3_349, orders: 11_342, lines: 221_075 },
  { name: 'luma', categories: 29, products: 1_994, users: 0, orders: 0, lines: 0 },
];

for (const { name, lines, ...counts } of sets) {
  const dir = sharedData(name);
  const skip = existsSync(dir) ? false : `${dir} is not there`;
  void t.test(`the real data of ${name} have no findings`, { skip }, async (t) => {
    const { findings, plan } = await checkImport(dir, nothingStored, options);
    t.same([...findings], []);
    if (!plan) return;
    const { categories, products, users, orders } = plan;
    t.same(
      { categories: categories.length, products: products.length, users: users.length, orders: orders?.count ?? 0 },
      counts,
    );
    let read = 0;
    if (orders) for await (const order of plannedOrders(orders)) read += order.items.length;
    t.equal(read, lines);
  });
}
