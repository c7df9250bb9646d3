import { z } from 'zod';
import { errors, type Freshness, type Position, Refusal, START } from '../../src/engine/index.js';
import { queryHead, type ReplyHead } from '../../src/http/answers.js';
import type { App } from '../../src/http/app-type.js';
import { asOf, type AsOf } from '../../src/http/as-of.js';
import { type Cursors, listAnswer } from '../../src/http/list.js';
import { type AddedAt, orEmpty } from '../../src/http/new-category.js';
import type { PositionTokens } from '../../src/http/position-token.js';
import { type FrozenModel, LIST_TYPES, type Range, type Sheet, type WholeLists } from '../../src/http/whole-list.js';
import { dataOf, listOf, uuid } from '../../src/http/schemas.js';
import { orderAnswer, type OrderAnswer } from '../../src/order/answer.js';
import { filtersOf, orderQuery, type OrderQuery } from './list-query.js';
import type { OrderFilters, OrderKey, OrderSort } from './list-statement.js';
import type { OrderList, UserOrders } from './read-model.js';

export interface OrderQueryDeps {
  readonly orders: UserOrders;
  readonly whole: WholeLists;
  readonly freeze: () => Promise<FrozenModel<UserOrders>>;
  readonly tokens: PositionTokens;
  readonly cursors: Cursors;
  readonly past: AsOf;
  /** Keyed hash of what another system calls an order. */
  readonly referenceHash: (reference: string) => string;
  /** From the stream: what the read model does not know yet, or with a position an order as it was there. */
  readonly fromStream: (orderId: string, at?: Position) => Promise<{ position: Position; order: OrderAnswer } | null>;
  readonly addedAt: AddedAt;
  /** By their streams, now or at a position. */
  readonly userExists: (userId: string, at?: Position) => Promise<boolean>;
  readonly productExists: (productId: number, at?: Position) => Promise<boolean>;
}

interface FoundOrder {
  readonly position: Position;
  readonly order: OrderAnswer | null;
  readonly degraded?: number;
}

const tags = ['orders'];
const key = z.array(z.string());
/** What the filters of a list may name. */
const NOT_FOUND = ['user-not-found', 'product-not-found', 'category-not-found'] as const;

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
      config: { kind: 'query', produces: LIST_TYPES, problems: NOT_FOUND },
      schema: {
        operationId: 'listOrders',
        summary: 'Orders, newest first, or as filters and sort say',
        tags,
        querystring: orderQuery,
        response: { 200: listOf(orderAnswer) },
      },
    },
    async (request, reply) => {
      const asked = await askedFor(request);
      if (!deps.whole.isAskedFor(request)) return listed(asked, reply);
      const { freshness } = asked;
      return deps.whole.send(request, reply, {
        ...{ name: 'orders', sheet, live: orders, freeze: deps.freeze, freshness },
        page: async (model, range: Range<OrderKey>, fresh) => {
          const { orders: items, ...page } = await pageOf(model, asked, range, fresh);
          return { ...page, items };
        },
      });
    },
  );

  app.get(
    '/v1/users/:user_id/orders',
    {
      config: { kind: 'query', problems: NOT_FOUND },
      schema: {
        operationId: 'listUserOrders',
        summary: "A user's orders with items and history, newest first, or as filters and sort say",
        tags,
        params: z.strictObject({ user_id: uuid }),
        querystring: orderQuery,
        response: { 200: listOf(orderAnswer) },
      },
    },
    async (request, reply) => listed(await askedFor(request, request.params.user_id), reply),
  );

  /** @param ofUser whose orders alone are listed */
  async function askedFor(request: ListRequest, ofUser: string | null = null): Promise<AskedList> {
    const { freshness, as_of } = await past.asked(request);
    const since = request.query.updated_since;
    const changed = since === undefined ? undefined : await past.since(since, freshness);
    // With positions instead of times: a page further on is of the same ones, and so is its cursor.
    const query = { ...request.query, as_of, updated_since: changed?.token };
    const { limit: _, cursor: __, sort, ...others } = query;
    const filters = filtersOf(query, deps.referenceHash, changed?.position);
    return {
      ...{ url: request.url, query, sort, freshness },
      filters: ofUser === null ? filters : onlyOf(ofUser, filters),
      scope: `orders ${JSON.stringify([ofUser, sort, Object.entries(others).sort()])}`,
    };
  }

  async function listed(asked: AskedList, reply: ReplyHead): Promise<{ data: OrderAnswer[]; next: string | null }> {
    const { url, query, freshness, scope } = asked;
    const after = cursors.decode(scope, key, query.cursor);
    const page = await pageOf(orders, asked, { after, limit: query.limit }, freshness);
    queryHead(reply, tokens, page);
    const next = page.next && cursors.encode(scope, page.next);
    return listAnswer({ url, query }, reply, page.orders, next);
  }

  /** @throws Refusal user-not-found, product-not-found, category-not-found, read-model-behind */
  async function pageOf(
    model: UserOrders,
    { filters, sort, freshness }: AskedList,
    range: Range<OrderKey>,
    fresh?: Freshness,
  ): Promise<OrderList> {
    const page = await orEmpty<OrderList>(
      deps.addedAt,
      { catId: filters.catId, freshness },
      () => model.list({ ...filters, sort, ...range }, fresh),
      (position) => ({ position, degraded: 0, orders: [], next: null }),
    );
    // Only what is there has orders.
    if (page.orders.length === 0) await requireNamed(filters, freshness.at);
    return page;
  }

  async function requireNamed({ userId, productId }: OrderFilters, at: Position | undefined): Promise<void> {
    if (userId !== undefined && !(await deps.userExists(userId, at))) {
      throw new Refusal('user-not-found', 'There is no such user.');
    }
    if (productId !== undefined && !(await deps.productExists(productId, at))) {
      throw new Refusal('product-not-found', 'There is no such product.');
    }
  }

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
}

interface ListRequest {
  readonly url: string;
  readonly headers: Parameters<AsOf['asked']>[0]['headers'];
  readonly query: OrderQuery;
}

/** A list as it is asked for. */
interface AskedList {
  readonly url: string;
  readonly query: OrderQuery;
  readonly filters: OrderFilters;
  readonly sort: OrderSort;
  readonly freshness: Freshness;
  /** Of its cursors. */
  readonly scope: string;
}

/** Of somebody else's orders, which the query may name, this user has none: no number is 0. */
function onlyOf(userId: string, filters: OrderFilters): OrderFilters {
  const isOther = filters.userId !== undefined && filters.userId !== userId;
  return { ...filters, userId, ...(isOther && { number: 0 }) };
}
