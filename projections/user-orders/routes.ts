import { z } from 'zod';
import { errors, type Position, Refusal, START } from '../../src/engine/index.js';
import { queryHead } from '../../src/http/answers.js';
import type { App } from '../../src/http/app-type.js';
import { asOf, type AsOf } from '../../src/http/as-of.js';
import type { Freshness } from '../../src/http/freshness.js';
import { type Cursors, listAnswer } from '../../src/http/list.js';
import type { PositionTokens } from '../../src/http/position-token.js';
import { type FrozenModel, LIST_TYPES, type Range, type Sheet, type WholeLists } from '../../src/http/whole-list.js';
import { dataOf, listOf, listQuery, uuid } from '../../src/http/schemas.js';
import { orderAnswer, type OrderAnswer, orderStatus } from '../../src/order/answer.js';
import type { OrderKey, OrderList, UserOrders } from './read-model.js';

export interface OrderQueryDeps {
  readonly orders: UserOrders;
  readonly whole: WholeLists;
  readonly freeze: () => Promise<FrozenModel<UserOrders>>;
  readonly tokens: PositionTokens;
  readonly cursors: Cursors;
  readonly past: AsOf;
  /** From the stream: what the read model does not know yet, or with a place an order as it was there. */
  readonly fromStream: (orderId: string, at?: Position) => Promise<{ position: Position; order: OrderAnswer } | null>;
  /** Now, or at a place. */
  readonly userExists: (userId: string, at?: Position) => Promise<boolean>;
}

interface FoundOrder {
  readonly position: Position;
  readonly order: OrderAnswer | null;
  readonly degraded?: number;
}

const tags = ['orders'];
const key = z.strictObject({ placed_at: z.string(), position: z.string() }) as unknown as z.ZodType<OrderKey>;
const query = listQuery.extend({ status: orderStatus.optional(), as_of: asOf });

/** One row an order: its amounts can be added up. The lines stand in one cell, as JSON. */
const sheet: Sheet<OrderAnswer> = {
  columns: [
    ...Object.keys(orderAnswer.shape).filter((name) => !['items', 'history', 'allowed_actions'].includes(name)),
    ...['paid_at', 'reference', 'cancelled_at', 'reason', 'lines', 'items'],
  ],
  cells: ({ items, history, allowed_actions: _, ...order }) => {
    const paid = history.find(({ status }) => status === 'paid');
    const cancelled = history.find(({ status }) => status === 'cancelled');
    return {
      ...order,
      ...{ paid_at: paid?.at ?? null, reference: paid?.reference ?? null },
      ...{ cancelled_at: cancelled?.at ?? null, reason: cancelled?.reason ?? null },
      ...{ lines: items.length, items: JSON.stringify(items) },
    };
  },
};

export function orderQueries(app: App, deps: OrderQueryDeps): void {
  const { orders, tokens, cursors, past } = deps;

  app.get(
    '/v1/orders/:order_id',
    {
      config: { kind: 'query', tagged: true, problems: ['order-not-found'] },
      schema: {
        operationId: 'getOrder',
        summary: 'An order with items and history',
        tags,
        params: z.strictObject({ order_id: uuid }),
        querystring: z.strictObject({ as_of: asOf }),
        response: { 200: dataOf(orderAnswer) },
      },
    },
    async (request, reply) => {
      const { order_id } = request.params;
      const { freshness } = await past.asked(request);
      const found = await (freshness.at === undefined ? asItIs(order_id, freshness) : asItWas(order_id, freshness));
      if (!found.order) throw new Refusal('order-not-found', 'There is no such order.');
      queryHead(reply, tokens, found, found.order.revision);
      return { data: found.order };
    },
  );

  app.get(
    '/v1/orders',
    {
      config: { kind: 'query', produces: LIST_TYPES },
      schema: {
        operationId: 'listOrders',
        summary: 'Orders, newest first',
        tags,
        querystring: query,
        response: { 200: listOf(orderAnswer) },
      },
    },
    async (request, reply) => {
      const { limit, status, cursor } = request.query;
      const { freshness, as_of } = await past.asked(request);
      if (deps.whole.isAskedFor(request)) {
        return deps.whole.send(request, reply, {
          ...{ name: 'orders', sheet, live: orders, freeze: deps.freeze, freshness },
          page: async (model, range: Range<OrderKey>, fresh) => {
            const { orders: items, ...page } = await model.newest({ status, ...range }, fresh);
            return { ...page, items };
          },
        });
      }
      const list = `orders ${status ?? ''}${asOfScope(as_of)}`;
      const after = cursors.decode(list, key, cursor);
      const page = await orders.newest({ limit, status, after }, freshness);
      queryHead(reply, tokens, page);
      return listAnswer(sameScope(request, as_of), reply, page.orders, next(list, page));
    },
  );

  app.get(
    '/v1/users/:user_id/orders',
    {
      config: { kind: 'query', problems: ['user-not-found'] },
      schema: {
        operationId: 'listUserOrders',
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
      const { freshness, as_of } = await past.asked(request);
      const list = `orders of ${user_id} ${status ?? ''}${asOfScope(as_of)}`;
      const after = cursors.decode(list, key, cursor);
      const page = await orders.ofUser(user_id, { limit, status, after }, freshness);
      // Only a user who is there has orders.
      if (page.orders.length === 0 && !(await deps.userExists(user_id, freshness.at))) {
        throw new Refusal('user-not-found', 'There is no such user.');
      }
      queryHead(reply, tokens, page);
      return listAnswer(sameScope(request, as_of), reply, page.orders, next(list, page));
    },
  );

  async function asItIs(orderId: string, freshness: Freshness): Promise<FoundOrder> {
    const known = await orders.order(orderId, freshness);
    return known.order ? known : ((await deps.fromStream(orderId)) ?? known);
  }

  /** By its own events up to there; where one of them can't be read, by those that have effect in the read model. */
  async function asItWas(orderId: string, freshness: Freshness): Promise<FoundOrder> {
    const { at: position = START } = freshness;
    try {
      return (await deps.fromStream(orderId, position)) ?? { position, order: null };
    } catch (error) {
      if (error instanceof errors.UnreadableEvent) return orders.order(orderId, freshness);
      throw error;
    }
  }

  function next(list: string, page: OrderList): string | null {
    return page.next && cursors.encode(list, page.next);
  }
}

/** A cursor of a list as it was is none of the list as it is. */
function asOfScope(as_of: string | undefined): string {
  return as_of === undefined ? '' : ` as of ${as_of}`;
}

/** The request whose next page is as of the same place, also where it named a time. */
function sameScope<Query extends object>(
  { url, query: asked }: { readonly url: string; readonly query: Query },
  as_of: string | undefined,
): { readonly url: string; readonly query: Query & { readonly as_of: string | undefined } } {
  return { url, query: { ...asked, as_of } };
}
