/** A search of the catalog: filters in, statement out. It scans the products of the status; with a price it reads a part of an index. */
import { byCategory } from './by-category.js';
import { folded } from './folded.js';

export const PRODUCT_SORTS = ['product_id', '-product_id', 'name', '-name', 'price', '-price'] as const;

export type ProductSort = (typeof PRODUCT_SORTS)[number];

/** What a sort goes by, as text, and the product_id. */
export type ProductKey = readonly [sortedBy: string, productId: number];

export interface ProductSearch {
  readonly status: 'active' | 'retired';
  readonly sort: ProductSort;
  /** A part of the name or of the SKU; case and accents make no difference. */
  readonly q?: string | undefined;
  readonly sku?: string | undefined;
  readonly catId?: number | undefined;
  readonly priceMin?: number | undefined;
  readonly priceMax?: number | undefined;
  readonly after?: ProductKey | null | undefined;
  readonly limit: number;
}

const SORTED_BY = {
  product_id: { column: 'p.product_id', type: 'integer' },
  name: { column: 'p.folded_name collate "C"', type: 'text' },
  price: { column: 'p.price', type: 'bigint' },
} as const;

/** @param columns of an answer */
export function searchStatement(
  columns: string,
  { status, sort, q, sku, catId, priceMin, priceMax, after, limit }: ProductSearch,
): { readonly name: string; readonly text: string; readonly values: readonly unknown[] } {
  const descending = sort.startsWith('-');
  const { column, type } = SORTED_BY[sort.replace('-', '') as keyof typeof SORTED_BY];
  const direction = descending ? 'desc' : 'asc';
  const text = `select ${columns}, ${column} as sorted_by from {schema}.products p
    where p.status = $1::text
      and ($2::text is null or p.folded_name like $2::text or p.folded_sku like $2::text)
      and ($3::text is null or p.sku = $3::text)
      and ($5::bigint is null or p.price >= $5::bigint) and ($6::bigint is null or p.price <= $6::bigint)
      and ($7::text is null or (${column}, p.product_id) ${descending ? '<' : '>'} ($7::${type}, $8::integer))
      and ($4::integer is null or exists (
        select from {schema}.standing s where s.product_id = p.product_id and s.cat_id = $4::integer))
    order by ${column} ${direction}, p.product_id ${direction} limit $9::integer`;
  const pattern = q === undefined ? null : `%${folded(q).replace(/[\\%_]/g, '\\$&')}%`;
  const values = [status, pattern, sku ?? null, catId ?? null, priceMin ?? null, priceMax ?? null];
  return {
    name: `products-search-${sort}${catId === undefined ? '' : '-of-category'}`,
    text: catId === undefined ? text : byCategory.page('$4::integer', text),
    values: [...values, after?.[0] ?? null, after?.[1] ?? null, limit + 1],
  };
}
