import { categoryEvents } from '../../src/category/events.js';
import { on, type Projection } from '../../src/engine/projecting/projection.js';
import { productEvents } from '../../src/product/events.js';
import { categoryTreeBulk } from './bulk.js';
import { flush } from './flush.js';
import { open, type Page } from './page.js';

/** The tree with its totals. Serves trees, categories, and which categories are below one. */
export const categoryTree: Projection<Page> = {
  name: 'category-tree',
  version: 1,
  tables: ['categories', 'products', 'document'],
  reads: { categoryTree: categoryEvents, product: productEvents },
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
  bulk: categoryTreeBulk,
  handlers: {
    CategoryAdded: on(categoryEvents.CategoryAdded, (page, { data, revision, position }) => {
      page.forest.add(data.cat_id, data.parent_cat_id, { code: data.code, name: data.name, total: 0, revision });
      page.treeChanged(data.cat_id, position);
    }),
    CategoryRenamed: on(categoryEvents.CategoryRenamed, (page, { data, revision, position }) => {
      const category = page.category(data.cat_id);
      category.name = data.name;
      category.revision = revision;
      page.treeChanged(data.cat_id, position);
    }),
    CategoryMoved: on(categoryEvents.CategoryMoved, (page, { data, revision, position }) => {
      page.category(data.cat_id).revision = revision;
      page.forest.move(data.cat_id, data.parent_cat_id);
      page.treeChanged(data.cat_id, position);
    }),
    CategoryRemoved: on(categoryEvents.CategoryRemoved, (page, { data, position }) => {
      page.forest.remove(data.cat_id);
      page.treeChanged(data.cat_id, position);
    }),
    ProductAdded: on(productEvents.ProductAdded, (page, { data, position }) => {
      page.products.set(data.product_id, { catIds: [], retired: false, before: null, changed: true });
      page.productChanged(data.product_id, { catIds: data.cat_ids }, position);
    }),
    ProductCategorised: on(productEvents.ProductCategorised, (page, { data, position }) => {
      page.productChanged(data.product_id, { catIds: data.cat_ids }, position);
    }),
    ProductRetired: on(productEvents.ProductRetired, (page, { data, position }) => {
      page.productChanged(data.product_id, { retired: true }, position);
    }),
    ProductReinstated: on(productEvents.ProductReinstated, (page, { data, position }) => {
      page.productChanged(data.product_id, { retired: false }, position);
    }),
  },
  open,
  flush,
};
