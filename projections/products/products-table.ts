import { column, keyedTable, type RowOf } from '../../src/engine/index.js';

const { bigint, changing, integers, key, lastRevision, text } = column;

export const productsTable = keyedTable('products', {
  category: 'product',
  missing: 'has not been added',
  columns: {
    product_id: key('integer'),
    sku: text(),
    name: changing(text()),
    price: changing(bigint),
    currency: text(),
    /** As recorded, whether or not those categories are still there. */
    cat_ids: changing(integers),
    status: changing(text<'active' | 'retired'>()),
    revision: lastRevision,
    /** Name and SKU as a search compares them. */
    folded_name: changing(text()),
    folded_sku: text(),
  },
  indexes: `
    create index products_by_sku on {schema}.products (sku);
    create index products_by_status on {schema}.products (status, product_id);
    create index products_by_price on {schema}.products (status, price, product_id);
  `,
  fillfactor: 90,
});

export type ProductRow = RowOf<typeof productsTable>;
