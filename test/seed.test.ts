import { join } from 'node:path';
import t from 'tap';
import { checkImport } from '../src/import/check.js';
import { nothingStored } from '../src/import/stored.js';

const plan = async () => {
  const options = {
    onError: 'stop',
    userIdFor: () => '',
    commandIdOf: () => '',
    orderIdFor: () => '',
    comparableEmail: (email: string) => email,
  } as const;
  return checkImport(join(process.cwd(), 'seed', 'demo'), nothingStored, options);
};

void t.test("the demo is the requirement's tree, and the printer that stands in two branches", async (t) => {
  const { findings, plan: demo } = await plan();
  t.same([...findings], []);
  const { categories = [], products = [] } = demo ?? {};
  const within = (catId: number): number[] => [
    catId,
    ...categories.filter((c) => c.parent_cat_id === catId).flatMap((c) => within(c.cat_id)),
  ];
  const total = (catId: number): number => {
    const ids = new Set(within(catId));
    return products.filter((product) => product.cat_ids.some((id) => ids.has(id))).length;
  };
  t.same(
    [...categories]
      .sort((a, b) => a.cat_id - b.cat_id)
      .map((c) => [c.cat_id, c.name, c.parent_cat_id, total(c.cat_id)]),
    [
      [1, 'clothes', null, 5],
      [2, "Mens' wear", 1, 2],
      [3, 'Shirts', 2, 1],
      [4, 'T-Shirts', 2, 1],
      [5, "Womens' wear", 1, 3],
      [6, 'Saree', 5, 3],
      [7, 'Appliances', null, 1],
      [8, 'Home appliances', 7, 1],
      [9, 'Office appliances', 7, 1],
    ],
  );
});

void t.test('the demo counts the stock of some products, so that a first look shows both kinds', async (t) => {
  const { plan: demo } = await plan();
  const counted = new Set(demo?.stock.map(({ product_id }) => product_id));
  t.ok(counted.size > 0 && counted.size < (demo?.products.length ?? 0));
});
