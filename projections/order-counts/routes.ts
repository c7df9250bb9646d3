import { z } from 'zod';
import { Refusal } from '../../src/engine/index.js';
import { queryHead } from '../../src/http/answers.js';
import type { App } from '../../src/http/app-type.js';
import { asOf, type AsOf } from '../../src/http/as-of.js';
import type { AddedAt } from '../../src/http/new-category.js';
import type { PositionTokens } from '../../src/http/position-token.js';
import { count, dataOf, idText } from '../../src/http/schemas.js';
import type { OrderCounts } from './read-model.js';

export interface OrderCountQueryDeps {
  readonly counts: OrderCounts;
  readonly tokens: PositionTokens;
  readonly past: AsOf;
  readonly addedAt: AddedAt;
}

const orderCounts = z.strictObject({ placed: count, paid: count, cancelled: count }).meta({ id: 'OrderCounts' });

export function orderCountQueries(app: App, { counts, tokens, past, addedAt }: OrderCountQueryDeps): void {
  app.get(
    '/v1/order-counts',
    {
      config: { kind: 'query' },
      schema: {
        operationId: 'getOrderCounts',
        summary: 'All orders by status',
        tags: ['orders'],
        querystring: z.strictObject({ as_of: asOf }),
        response: { 200: dataOf(orderCounts) },
      },
    },
    async (request, reply) => {
      const { freshness } = await past.asked(request);
      const known = await counts.all(freshness);
      queryHead(reply, tokens, known);
      return { data: known.counts };
    },
  );

  app.get(
    '/v1/categories/:cat_id/order-counts',
    {
      config: { kind: 'query', problems: ['category-not-found'] },
      schema: {
        operationId: 'getCategoryOrderCounts',
        summary: 'Orders with a product in the category or below, by status',
        tags: ['categories'],
        params: z.strictObject({ cat_id: idText }),
        querystring: z.strictObject({ as_of: asOf }),
        response: { 200: dataOf(orderCounts) },
      },
    },
    async (request, reply) => {
      const { cat_id } = request.params;
      const { freshness } = await past.asked(request);
      const known = await counts.of(cat_id, freshness);
      if (known.counts) {
        queryHead(reply, tokens, known);
        return { data: known.counts };
      }
      const position = freshness.at === undefined ? await addedAt(cat_id) : null;
      if (position === null) throw new Refusal('category-not-found', `There is no category ${cat_id}.`);
      queryHead(reply, tokens, { position });
      return { data: { placed: 0, paid: 0, cancelled: 0 } };
    },
  );
}
