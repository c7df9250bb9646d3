import { categoryEvents } from '../../src/category/events.js';
import { defineProjection } from '../../src/engine/index.js';
import { productEvents } from '../../src/product/events.js';
import { categories } from './categories.js';
import { folded } from './folded.js';
import { productsTable } from './products-table.js';
import { recountStanding, standing } from './standing.js';

export const products = defineProjection({
  name: 'products',
  version: 3,
  reads: { categoryTree: categoryEvents, product: productEvents },
  confirmedClaims: [
    {
      category: 'productSku',
      owners: `select 'productSku-' || sku as stream, 'product-' || product_id as owner from {schema}.products`,
    },
  ],
  page: { tree: categories, products: productsTable },
  meanings: {
    '': 'Products. Serves single products and lists, also by category.',
    products: 'One row a product.',
    'products.product_id': '',
    'products.sku': '',
    'products.name': '',
    'products.price': 'in minor units',
    'products.currency': 'ISO 4217',
    'products.cat_ids': 'as recorded, whether or not those categories are still there',
    'products.status': '`active` or `retired`',
    'products.revision': "of the product's stream",
    'products.folded_name': 'as a search compares it: without case and accents',
    'products.folded_sku': 'likewise',
    standing: 'The categories that a product stands in or below. A list by category is one range of an index.',
    'standing.product_id': '',
    'standing.cat_id': '',
    'standing.status': "the product's",
    categories: 'The tree, as far as it is needed here.',
    'categories.cat_id': '',
    'categories.parent_cat_id': 'null at the top',
  },
  handlers: {
    // Moves the stream on and changes nothing of the product, if there is one at all.
    ClaimAbandoned: ({ products }, event) => {
      products.patchIfThere(event);
    },
    ProductAdded: ({ products }, event) => {
      const { sku, name, price, currency, cat_ids } = event.data;
      const search = { folded_name: folded(name), folded_sku: folded(sku) };
      products.insert(event, { sku, name, price, currency, cat_ids, status: 'active', ...search });
    },
    ProductRenamed: ({ products }, event) => {
      products.patch(event, { name: event.data.name, folded_name: folded(event.data.name) });
    },
    ProductPriced: ({ products }, event) => {
      products.patch(event, { price: event.data.price });
    },
    ProductCategorised: ({ products }, event) => {
      products.patch(event, { cat_ids: event.data.cat_ids });
    },
    ProductRetired: ({ products }, event) => {
      products.patch(event, { status: 'retired' });
    },
    ProductReinstated: ({ products }, event) => {
      products.patch(event, { status: 'active' });
    },
    CategoryAdded: ({ tree }, event) => {
      tree.add(event, event.data.cat_id, event.data.parent_cat_id);
    },
    CategoryRenamed: 'passed-over',
    CategoryMoved: ({ tree }, event) => {
      tree.move(event, event.data.cat_id, event.data.parent_cat_id);
    },
    CategoryRemoved: ({ tree }, event) => {
      tree.remove(event, event.data.cat_id);
    },
  },
  derived: standing,
  recounts: [recountStanding],
});
