import { z } from 'zod';
import { type Position, Refusal } from '../../src/engine/index.js';
import { queryHead } from '../../src/http/answers.js';
import type { App } from '../../src/http/app-type.js';
import { freshnessOf } from '../../src/http/freshness.js';
import { type Cursors, listAnswer } from '../../src/http/list.js';
import { type AddedAt, orEmpty } from '../../src/http/new-category.js';
import type { PositionTokens } from '../../src/http/position-token.js';
import { type FrozenModel, LIST_TYPES, type Range, type Sheet, type WholeLists } from '../../src/http/whole-list.js';
import {
  dataOf,
  idText,
  listOf,
  listQuery,
  queryInteger,
  requireRange,
  searched,
  sku,
} from '../../src/http/schemas.js';
import { productAnswer, type ProductAnswer, productStatus } from '../../src/product/answer.js';
import type { ProductList, Products } from './read-model.js';
import { PRODUCT_SORTS, type ProductKey, type ProductSearch } from './search-statement.js';

export interface ProductQueryDeps {
  readonly products: Products;
  readonly whole: WholeLists;
  readonly freeze: () => Promise<FrozenModel<Products>>;
  readonly tokens: PositionTokens;
  readonly cursors: Cursors;
  readonly addedAt: AddedAt;
  /** What the read model does not know yet, from the stream. */
  readonly fromStream: (productId: number) => Promise<{ position: Position; product: ProductAnswer } | null>;
}

type NoProducts = ProductList & { readonly next: null };

const tags = ['products'];
const status = productStatus.default('active');
const price = queryInteger(0, Number.MAX_SAFE_INTEGER);
const productKey = z.tuple([z.string(), z.int()]) as z.ZodType<ProductKey>;

const productQuery = listQuery
  .extend({
    cat_id: idText.optional(),
    sku: sku.optional(),
    status,
    q: searched.optional().meta({
      description:
        'Products with this in their name or SKU, as a part of a word too. Case and accents make no difference. Scans.',
    }),
    price_min: price.optional().meta({ description: 'Products of this price or more, in minor units. Scans.' }),
    price_max: price.optional().meta({ description: 'Products of this price or less, in minor units. Scans.' }),
    sort: z.enum(PRODUCT_SORTS).default('product_id').meta({
      description: 'By id, name or price; `-` is the last or largest first. All but `product_id` scan.',
    }),
  })
  .superRefine((query, context) => {
    requireRange(query, context, ['price_min', 'price_max'], 'below');
  });

/** Null where the list by product_id, which needs no scan, has the answer. */
function searchOf(query: z.output<typeof productQuery>): Omit<ProductSearch, 'limit' | 'after'> | null {
  const { q, price_min: priceMin, price_max: priceMax, sort, cat_id: catId } = query;
  if ([q, priceMin, priceMax].every((one) => one === undefined) && sort === 'product_id') return null;
  return { status: query.status, sku: query.sku, ...{ q, priceMin, priceMax, sort, catId } };
}

const sheet: Sheet<ProductAnswer> = {
  columns: Object.keys(productAnswer.shape),
  cells: ({ cat_ids, ...product }) => ({ ...product, cat_ids: cat_ids.join('|') }),
};

export function productQueries(app: App, deps: ProductQueryDeps): void {
  const { products, tokens, cursors, fromStream, whole, freeze } = deps;

  app.get(
    '/v1/products',
    {
      config: { kind: 'query', produces: LIST_TYPES, problems: ['category-not-found'] },
      schema: {
        operationId: 'listProducts',
        summary: 'Products by product_id, or as filters and sort say; with cat_id, those in the category or below',
        tags,
        querystring: productQuery,
        response: { 200: listOf(productAnswer) },
      },
    },
    async (request, reply) => {
      const { limit, cursor, cat_id: catId, sku: wanted, status: inStatus } = request.query;
      const freshness = freshnessOf(request.headers, tokens);
      const search = searchOf(request.query);
      const listed = <List>(list: () => Promise<List>): Promise<List | NoProducts> =>
        orEmpty<List | NoProducts>(deps.addedAt, { catId, freshness }, list, (position) => ({
          position,
          products: [],
          next: null,
        }));
      if (search && whole.isAskedFor(request)) {
        return whole.send(request, reply, {
          ...{ name: 'products', sheet, live: products, freeze, freshness },
          page: async (model, range: Range<ProductKey>, fresh) => {
            const { products: items, ...page } = await listed(() => model.search({ ...search, ...range }, fresh));
            return { degraded: 0, ...page, items };
          },
        });
      }
      if (search) {
        const scope = `products ${JSON.stringify(search)}`;
        const from = cursors.decode(scope, productKey, cursor);
        const page = await listed(() => products.search({ ...search, after: from, limit }, freshness));
        queryHead(reply, tokens, page);
        return listAnswer(request, reply, [...page.products], page.next && cursors.encode(scope, page.next));
      }
      if (whole.isAskedFor(request)) {
        return whole.send(request, reply, {
          ...{ name: 'products', sheet, live: products, freeze, freshness },
          page: async (model, range: Range<number>, fresh) => {
            const { products: items, ...page } = await listed(() =>
              model.list({ status: inStatus, sku: wanted, catId, ...range }, fresh),
            );
            return { degraded: 0, ...page, items };
          },
        });
      }
      const list = `products ${inStatus} ${catId ?? ''} ${wanted ?? ''}`;
      const after = cursors.decode(list, z.int(), cursor);
      const options = { status: inStatus, sku: wanted, catId, after, limit };
      const page = await listed(() => products.list(options, freshness));
      queryHead(reply, tokens, page);
      const next = page.next === null ? null : cursors.encode(list, page.next);
      return listAnswer(request, reply, [...page.products], next);
    },
  );

  app.get(
    '/v1/products/:product_id',
    {
      config: { kind: 'query', tagged: true, problems: ['product-not-found'] },
      schema: {
        operationId: 'getProduct',
        summary: 'A product, retired ones too',
        tags,
        params: z.strictObject({ product_id: idText }),
        response: { 200: dataOf(productAnswer) },
      },
    },
    async (request, reply) => {
      const { product_id } = request.params;
      const known = await products.product(product_id, freshnessOf(request.headers, tokens));
      const { product, position } = known.product ? known : ((await fromStream(product_id)) ?? known);
      if (!product) throw new Refusal('product-not-found', 'There is no such product.');
      queryHead(reply, tokens, { position }, product.revision);
      return { data: product };
    },
  );
}
