import { categoryEvents } from '../../src/category/events.js';
import { streamId } from '../../src/engine/core/stream.js';
import type { BulkPath, CopiedRows } from '../../src/engine/builds/bulk.js';
import {
  closureOf,
  FOREST_FINISH,
  FOREST_ORPHANS,
  FOREST_SOURCE,
  FOREST_STAGING,
  forestRows,
  type TreeEvent,
} from '../forest/bulk-forest.js';
import { on } from '../../src/engine/projecting/projection.js';
import { productEvents } from '../../src/product/events.js';
import type { ProductRow } from './projection.js';

/** What happened in a chunk to a product of an earlier one. A field that is left out was not changed. */
type Change = Partial<Pick<ProductRow, 'name' | 'price' | 'cat_ids' | 'status'>> & { readonly revision: number };

interface Chunk {
  readonly tree: TreeEvent[];
  readonly products: Map<number, ProductRow>;
  readonly changes: Map<number, Change>;
  /** Products that something other than the end of a claim happened to: they have to be there. */
  readonly expected: Set<number>;
}

/**
 * Where the products must stand by the rows that are there: in what they name, and in the parents of where they stand. Rows that
 * are all of these and no others are right, for a tree has an end; and however deep it is, each row is looked at once.
 */
const MUST_STAND = `
  with must as (
    select p.product_id, c.cat_id, p.status
    from {schema}.products p cross join unnest(p.cat_ids) as named (cat_id)
    join {schema}.categories c on c.cat_id = named.cat_id
    union
    select s.product_id, c.parent_cat_id, p.status
    from {schema}.standing s join {schema}.categories c on c.cat_id = s.cat_id
    join {schema}.products p on p.product_id = s.product_id where c.parent_cat_id is not null
  )`;

export const productsBulk: BulkPath<Chunk> = {
  staging: `
    ${FOREST_STAGING}
    create unlogged table {staging}.changes (
      product_id integer, revision integer, expected boolean, name text, price bigint, cat_ids text, status text
    );`,
  begin: () => ({ tree: [], products: new Map(), changes: new Map(), expected: new Set() }),
  handlers: {
    ClaimAbandoned: on(productEvents.ClaimAbandoned, (chunk, { stream, revision }) => {
      change(chunk, Number(streamId(stream)), { revision });
    }),
    ProductAdded: on(productEvents.ProductAdded, ({ products, changes }, { data, revision }) => {
      const { product_id, sku, name, price, currency, cat_ids } = data;
      products.set(product_id, { product_id, sku, name, price, currency, cat_ids, status: 'active', revision });
      // Ends of claims, from before there was a product.
      changes.delete(product_id);
    }),
    ProductRenamed: on(productEvents.ProductRenamed, (chunk, { data, revision }) => {
      expect(chunk, data.product_id, { name: data.name, revision });
    }),
    ProductPriced: on(productEvents.ProductPriced, (chunk, { data, revision }) => {
      expect(chunk, data.product_id, { price: data.price, revision });
    }),
    ProductCategorised: on(productEvents.ProductCategorised, (chunk, { data, revision }) => {
      expect(chunk, data.product_id, { cat_ids: data.cat_ids, revision });
    }),
    ProductRetired: on(productEvents.ProductRetired, (chunk, { data, revision }) => {
      expect(chunk, data.product_id, { status: 'retired', revision });
    }),
    ProductReinstated: on(productEvents.ProductReinstated, (chunk, { data, revision }) => {
      expect(chunk, data.product_id, { status: 'active', revision });
    }),
    CategoryAdded: on(categoryEvents.CategoryAdded, ({ tree }, { data, revision: nth, position }) => {
      tree.push({ id: data.cat_id, nth, position, kind: 'add', parent: data.parent_cat_id });
    }),
    CategoryMoved: on(categoryEvents.CategoryMoved, ({ tree }, { data, revision: nth, position }) => {
      tree.push({ id: data.cat_id, nth, position, kind: 'move', parent: data.parent_cat_id });
    }),
    CategoryRemoved: on(categoryEvents.CategoryRemoved, ({ tree }, { data, revision: nth, position }) => {
      tree.push({ id: data.cat_id, nth, position, kind: 'remove' });
    }),
  },
  rows,
  finish: [
    ...FOREST_FINISH,
    `update {schema}.products p set revision = c.revision, name = coalesce(c.name, p.name),
       price = coalesce(c.price, p.price), cat_ids = coalesce(c.cat_ids::integer[], p.cat_ids),
       status = coalesce(c.status, p.status)
     from (
       select c.product_id, max(c.revision) as revision,
         (array_agg(c.name order by c.revision desc) filter (where c.name is not null))[1] as name,
         (array_agg(c.price order by c.revision desc) filter (where c.price is not null))[1] as price,
         (array_agg(c.cat_ids order by c.revision desc) filter (where c.cat_ids is not null))[1] as cat_ids,
         (array_agg(c.status order by c.revision desc) filter (where c.status is not null))[1] as status
       from {staging}.changes c join {schema}.products p on p.product_id = c.product_id and c.revision > p.revision
       group by c.product_id
     ) c
     where c.product_id = p.product_id`,
    'insert into {schema}.categories (cat_id, parent_cat_id) select id, parent from {staging}.forest',
    closureOf('select distinct unnest(cat_ids) as id from {schema}.products'),
    'create index on {staging}.closure (id)',
    'analyze {staging}.closure',
    `insert into {schema}.standing (product_id, cat_id, status)
     select distinct p.product_id, c.above, p.status
     from (select product_id, status, unnest(cat_ids) as cat_id from {schema}.products) p
     join {staging}.closure c on c.id = p.cat_id`,
  ],
  orphans: `
    select 'product-' || c.product_id as stream, c.revision, 'product ' || c.product_id || ' has not been added' as message
    from {staging}.changes c
    where c.expected
      and not exists (select from {schema}.products p where p.product_id = c.product_id and p.revision < c.revision)
    union all ${FOREST_ORPHANS}`,
  recounts: [
    `${MUST_STAND}
     select 'standing' as "table", coalesce(s.product_id, n.product_id) || ', ' || coalesce(s.cat_id, n.cat_id) as key,
       'status' as "column", s.status as found, n.status as recounted
     from {schema}.standing s full join must n on n.product_id = s.product_id and n.cat_id = s.cat_id
     where s.status is distinct from n.status`,
  ],
  sources: {
    products: { stream: (key) => `product-${key}` },
    // Of product and category; what is below and above tells the category's own row.
    standing: { stream: (key) => `product-${key.split(',')[0]}` },
    categories: FOREST_SOURCE,
  },
};

function expect(chunk: Chunk, productId: number, changed: Change): void {
  if (!chunk.products.has(productId)) chunk.expected.add(productId);
  change(chunk, productId, changed);
}

function change({ products, changes }: Chunk, productId: number, changed: Change): void {
  const product = products.get(productId);
  if (product) products.set(productId, { ...product, ...changed });
  else changes.set(productId, { ...changes.get(productId), ...changed });
}

function rows({ tree, products, changes, expected }: Chunk): CopiedRows[] {
  return [
    forestRows(tree),
    {
      table: '{schema}.products',
      columns: ['product_id', 'sku', 'name', 'price', 'currency', 'cat_ids', 'status', 'revision'],
      rows: [...products.values()].map((one) => [
        ...[one.product_id, one.sku, one.name, one.price, one.currency],
        ...[one.cat_ids, one.status, one.revision],
      ]),
    },
    {
      table: '{staging}.changes',
      columns: ['product_id', 'revision', 'expected', 'name', 'price', 'cat_ids', 'status'],
      rows: [...changes].map(([id, { revision, name, price, cat_ids, status }]) => [
        ...[id, revision, expected.has(id)],
        ...[name ?? null, price ?? null, cat_ids ?? null, status ?? null],
      ]),
    },
  ];
}
