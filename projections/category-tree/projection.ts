import { categoryEvents } from '../../src/category/events.js';
import { defineProjection } from '../../src/engine/index.js';
import { productEvents } from '../../src/product/events.js';
import { recountProducts, totalsInBulk } from './bulk.js';
import { flush } from './flush.js';
import { open } from './page.js';

/** The tree with its totals. Serves trees, categories, and which categories are below one. */
export const categoryTree = defineProjection({
  name: 'category-tree',
  version: 1,
  reads: { categoryTree: categoryEvents, product: productEvents },
  page: {
    tree: {
      tables: ['categories', 'products', 'document'],
      // Totals change far more often than anything else: room on the page keeps those updates off the indexes.
      ddl: `
    create table {schema}.categories (
      cat_id integer not null,
      parent_cat_id integer,
      code text,
      name text not null,
      total_products integer not null,
      revision integer not null
    ) with (fillfactor = 60);
    create table {schema}.products (
      product_id integer not null,
      cat_ids integer[] not null,
      retired boolean not null
    );
    create table {schema}.document (
      only_row boolean primary key default true check (only_row),
      revision text collate "C" not null
    ) with (fillfactor = 60);
  `,
      indexes: `
    alter table {schema}.categories add primary key (cat_id);
    create index categories_parent on {schema}.categories (parent_cat_id);
    alter table {schema}.products add primary key (product_id);
    create index products_cat_ids on {schema}.products using gin (cat_ids);
  `,
      open,
      flush,
      bulk: totalsInBulk,
    },
  },
  meanings: {
    '': 'The tree with its totals. Serves trees and single categories.',
    categories: 'One row a category.',
    'categories.cat_id': '',
    'categories.parent_cat_id': 'null at the top',
    'categories.code': '',
    'categories.name': '',
    'categories.total_products': 'distinct products, not retired, that stand in the category or below it',
    'categories.revision': "of the tree's stream, at the last event that names the category",
    products: 'Where each product stands: what totals are made from.',
    'products.product_id': '',
    'products.cat_ids': 'as recorded, whether or not those categories are still there',
    'products.retired': '',
    document: 'One row: when the tree as a whole last looked different.',
    'document.only_row': '',
    'document.revision': 'position of the last event that changed what the tree shows',
  },
  handlers: {
    CategoryAdded: ({ tree }, event) => {
      const { cat_id, parent_cat_id, name, code } = event.data;
      tree.add(event, cat_id, parent_cat_id, { name, code });
    },
    CategoryRenamed: ({ tree }, event) => {
      tree.rename(event, event.data.cat_id, event.data.name);
    },
    CategoryMoved: ({ tree }, event) => {
      tree.move(event, event.data.cat_id, event.data.parent_cat_id);
    },
    CategoryRemoved: ({ tree }, event) => {
      tree.remove(event, event.data.cat_id);
    },
    ClaimAbandoned: 'passed-over',
    ProductAdded: ({ tree }, event) => {
      tree.addProduct(event, event.data.product_id, event.data.cat_ids);
    },
    ProductRenamed: 'passed-over',
    ProductPriced: 'passed-over',
    ProductCategorised: ({ tree }, event) => {
      tree.changeProduct(event, event.data.product_id, { catIds: event.data.cat_ids });
    },
    ProductRetired: ({ tree }, event) => {
      tree.changeProduct(event, event.data.product_id, { retired: true });
    },
    ProductReinstated: ({ tree }, event) => {
      tree.changeProduct(event, event.data.product_id, { retired: false });
    },
  },
  recounts: [recountProducts],
});
