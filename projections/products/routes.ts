import { z } from 'zod';
import { type Position, Refusal } from '../../src/engine/index.js';
import { queryHead } from '../../src/http/answers.js';
import type { App } from '../../src/http/app-type.js';
import { freshnessOf } from '../../src/http/freshness.js';
import { type Cursors, listAnswer } from '../../src/http/list.js';
import type { PositionTokens } from '../../src/http/position-token.js';
import { type FrozenModel, LIST_TYPES, type Range, type Sheet, type WholeLists } from '../../src/http/whole-list.js';
import { dataOf, idText, listOf, listQuery, sku } from '../../src/http/schemas.js';
import { productAnswer, type ProductAnswer, productStatus } from '../../src/product/answer.js';
import type { Products } from './read-model.js';

export interface ProductQueryDeps {
  readonly products: Products;
  readonly whole: WholeLists;
  readonly freeze: () => Promise<FrozenModel<Products>>;
  readonly tokens: PositionTokens;
  readonly cursors: Cursors;
  /** What the read model does not know yet, from the stream. */
  readonly fromStream: (productId: number) => Promise<{ position: Position; product: ProductAnswer } | null>;
}

const tags = ['products'];
const status = productStatus.default('active');

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
        summary: 'Products by product_id; with cat_id, those in the category or below',
        tags,
        querystring: listQuery.extend({ cat_id: idText.optional(), sku: sku.optional(), status }),
        response: { 200: listOf(productAnswer) },
      },
    },
    async (request, reply) => {
      const { limit, cursor, cat_id: catId, sku: wanted, status: inStatus } = request.query;
      const freshness = freshnessOf(request.headers, tokens);
      if (whole.isAskedFor(request)) {
        return whole.send(request, reply, {
          ...{ name: 'products', sheet, live: products, freeze, freshness },
          page: async (model, range: Range<number>, fresh) => {
            const { products: items, ...page } = await model.list(
              { status: inStatus, sku: wanted, catId, ...range },
              fresh,
            );
            return { degraded: 0, ...page, items };
          },
        });
      }
      const list = `products ${inStatus} ${catId ?? ''} ${wanted ?? ''}`;
      const after = cursors.decode(list, z.int(), cursor);
      const options = { status: inStatus, sku: wanted, catId, after, limit };
      const page = await products.list(options, freshness);
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
