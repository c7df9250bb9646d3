import { type Examples, SAMPLE, sampleEvent, sampleMetadata } from '../http/openapi/example.js';

type Node = readonly [cat_id: number, name: string, total_products: number, ...below: object[]];

function node(...[cat_id, name, total_products, ...child_categories]: Node): object {
  return { cat_id, name, total_products, child_categories };
}

/** The tree of the demo data. */
const tree = [
  node(
    ...([1, 'clothes', 5] as const),
    node(2, "Mens' wear", 2, node(3, 'Shirts', 1), node(4, 'T-Shirts', 1)),
    node(5, "Womens' wear", 3, node(6, 'Saree', 3)),
  ),
  node(7, 'Appliances', 1, node(8, 'Home appliances', 1), node(9, 'Office appliances', 1)),
];
const hats = { cat_id: 10, code: 'hats', name: 'Hats', parent_cat_id: 1, total_products: 0, revision: 9 };
const params = { cat_id: 10 };

const first = {
  ...sampleEvent(
    'CategoryAdded',
    { cat_id: 1, code: 'clothes', name: 'clothes', parent_cat_id: null, added_at: SAMPLE.at },
    0,
  ),
  metadata: { ...sampleMetadata, actor: { kind: 'import', id: null } },
};

export const categoryExamples: Examples = {
  listCategoryEvents: {
    params: { limit: 1 },
    answer: { data: [first], next: '/v1/categories/events?limit=1&cursor=eyJ2IjoxfQ' },
  },
  getCategoryTree: { answer: { data: tree } },
  getCategory: {
    params: { cat_id: 9 },
    answer: {
      data: {
        ...{ cat_id: 9, code: 'office-appliances', name: 'Office appliances' },
        ...{ parent_cat_id: 7, total_products: 1, revision: 5 },
      },
    },
  },
  getCategoryOrderCounts: { params: { cat_id: 1 }, answer: { data: { placed: 1, paid: 0, cancelled: 0 } } },
  addCategory: { body: { code: 'hats', name: 'Hats', parent_cat_id: 1 }, answer: { data: hats } },
  changeCategory: {
    params,
    body: { name: 'Caps and hats' },
    answer: { data: { ...hats, name: 'Caps and hats', revision: 10 } },
  },
  removeCategory: { params },
};
