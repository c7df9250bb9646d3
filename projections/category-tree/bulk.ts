import type { bulk, live } from '../../src/engine/index.js';
import { totalsOf, treeBulk, TreeChunk } from '../forest/bulk-forest.js';
import { countAgain } from '../forest/count-again.js';
import type { Step } from '../forest/tree.js';
import type { Page } from './page.js';

interface ProductEvent {
  readonly productId: number;
  readonly revision: number;
  readonly position: string;
  readonly added?: true;
  readonly catIds?: readonly number[];
  readonly retired?: boolean;
}

class Chunk extends TreeChunk {
  readonly products: ProductEvent[] = [];

  addProduct(step: Step, id: number, catIds: readonly number[]): void {
    this.#note(step, { productId: id, added: true, catIds, retired: false });
  }

  changeProduct(step: Step, id: number, change: Pick<ProductEvent, 'catIds' | 'retired'>): void {
    this.#note(step, { productId: id, ...change });
  }

  #note({ revision, position }: Step, event: Omit<ProductEvent, 'revision' | 'position'>): void {
    this.products.push({ revision, position, ...event });
  }
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

export const totalsInBulk: live.PagePart<Page, Chunk>['bulk'] = {
  staging: `
    ${treeBulk.staging}
    create unlogged table {staging}.products (
      product_id integer, revision integer, position text collate "C", added boolean, cat_ids text, retired boolean
    );`,
  begin: () => new Chunk(),
  rows: (chunk) => [
    chunk.rows(),
    {
      table: '{staging}.products',
      columns: ['product_id', 'revision', 'position', 'added', 'cat_ids', 'retired'],
      rows: chunk.products.map(({ productId, revision, position, added, catIds, retired }) => [
        ...[productId, revision, position, added ?? false, catIds ?? null, retired ?? null],
      ]),
    },
  ],
  finish: [
    ...treeBulk.finish,
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
    union all ${treeBulk.orphans}`,
  sources: {
    ...treeBulk.sources,
    products: { stream: (key) => `product-${key}` },
    document: { stream: () => 'categoryTree-main' },
  },
};

export function recountProducts(read: bulk.ReadRows): Promise<bulk.Miscounted[]> {
  const alike = `select cat_ids as places, 'total_products' as kind, count(*)::integer as things
    from {schema}.products where not retired group by cat_ids`;
  return countAgain(read, ['total_products'], read(alike));
}
