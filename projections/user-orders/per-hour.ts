/** How many orders were placed in each hour, for a curve. */
import { z } from 'zod';
import type { Freshness, ReadModel, Standing } from '../../src/engine/index.js';
import { queryHead } from '../../src/http/answers.js';
import type { App } from '../../src/http/app-type.js';
import { freshnessOf } from '../../src/http/freshness.js';
import type { PositionTokens } from '../../src/http/position-token.js';
import { invalid } from '../../src/http/problem.js';
import { count, dataOf, queryTime, time } from '../../src/http/schemas.js';
import type { OrderStatus } from '../../src/values.js';

const HOUR_MS = 3_600_000;
const DEFAULT_HOURS = 24;
/** A month. What is read grows with the orders of the span, and with nothing else. */
const MOST_HOURS = 744;

const PER_HOUR = `
  select date_bin('1 hour', o.placed_at, '2000-01-01T00:00Z') as hour, o.status, count(*) as orders
  from {schema}.orders o where o.placed_at >= to_timestamp($1::bigint) and o.placed_at < to_timestamp($2::bigint)
  group by hour, o.status`;

interface HourRow {
  readonly hour: string;
  readonly status: OrderStatus;
  readonly orders: number;
}

type OrdersOfHour = Readonly<Record<OrderStatus, number>> & { readonly hour: string };

/**
 * Orders by the hour in which they were placed and by the status they have now; hours without orders too.
 * @param from @param to whole hours, as milliseconds since 1970
 * @throws Refusal read-model-behind
 */
async function ordersPerHour(
  model: ReadModel,
  from: number,
  to: number,
  freshness?: Freshness,
): Promise<Standing & { hours: OrdersOfHour[] }> {
  // As seconds: an hour that ends in the year 10000 has no text that Postgres reads.
  const values = [from, to].map((at) => at / 1_000);
  const { rows, ...standing } = await model.query<HourRow>('user-orders-per-hour', PER_HOUR, values, freshness);
  const found = new Map(rows.map(({ hour, status, orders }) => [`${Date.parse(hour)} ${status}`, orders]));
  const hours = Array.from({ length: (to - from) / HOUR_MS }, (_, index) => {
    const at = from + index * HOUR_MS;
    const of = (status: OrderStatus): number => found.get(`${at} ${status}`) ?? 0;
    return { hour: new Date(at).toISOString(), placed: of('placed'), paid: of('paid'), cancelled: of('cancelled') };
  });
  return { ...standing, hours };
}

const ordersOfHour = z
  .strictObject({ hour: time.meta({ description: 'Its beginning.' }), placed: count, paid: count, cancelled: count })
  .meta({ id: 'OrdersOfHour' });

const span = z.strictObject({
  from: queryTime
    .optional()
    .meta({ description: 'The first hour is the one that holds it. Default: 23 hours before `to`.' }),
  to: queryTime.optional().meta({ description: 'The last hour is the one that holds it. Default: now.' }),
});

export function perHourQuery(app: App, { model, tokens }: { model: ReadModel; tokens: PositionTokens }): void {
  app.get(
    '/v1/order-counts/hours',
    {
      config: { kind: 'query' },
      schema: {
        operationId: 'listOrderCountsByHour',
        summary: 'Orders by the hour in which they were placed, oldest hour first',
        description: 'Each order counts under the status that it has now. At most 744 hours.',
        tags: ['orders'],
        querystring: span,
        response: { 200: dataOf(z.array(ordersOfHour)) },
      },
    },
    async (request, reply) => {
      const { from, to } = request.query;
      const end = hourOf(to ?? new Date().toISOString()) + HOUR_MS;
      const start = from === undefined ? end - DEFAULT_HOURS * HOUR_MS : hourOf(from);
      if (start >= end) throw invalid('query.from', 'is after to');
      if (end - start > MOST_HOURS * HOUR_MS) throw invalid('query.from', `is more than ${MOST_HOURS} hours before to`);
      const answer = await ordersPerHour(model, start, end, freshnessOf(request.headers, tokens));
      queryHead(reply, tokens, answer);
      return { data: answer.hours };
    },
  );
}

const hourOf = (iso: string): number => Math.floor(Date.parse(iso) / HOUR_MS) * HOUR_MS;
