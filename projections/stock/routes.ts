import { z } from 'zod';
import { type Position, Refusal } from '../../src/engine/index.js';
import { queryHead } from '../../src/http/answers.js';
import type { App } from '../../src/http/app-type.js';
import { asOf, type AsOf } from '../../src/http/as-of.js';
import { type Cursors, listAnswer } from '../../src/http/list.js';
import { type AddedAt, orEmpty } from '../../src/http/new-category.js';
import type { PositionTokens } from '../../src/http/position-token.js';
import { dataOf, idText, listOf, listQuery, queryInteger } from '../../src/http/schemas.js';
import { stockAnswer, type StockAnswer } from '../../src/stock/answer.js';
import { MAX_ON_HAND } from '../../src/values.js';
import type { Stock } from './read-model.js';

export interface StockQueryDeps {
  readonly stock: Stock;
  readonly tokens: PositionTokens;
  readonly cursors: Cursors;
  readonly past: AsOf;
  readonly addedAt: AddedAt;
  /** From the stream: what the read model does not know yet. */
  readonly fromStream: (productId: number) => Promise<{ position: Position; stock: StockAnswer } | null>;
  /** Now, or at a position. */
  readonly productExists: (productId: number, at?: Position) => Promise<boolean>;
}

const tags = ['stock'];
const availableBelow = queryInteger(0, MAX_ON_HAND)
  .optional()
  .meta({
    description:
      'Only products of which fewer than this are available. No index helps: the list looks at one tracked product after the other, ' +
      'in the category if one is given, until the page is full.',
  });

export function stockQueries(app: App, deps: StockQueryDeps): void {
  const { stock, tokens, cursors, past } = deps;

  app.get(
    '/v1/products/:product_id/stock',
    {
      config: { kind: 'query', tagged: true, problems: ['product-not-found', 'stock-not-tracked'] },
      schema: {
        operationId: 'getProductStock',
        summary: 'The stock of a product',
        tags,
        params: z.strictObject({ product_id: idText }),
        querystring: z.strictObject({ as_of: asOf }),
        response: { 200: dataOf(stockAnswer) },
      },
    },
    async (request, reply) => {
      const { product_id } = request.params;
      const { freshness } = await past.asked(request);
      const known = await stock.of(product_id, freshness);
      const isNow = freshness.at === undefined;
      const found = known.stock || !isNow ? known : ((await deps.fromStream(product_id)) ?? known);
      if (!found.stock) {
        if (await deps.productExists(product_id, freshness.at)) {
          throw new Refusal('stock-not-tracked', 'The stock of this product is not tracked.');
        }
        throw new Refusal('product-not-found', 'There is no such product.');
      }
      queryHead(reply, tokens, found, found.stock.revision);
      return { data: found.stock };
    },
  );

  app.get(
    '/v1/stock',
    {
      config: { kind: 'query', problems: ['category-not-found'] },
      schema: {
        operationId: 'listStock',
        summary: 'The stock of tracked products by product_id; with cat_id, of those in the category or below',
        tags,
        querystring: listQuery.extend({
          available_below: availableBelow,
          cat_id: idText.optional(),
          as_of: asOf,
        }),
        response: { 200: listOf(stockAnswer) },
      },
    },
    async (request, reply) => {
      const { limit, cursor, cat_id: catId, available_below: below } = request.query;
      const { freshness, as_of } = await past.asked(request);
      const list = `stock ${below ?? ''} ${catId ?? ''} ${as_of ?? ''}`;
      const after = cursors.decode(list, z.int(), cursor);
      const page = await orEmpty(
        deps.addedAt,
        { catId, freshness },
        () => stock.list({ catId, availableBelow: below, after, limit }, freshness),
        (position) => ({ position, stock: [], next: null }),
      );
      queryHead(reply, tokens, page);
      const next = page.next === null ? null : cursors.encode(list, page.next);
      // A page further on is as of the same position, even if a time was named.
      const query = { ...request.query, as_of };
      return listAnswer({ url: request.url, query }, reply, page.stock, next);
    },
  );
}
