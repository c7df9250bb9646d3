import { type Freshness, type Position, type ReadModel, Refusal } from '../../src/engine/index.js';
import type { ProductAnswer } from '../../src/product/answer.js';
import type { ProductRow } from './products-table.js';

export interface ProductListOptions {
  readonly status: 'active' | 'retired';
  readonly sku?: string | undefined;
  /** Only what stands in the category or below it. */
  readonly catId?: number | undefined;
  /** Only what comes after this product_id; from the first if null or left out. */
  readonly after?: number | null | undefined;
  readonly limit: number;
}

/** `position` is the place in the log that the answer is true for, `next` the id that the following page goes on after. */
export interface ProductList {
  readonly position: Position;
  readonly products: ProductAnswer[];
  readonly next: number | null;
}

const LAST_ID = 2_147_483_647;

const COLUMNS = `p.product_id, p.sku, p.name, p.price, p.currency, p.status, p.revision, array(
    select c.cat_id from unnest(p.cat_ids) with ordinality as named (cat_id, place)
    join {schema}.categories c on c.cat_id = named.cat_id order by named.place) as cat_ids`;

const ONE = `select ${COLUMNS} from {schema}.products p where p.product_id = $1::integer`;

/**
 * A page of the list; the status is $1, the id before the page $2, the limit $3, and more comes from $4 on. Written as a
 * range of the index, here and below: given an equation, the planner may walk through all products by id and filter.
 */
function listText(condition: string): string {
  return `select ${COLUMNS} from {schema}.products p
    where (p.status, p.product_id) > ($1::text, $2::integer)
      and (p.status, p.product_id) <= ($1::text, ${LAST_ID}) and ${condition}
    order by p.status, p.product_id limit $3::integer`;
}

const ALL = listText('true');
const BY_SKU = listText('p.sku = $4::text');

/** A category that is there gives at least one row, though a row of nulls. */
function categoryText(page: string): string {
  return `select page.* from {schema}.categories c left join lateral (${page}) page on true where c.cat_id = $4::integer`;
}

const IN_CATEGORY = categoryText(
  `select ${COLUMNS} from (
     select s.product_id from {schema}.standing s
     where (s.cat_id, s.status, s.product_id) > ($4::integer, $1::text, $2::integer)
       and (s.cat_id, s.status, s.product_id) <= ($4::integer, $1::text, ${LAST_ID})
     order by s.cat_id, s.status, s.product_id limit $3::integer) standing
   join {schema}.products p on p.product_id = standing.product_id order by p.product_id`,
);
const IN_CATEGORY_BY_SKU = categoryText(
  listText(`p.sku = $5::text and exists (
    select from {schema}.standing s where s.product_id = p.product_id and s.cat_id = $4::integer)`),
);

const STANDS_IN = 'select 1 as one from {schema}.standing where cat_id = $1::integer limit 1';

type ListedRow = ProductRow | { readonly [column in keyof ProductRow]: null };

export class Products {
  constructor(readonly model: ReadModel) {}

  /** @throws Refusal read-model-behind */
  async product(
    productId: number,
    freshness?: Freshness,
  ): Promise<{ position: Position; product: ProductAnswer | null }> {
    const { position, rows } = await this.model.query<ProductRow>('products-one', ONE, [productId], freshness);
    const [row] = rows;
    return { position, product: row ? productAnswer(row) : null };
  }

  /** By product_id, ascending. @throws Refusal category-not-found, read-model-behind */
  async list(options: ProductListOptions, freshness?: Freshness): Promise<ProductList> {
    const { status, sku, catId, after, limit } = options;
    // One row more than asked for tells whether there is a next page.
    const page = [status, after ?? 0, limit + 1];
    const query = (name: string, text: string, subject: readonly unknown[]) =>
      this.model.query<ListedRow>(name, text, [...page, ...subject], freshness);
    if (catId === undefined) {
      return sku === undefined
        ? productList(await query('products-all', ALL, []), limit)
        : productList(await query('products-by-sku', BY_SKU, [sku]), limit);
    }
    const answer =
      sku === undefined
        ? await query('products-in-category', IN_CATEGORY, [catId])
        : await query('products-in-category-by-sku', IN_CATEGORY_BY_SKU, [catId, sku]);
    if (answer.rows.length === 0) throw new Refusal('category-not-found', `There is no category ${catId}.`);
    return productList(answer, limit);
  }

  /** Whether any product, retired ones too, stands in the category or below it. @throws Refusal read-model-behind */
  async standsIn(catId: number, freshness?: Freshness): Promise<{ position: Position; stands: boolean }> {
    const { position, rows } = await this.model.query<{ one: number }>(
      'products-stand-in',
      STANDS_IN,
      [catId],
      freshness,
    );
    return { position, stands: rows.length > 0 };
  }
}

function productList(answer: { position: Position; rows: readonly ListedRow[] }, limit: number): ProductList {
  const rows = answer.rows.filter((row): row is ProductRow => row.product_id !== null);
  const products = rows.slice(0, limit).map(productAnswer);
  const last = rows.length > limit ? products.at(-1) : undefined;
  return { position: answer.position, products, next: last?.product_id ?? null };
}

function productAnswer({
  product_id,
  sku,
  name,
  price,
  currency,
  cat_ids,
  status,
  revision,
}: ProductRow): ProductAnswer {
  return { product_id, sku, name, price, currency, cat_ids, status, revision };
}
