import { categoryEvents } from '../../src/category/events.js';
import { defineProjection } from '../../src/engine/index.js';
import { orderEvents } from '../../src/order/events.js';
import { productEvents } from '../../src/product/events.js';
import { countsInBulk } from './bulk.js';
import { flush } from './flush.js';
import { open } from './page.js';
import { RECOUNT_TOTALS, recountOrders } from './recount.js';

/** How many orders there are in a category or below it, by status. */
export const orderCounts = defineProjection({
  name: 'order-counts',
  version: 3,
  // Version 3 has the rows of version 2, and those of totals. Processes of the release before can't read OrderPlaced of version 2: the builds that they write
  // are not to be those of this release.
  oldestReadable: 1,
  reads: { categoryTree: categoryEvents, product: productEvents, order: orderEvents },
  keyedBy: ['order'],
  page: {
    counts: {
      tables: ['categories', 'products', 'orders', 'totals'],
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
    create table {schema}.totals (
      status text not null,
      orders bigint not null
    ) with (fillfactor = 50);
  `,
      indexes: `
    alter table {schema}.categories add primary key (cat_id);
    alter table {schema}.products add primary key (product_id);
    create index products_cat_ids on {schema}.products using gin (cat_ids);
    alter table {schema}.orders add primary key (order_id);
    create index orders_product_ids on {schema}.orders using gin (product_ids)
      with (gin_pending_list_limit = 256);
    alter table {schema}.totals add primary key (status);
  `,
      open,
      flush,
      bulk: countsInBulk,
    },
  },
  meanings: {
    '': 'How many orders there are in a category or below it, by status.',
    categories: 'One row a category: each order counts once, under its current status.',
    'categories.cat_id': '',
    'categories.parent_cat_id': 'null at the top',
    'categories.placed': '',
    'categories.paid': '',
    'categories.cancelled': '',
    products: 'Where each product stands, retired ones too.',
    'products.product_id': '',
    'products.cat_ids': 'as recorded',
    orders: 'What of an order matters to the counts.',
    'orders.order_id': '',
    'orders.status': '`placed`, `paid` or `cancelled`',
    'orders.product_ids': 'distinct, ascending',
    totals:
      'How many orders there are of each status, in a category or not. A status that no order ever had has no row.',
    'totals.status': '`placed`, `paid` or `cancelled`',
    'totals.orders': '',
  },
  handlers: {
    CategoryAdded: ({ counts }, event) => {
      counts.add(event, event.data.cat_id, event.data.parent_cat_id);
    },
    CategoryRenamed: 'passed-over',
    CategoryMoved: ({ counts }, event) => {
      counts.move(event, event.data.cat_id, event.data.parent_cat_id);
    },
    CategoryRemoved: ({ counts }, event) => {
      counts.remove(event, event.data.cat_id);
    },
    ClaimAbandoned: 'passed-over',
    ProductAdded: ({ counts }, event) => {
      counts.addProduct(event, event.data.product_id, event.data.cat_ids);
    },
    ProductRenamed: 'passed-over',
    ProductPriced: 'passed-over',
    ProductCategorised: ({ counts }, event) => {
      counts.moveProduct(event, event.data.product_id, event.data.cat_ids);
    },
    ProductRetired: 'passed-over',
    ProductReinstated: 'passed-over',
    OrderAbandoned: 'passed-over',
    OrderPlaced: ({ counts }, { data }) => {
      const productIds = [...new Set(data.items.map((item) => item.product_id))].sort((a, b) => a - b);
      counts.addOrder(data.order_id, productIds);
    },
    OrderPaid: ({ counts }, event) => {
      counts.moveOrder(event, event.data.order_id, 'paid');
    },
    OrderCancelled: ({ counts }, event) => {
      counts.moveOrder(event, event.data.order_id, 'cancelled');
    },
  },
  recounts: [recountOrders, RECOUNT_TOTALS],
});
