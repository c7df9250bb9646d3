import { type Freshness, type Position, type ReadModel, Refusal } from '../../src/engine/index.js';
import type { ProductAnswer } from '../../src/product/answer.js';
import { byCategory } from './by-category.js';
import { type ProductKey, type ProductSearch, searchStatement } from './search-statement.js';
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

/** `position` is what the answer is true for, `next` the id that the following page begins after. */
export interface ProductList {
  readonly position: Position;
  readonly products: ProductAnswer[];
  readonly next: number | null;
}

const LAST_ID = 2_147_483_647;

/** The same of a search. */
export interface FoundProducts extends Pick<ProductList, 'position' | 'products'> {
  readonly next: ProductKey | null;
}

/** @param available how many of a product can be promised: an expression that another read model gives for an expression of its id */
function textsOf(
  available: (productId: string) => string,
): Record<'columns' | 'one' | 'all' | 'bySku' | 'inCategory' | 'both', string> {
  const columns = `p.product_id, p.sku, p.name, p.price, p.currency, p.status, p.revision, array(
    select c.cat_id from unnest(p.cat_ids) with ordinality as named (cat_id, place)
    join {schema}.categories c on c.cat_id = named.cat_id order by named.place) as cat_ids,
    ${available('p.product_id')} as available`;
  /**
   * A page of the list; the status is $1, the id before the page $2, the limit $3, and more comes from $4 on. Written as a
   * range of the index, here and below: given an equation, the planner may walk through all products by id and filter.
   */
  const list = (condition: string): string => `select ${columns} from {schema}.products p
    where (p.status, p.product_id) > ($1::text, $2::integer)
      and (p.status, p.product_id) <= ($1::text, ${LAST_ID}) and ${condition}
    order by p.status, p.product_id limit $3::integer`;
  return {
    columns,
    one: `select ${columns} from {schema}.products p where p.product_id = $1::integer`,
    all: list('true'),
    bySku: list('p.sku = $4::text'),
    inCategory: byCategory.page(
      '$4::integer',
      `select ${columns} from (
         select s.product_id from {schema}.standing s
         where (s.cat_id, s.status, s.product_id) > ($4::integer, $1::text, $2::integer)
           and (s.cat_id, s.status, s.product_id) <= ($4::integer, $1::text, ${LAST_ID})
         order by s.cat_id, s.status, s.product_id limit $3::integer) standing
       join {schema}.products p on p.product_id = standing.product_id order by p.product_id`,
    ),
    both: byCategory.page(
      '$4::integer',
      list(`p.sku = $5::text and exists (
        select from {schema}.standing s where s.product_id = p.product_id and s.cat_id = $4::integer)`),
    ),
  };
}

const STANDS_IN = 'select 1 as one from {schema}.standing where cat_id = $1::integer limit 1';

type ShownRow = ProductRow & Pick<ProductAnswer, 'available'>;
type FoundRow = ListedRow & { readonly sorted_by: string | number | null };
type ListedRow = ShownRow | { readonly [column in keyof ShownRow]: null };

export class Products {
  readonly #texts: ReturnType<typeof textsOf>;

  constructor(
    readonly model: ReadModel,
    /** The same beside the read model that `available` asks. */
    readonly besideStock: ReadModel,
    available: (productId: string) => string,
  ) {
    this.#texts = textsOf(available);
  }

  /** @throws Refusal read-model-behind */
  async product(
    productId: number,
    freshness?: Freshness,
  ): Promise<{ position: Position; product: ProductAnswer | null }> {
    const { one } = this.#texts;
    const { position, rows } = await this.besideStock.query<ShownRow>('products-one', one, [productId], freshness);
    const [row] = rows;
    return { position, product: row ? productAnswer(row) : null };
  }

  /** By product_id, ascending. @throws Refusal category-not-found, read-model-behind */
  async list(options: ProductListOptions, freshness?: Freshness): Promise<ProductList> {
    const { status, sku, catId, after, limit } = options;
    const { all, bySku, inCategory, both } = this.#texts;
    // One row more than asked for tells whether there is a next page.
    const page = [status, after ?? 0, limit + 1];
    const query = (name: string, text: string, subject: readonly unknown[]) =>
      this.besideStock.query<ListedRow>(name, text, [...page, ...subject], freshness);
    if (catId === undefined) {
      return sku === undefined
        ? productList(await query('products-all', all, []), limit)
        : productList(await query('products-by-sku', bySku, [sku]), limit);
    }
    const answer =
      sku === undefined
        ? await query('products-in-category', inCategory, [catId])
        : await query('products-in-category-by-sku', both, [catId, sku]);
    if (answer.rows.length === 0) throw new Refusal('category-not-found', `There is no category ${catId}.`);
    return productList(answer, limit);
  }

  /** What a search finds, in the order of its sort. @throws Refusal category-not-found, read-model-behind */
  async search(options: ProductSearch, freshness?: Freshness): Promise<FoundProducts> {
    const { name, text, values } = searchStatement(this.#texts.columns, options);
    const answer = await this.besideStock.query<FoundRow>(name, text, values, freshness);
    if (options.catId !== undefined && answer.rows.length === 0) {
      throw new Refusal('category-not-found', `There is no category ${options.catId}.`);
    }
    const { position, products, next } = productList(answer, options.limit);
    const last = answer.rows[products.length - 1];
    return { position, products, next: next === null || !last ? null : [String(last.sorted_by), next] };
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
  const rows = answer.rows.filter((row): row is ShownRow => row.product_id !== null);
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
  available,
  revision,
}: ShownRow): ProductAnswer {
  return { product_id, sku, name, price, currency, cat_ids, status, available, revision };
}
