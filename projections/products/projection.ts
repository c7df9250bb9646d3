import { categoryEvents } from '../../src/category/events.js';
import { defineProjection } from '../../src/engine/index.js';
import { productEvents } from '../../src/product/events.js';
import { categories } from './categories.js';
import { productsTable } from './products-table.js';
import { recountStanding, standing } from './standing.js';

export const products = defineProjection({
  name: 'products',
  version: 1,
  reads: { categoryTree: categoryEvents, product: productEvents },
  confirmedClaims: [
    {
      category: 'productSku',
      owners: `select 'productSku-' || sku as stream, 'product-' || product_id as owner from {schema}.products`,
    },
  ],
  page: { tree: categories, products: productsTable },
  handlers: {
    // Moves the stream on and changes nothing of the product, if there is one at all.
    ClaimAbandoned: ({ products }, event) => {
      products.patchIfThere(event);
    },
    ProductAdded: ({ products }, event) => {
      const { sku, name, price, currency, cat_ids } = event.data;
      products.insert(event, { sku, name, price, currency, cat_ids, status: 'active' });
    },
    ProductRenamed: ({ products }, event) => {
      products.patch(event, { name: event.data.name });
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
