import { categoryEvents } from '../../src/category/events.js';
import type { Forest } from '../forest/forest.js';
import { streamId } from '../../src/engine/core/stream.js';
import {
  on,
  type ProjectedEvent,
  type Projection,
  type ProjectionCache,
  type ProjectionDb,
} from '../../src/engine/projecting/projection.js';
import { productEvents } from '../../src/product/events.js';
import { productsBulk } from './bulk.js';
import { writeStanding } from './standing.js';
import { cachedForest, filled, uppermost } from './tree.js';
import { writeCategories, writeProducts } from './write.js';

/** A product as stored: `cat_ids` as recorded, whether or not those categories are still there. */
export interface ProductRow {
  readonly product_id: number;
  readonly sku: string;
  readonly name: string;
  readonly price: number;
  readonly currency: string;
  readonly cat_ids: number[];
  readonly status: 'active' | 'retired';
  /** Of the last event in the product's stream, whatever it is. */
  readonly revision: number;
}

export interface ProductsPage {
  /** As the tables have them. */
  readonly stored: ReadonlyMap<number, ProductRow>;
  readonly products: Map<number, ProductRow>;
  /** The tree, kept from page to page. */
  readonly forest: Forest<null>;
  /** The tree before the page, as far as products stand elsewhere in it. */
  readonly before: Forest<null>;
  /** Categories that were added, moved or removed. */
  readonly categories: Set<number>;
  /** Those that were moved or removed with products in them or below, but for those below another of them. */
  readonly rearranged: readonly number[];
}

export const products: Projection<ProductsPage> = {
  name: 'products',
  version: 1,
  tables: ['products', 'standing', 'categories'],
  reads: { categoryTree: categoryEvents, product: productEvents },
  confirmedClaims: [
    {
      category: 'productSku',
      owners: `select 'productSku-' || sku as stream, 'product-' || product_id as owner from {schema}.products`,
    },
  ],
  // standing: the categories in which or below which a product stands. A list by category is one range of its index.
  ddl: `
    create table {schema}.products (
      product_id integer not null,
      sku text not null,
      name text not null,
      price bigint not null,
      currency text not null,
      cat_ids integer[] not null,
      status text not null,
      revision integer not null
    ) with (fillfactor = 90);
    create table {schema}.standing (
      product_id integer not null,
      cat_id integer not null,
      status text not null
    );
    create table {schema}.categories (
      cat_id integer not null,
      parent_cat_id integer
    );
  `,
  indexes: `
    alter table {schema}.products add primary key (product_id);
    create index products_by_sku on {schema}.products (sku);
    create index products_by_status on {schema}.products (status, product_id);
    alter table {schema}.standing add primary key (product_id, cat_id);
    create index standing_by_category on {schema}.standing (cat_id, status, product_id);
    alter table {schema}.categories add primary key (cat_id);
  `,
  bulk: productsBulk,
  handlers: {
    // Moves the stream on and changes nothing of the product, if there is one at all.
    ClaimAbandoned: on(productEvents.ClaimAbandoned, (page, { stream, revision }) => {
      const product = page.products.get(Number(streamId(stream)));
      if (product) page.products.set(product.product_id, { ...product, revision });
    }),
    ProductAdded: on(productEvents.ProductAdded, (page, { data, revision }) => {
      const { product_id, sku, name, price, currency, cat_ids } = data;
      page.products.set(product_id, { product_id, sku, name, price, currency, cat_ids, status: 'active', revision });
    }),
    ProductRenamed: on(productEvents.ProductRenamed, (page, { data, revision }) => {
      change(page, data.product_id, { name: data.name, revision });
    }),
    ProductPriced: on(productEvents.ProductPriced, (page, { data, revision }) => {
      change(page, data.product_id, { price: data.price, revision });
    }),
    ProductCategorised: on(productEvents.ProductCategorised, (page, { data, revision }) => {
      change(page, data.product_id, { cat_ids: data.cat_ids, revision });
    }),
    ProductRetired: on(productEvents.ProductRetired, (page, { data, revision }) => {
      change(page, data.product_id, { status: 'retired', revision });
    }),
    ProductReinstated: on(productEvents.ProductReinstated, (page, { data, revision }) => {
      change(page, data.product_id, { status: 'active', revision });
    }),
    CategoryAdded: on(categoryEvents.CategoryAdded, ({ forest, categories }, { data }) => {
      forest.add(data.cat_id, data.parent_cat_id, null);
      categories.add(data.cat_id);
    }),
    CategoryMoved: on(categoryEvents.CategoryMoved, ({ forest, categories }, { data }) => {
      forest.move(data.cat_id, data.parent_cat_id);
      categories.add(data.cat_id);
    }),
    CategoryRemoved: on(categoryEvents.CategoryRemoved, ({ forest, categories }, { data }) => {
      forest.remove(data.cat_id);
      categories.add(data.cat_id);
    }),
  },
  open,
  flush,
};

function change({ products }: ProductsPage, productId: number, changed: Partial<ProductRow>): void {
  const product = products.get(productId);
  if (!product) throw new Error(`product ${productId} has not been added`);
  products.set(productId, { ...product, ...changed });
}

async function open(
  events: readonly ProjectedEvent[],
  db: ProjectionDb,
  cache: ProjectionCache,
): Promise<ProductsPage> {
  const ofProducts = events.filter((event) => event.stream.startsWith('product-'));
  const named = new Set(ofProducts.map((event) => Number(streamId(event.stream))));
  const rows =
    named.size === 0
      ? []
      : await db.query<ProductRow>(
          'products-load',
          `select product_id, sku, name, price, currency, cat_ids, status, revision
           from {schema}.products where product_id = any($1::integer[])`,
          [[...named]],
        );
  const stored = new Map(rows.map((row) => [row.product_id, row]));
  const forest = await cachedForest(db, cache);
  const rearranged = await filled(uppermost(forest, events), db);
  const before = rearranged.length > 0 ? forest.shape() : forest;
  return { stored, products: new Map(stored), forest, before, categories: new Set(), rearranged };
}

async function flush(page: ProductsPage, db: ProjectionDb): Promise<void> {
  await writeProducts(page, db);
  await writeCategories(page, db);
  await writeStanding(page, db);
}
