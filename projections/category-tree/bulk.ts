import { categoryEvents } from '../../src/category/events.js';
import type { BulkPath, CopiedRows, Miscounted, ReadRows } from '../../src/engine/builds/bulk.js';
import {
  FOREST_FINISH,
  FOREST_ORPHANS,
  FOREST_SOURCE,
  FOREST_STAGING,
  forestRows,
  totalsOf,
  type TreeEvent,
} from '../forest/bulk-forest.js';
import { countAgain } from '../forest/count-again.js';
import { on, type ProjectedEvent } from '../../src/engine/projecting/projection.js';
import { productEvents } from '../../src/product/events.js';

interface ProductEvent {
  readonly productId: number;
  readonly revision: number;
  readonly position: string;
  readonly added?: true;
  readonly catIds?: readonly number[];
  readonly retired?: boolean;
}

interface Chunk {
  readonly tree: TreeEvent[];
  readonly products: ProductEvent[];
}

/**
 * What a product counts in by the tree as it is in the end, after an event of it or before: a text to compare. `e` is the
 * event.
 */
function countedIn(upTo: '<=' | '<'): string {
  const last = (column: string): string =>
    `(select s.${column} from {staging}.products s
      where s.product_id = e.product_id and s.revision ${upTo} e.revision and s.${column} is not null
      order by s.revision desc limit 1)`;
  return `case when ${last('retired')} then null else (
    with recursive up (id, parent) as (
      select f.id, f.parent from {staging}.forest f where f.id = any (${last('cat_ids')}::integer[])
      union
      select f.id, f.parent from up join {staging}.forest f on f.id = up.parent
    ) select array_agg(id order by id) from up) end`;
}

export const categoryTreeBulk: BulkPath<Chunk> = {
  staging: `
    ${FOREST_STAGING}
    create unlogged table {staging}.products (
      product_id integer, revision integer, position text collate "C", added boolean, cat_ids text, retired boolean
    );`,
  begin: () => ({ tree: [], products: [] }),
  handlers: {
    CategoryAdded: on(categoryEvents.CategoryAdded, ({ tree }, { data, revision: nth, position }) => {
      const { cat_id: id, parent_cat_id: parent, name, code } = data;
      tree.push({ id, nth, position, kind: 'add', parent, name, code });
    }),
    CategoryRenamed: on(categoryEvents.CategoryRenamed, ({ tree }, { data, revision: nth, position }) => {
      tree.push({ id: data.cat_id, nth, position, kind: 'rename', name: data.name });
    }),
    CategoryMoved: on(categoryEvents.CategoryMoved, ({ tree }, { data, revision: nth, position }) => {
      tree.push({ id: data.cat_id, nth, position, kind: 'move', parent: data.parent_cat_id });
    }),
    CategoryRemoved: on(categoryEvents.CategoryRemoved, ({ tree }, { data, revision: nth, position }) => {
      tree.push({ id: data.cat_id, nth, position, kind: 'remove' });
    }),
    ProductAdded: on(productEvents.ProductAdded, (chunk, { data, ...event }) => {
      note(chunk, data.product_id, event, { added: true, catIds: data.cat_ids, retired: false });
    }),
    ProductCategorised: on(productEvents.ProductCategorised, (chunk, { data, ...event }) => {
      note(chunk, data.product_id, event, { catIds: data.cat_ids });
    }),
    ProductRetired: on(productEvents.ProductRetired, (chunk, { data, ...event }) => {
      note(chunk, data.product_id, event, { retired: true });
    }),
    ProductReinstated: on(productEvents.ProductReinstated, (chunk, { data, ...event }) => {
      note(chunk, data.product_id, event, { retired: false });
    }),
  },
  rows,
  finish: [
    ...FOREST_FINISH,
    `insert into {schema}.products (product_id, cat_ids, retired)
     select product_id,
       (array_agg(cat_ids order by revision desc) filter (where cat_ids is not null))[1]::integer[],
       (array_agg(retired order by revision desc) filter (where retired is not null))[1]
     from {staging}.products group by product_id`,
    totalsOf(
      ['product'],
      `select array_to_string(cat_ids, ',') as places, 'product' as kind, count(*)::integer as things
       from {schema}.products where not retired group by cat_ids`,
    ),
    `insert into {schema}.categories (cat_id, parent_cat_id, code, name, total_products, revision)
     select f.id, f.parent, f.code, f.name, coalesce(t.things, 0), f.nth
     from {staging}.forest f
     left join {staging}.totals t on t.id = f.id`,
    'create index on {staging}.products (product_id, revision)',
    'create index on {staging}.products (position)',
    // The tree looks different after each event of its own. After the last of them it stays as it is in the end, so of the
    // events of products the last one counts that changed a set of categories.
    `insert into {schema}.document (revision)
     select max(position) from (
       (select position from {staging}.tree order by position desc limit 1)
       union all
       (select e.position from {staging}.products e
        where e.position > coalesce((select max(position) from {staging}.tree), '')
          and ${countedIn('<=')} is distinct from ${countedIn('<')}
        order by e.position desc limit 1)
     ) last having max(position) is not null`,
  ],
  orphans: `
    select 'product-' || e.product_id as stream, e.revision, 'there is no product ' || e.product_id as message
    from (select product_id, min(revision) as revision, min(revision) filter (where added) as added
          from {staging}.products group by product_id) e
    where e.added is null or e.revision < e.added
    union all ${FOREST_ORPHANS}`,
  recounts: [recountProducts],
  sources: {
    categories: FOREST_SOURCE,
    products: { stream: (key) => `product-${key}` },
    document: { stream: () => 'categoryTree-main' },
  },
};

function recountProducts(read: ReadRows): Promise<Miscounted[]> {
  const alike = `select cat_ids as places, 'total_products' as kind, count(*)::integer as things
    from {schema}.products where not retired group by cat_ids`;
  return countAgain(read, ['total_products'], read(alike));
}

function note(
  { products }: Chunk,
  productId: number,
  { revision, position }: Pick<ProjectedEvent, 'revision' | 'position'>,
  changed: Pick<ProductEvent, 'added' | 'catIds' | 'retired'>,
): void {
  products.push({ productId, revision, position, ...changed });
}

function rows({ tree, products }: Chunk): CopiedRows[] {
  return [
    forestRows(tree),
    {
      table: '{staging}.products',
      columns: ['product_id', 'revision', 'position', 'added', 'cat_ids', 'retired'],
      rows: products.map(({ productId, revision, position, added, catIds, retired }) => [
        ...[productId, revision, position, added ?? false, catIds ?? null, retired ?? null],
      ]),
    },
  ];
}
