import { z } from 'zod';
import { Refusal } from '../../src/core/errors.js';
import type { Position } from '../../src/core/event-store.js';
import { queryHead } from '../../src/infra/http/answers.js';
import type { App } from '../../src/infra/http/app-type.js';
import { freshnessOf } from '../../src/infra/http/freshness.js';
import { type Cursors, listAnswer } from '../../src/infra/http/list.js';
import type { PositionTokens } from '../../src/infra/http/position-token.js';
import { dataOf, listOf, listQuery, uuid } from '../../src/infra/http/schemas.js';
import { orderAnswer, type OrderAnswer, orderStatus } from '../../src/order/answer.js';
import type { OrderKey, OrderList, UserOrders } from './read-model.js';

export interface OrderQueryDeps {
  readonly orders: UserOrders;
  readonly tokens: PositionTokens;
  readonly cursors: Cursors;
  /** What the read model does not know yet, from the stream. */
  readonly fromStream: (orderId: string) => Promise<{ position: Position; order: OrderAnswer } | null>;
  readonly userExists: (userId: string) => Promise<boolean>;
}

const tags = ['orders'];
const key = z.strictObject({ placed_at: z.string(), position: z.string() }) as unknown as z.ZodType<OrderKey>;
const query = listQuery.extend({ status: orderStatus.optional() });

export function orderQueries(app: App, deps: OrderQueryDeps): void {
  const { orders, tokens, cursors } = deps;

  app.get(
    '/v1/orders/:order_id',
    {
      config: { kind: 'query', tagged: true, problems: ['order-not-found'] },
      schema: {
        summary: 'An order with items and history',
        tags,
        params: z.strictObject({ order_id: uuid }),
        response: { 200: dataOf(orderAnswer) },
      },
    },
    async (request, reply) => {
      const { order_id } = request.params;
      const known = await orders.order(order_id, freshnessOf(request.headers, tokens));
      const found = known.order ? known : ((await deps.fromStream(order_id)) ?? known);
      if (!found.order) throw new Refusal('order-not-found', 'There is no such order.');
      queryHead(reply, tokens, found, found.order.revision);
      return { data: found.order };
    },
  );

  app.get(
    '/v1/orders',
    {
      config: { kind: 'query' },
      schema: { summary: 'Orders, newest first', tags, querystring: query, response: { 200: listOf(orderAnswer) } },
    },
    async (request, reply) => {
      const { limit, status, cursor } = request.query;
      const list = `orders ${status ?? ''}`;
      const after = cursors.decode(list, key, cursor);
      const page = await orders.newest({ limit, status, after }, freshnessOf(request.headers, tokens));
      queryHead(reply, tokens, page);
      return listAnswer(request, reply, page.orders, next(list, page));
    },
  );

  app.get(
    '/v1/users/:user_id/orders',
    {
      config: { kind: 'query', problems: ['user-not-found'] },
      schema: {
        summary: "A user's orders with items and history, newest first",
        tags,
        params: z.strictObject({ user_id: uuid }),
        querystring: query,
        response: { 200: listOf(orderAnswer) },
      },
    },
    async (request, reply) => {
      const { user_id } = request.params;
      const { limit, status, cursor } = request.query;
      const list = `orders of ${user_id} ${status ?? ''}`;
      const after = cursors.decode(list, key, cursor);
      const page = await orders.ofUser(user_id, { limit, status, after }, freshnessOf(request.headers, tokens));
      // Only a user who is there has orders.
      if (page.orders.length === 0 && !(await deps.userExists(user_id))) {
        throw new Refusal('user-not-found', 'There is no such user.');
      }
      queryHead(reply, tokens, page);
      return listAnswer(request, reply, page.orders, next(list, page));
    },
  );

  function next(list: string, page: OrderList): string | null {
    return page.next && cursors.encode(list, page.next);
  }
}
