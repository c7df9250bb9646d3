import { categoryEvents } from '../../src/category/events.js';
import { on, type Projection } from '../../src/engine/projecting/projection.js';
import { orderEvents } from '../../src/order/events.js';
import { productEvents } from '../../src/product/events.js';
import { orderCountsBulk } from './bulk.js';
import { flush } from './flush.js';
import { open, type Page } from './page.js';

/** How many orders there are in a category or below it, by status. */
export const orderCounts: Projection<Page> = {
  name: 'order-counts',
  version: 2,
  // What is asked of it, the counts, is as it was.
  oldestReadable: 1,
  tables: ['categories', 'products', 'orders'],
  reads: { categoryTree: categoryEvents, product: productEvents, order: orderEvents },
  keyedBy: ['order'],
  // Counts change far more often than anything else: room on the page keeps those updates off the index, and likewise
  // the one change of status that an order may have. What waits to enter the index by product is searched one by one, so
  // not much may wait.
  ddl: `
    create table {schema}.categories (
      cat_id integer not null,
      parent_cat_id integer,
      placed integer not null default 0,
      paid integer not null default 0,
      cancelled integer not null default 0
    ) with (fillfactor = 50);
    create table {schema}.products (
      product_id integer not null,
      cat_ids integer[] not null
    );
    create table {schema}.orders (
      order_id uuid not null,
      status text not null,
      product_ids integer[] not null
    ) with (fillfactor = 85);
  `,
  indexes: `
    alter table {schema}.categories add primary key (cat_id);
    alter table {schema}.products add primary key (product_id);
    create index products_cat_ids on {schema}.products using gin (cat_ids);
    alter table {schema}.orders add primary key (order_id);
    create index orders_product_ids on {schema}.orders using gin (product_ids)
      with (gin_pending_list_limit = 256);
  `,
  bulk: orderCountsBulk,
  handlers: {
    CategoryAdded: on(categoryEvents.CategoryAdded, (page, { data }) => {
      page.forest.add(data.cat_id, data.parent_cat_id, null);
      page.categories.add(data.cat_id);
    }),
    CategoryMoved: on(categoryEvents.CategoryMoved, (page, { data }) => {
      page.forest.move(data.cat_id, data.parent_cat_id);
      page.categories.add(data.cat_id);
    }),
    CategoryRemoved: on(categoryEvents.CategoryRemoved, (page, { data }) => {
      page.forest.remove(data.cat_id);
      page.categories.add(data.cat_id);
    }),
    ProductAdded: on(productEvents.ProductAdded, (page, { data }) => {
      page.setProduct(data.product_id, { catIds: data.cat_ids, before: null });
    }),
    ProductCategorised: on(productEvents.ProductCategorised, (page, { data }) => {
      const product = page.products.get(data.product_id);
      if (!product) throw new RangeError(`there is no product ${data.product_id}`);
      page.setProduct(data.product_id, { ...product, catIds: data.cat_ids });
    }),
    OrderPlaced: on(orderEvents.OrderPlaced, (page, { data }) => {
      const productIds = [...new Set(data.items.map((item) => item.product_id))].sort((a, b) => a - b);
      page.orders.set(data.order_id, { productIds, before: null, status: 'placed' });
    }),
    OrderPaid: on(orderEvents.OrderPaid, (page, { data }) => {
      page.order(data.order_id).status = 'paid';
    }),
    OrderCancelled: on(orderEvents.OrderCancelled, (page, { data }) => {
      page.order(data.order_id).status = 'cancelled';
    }),
  },
  open,
  flush,
};
