/** What the query of a list of orders may say. */
import { z } from 'zod';
import { asOf, since } from '../../src/http/as-of.js';
import {
  currency,
  idText,
  listQuery,
  queryInteger,
  queryTime,
  requireRange,
  uuid,
  wantedReference,
} from '../../src/http/schemas.js';
import { orderStatus } from '../../src/order/answer.js';
import { ORDER_SORTS, type OrderFilters } from './list-statement.js';

const STATUSES = orderStatus.options;

const statuses = z
  .string()
  .refine(
    (text) => text.split(',').every((status) => STATUSES.some((known) => known === status)),
    `is not a list of ${STATUSES.join(', ')}, such as placed,paid`,
  )
  .transform((text) => STATUSES.filter((status) => text.split(',').includes(status)))
  .meta({
    description:
      'Orders of these statuses, such as `placed,paid`. Has an index with `sort=placed_at` and `-placed_at`; by other sorts it scans.',
  });

const number = z
  .string()
  .regex(/^(?:O-)?\d{1,15}$/i, 'is not the number of an order, such as O-000123')
  .transform((text) => Number(text.replace(/^O-/i, '')))
  .meta({ description: 'The order of this number, such as `O-000123`. Has an index.' });

/** Of an index that is in the order of `placed_at`: by other sorts all that the filter picks is sorted. */
const INDEXED = 'Has an index; by other sorts than `placed_at` and `-placed_at`, all that it picks is sorted';

export const orderQuery = listQuery
  .extend({
    status: statuses.optional(),
    user_id: uuid.optional().meta({ description: `Orders of this user. ${INDEXED}.` }),
    product_id: idText.optional().meta({ description: `Orders with a line of this product. ${INDEXED}.` }),
    cat_id: idText.optional().meta({
      description:
        'Orders with a line whose product stands in this category or below it, by the categories of the moment that the answer is ' +
        `true for. ${INDEXED}. Takes longer the more products stand there.`,
    }),
    number: number.optional(),
    external_reference: wantedReference.optional().meta({
      description: 'Orders that another system calls so, exactly. Has an index.',
    }),
    placed_from: queryTime.optional().meta({
      description:
        'Orders placed then or later. Part of the index of `sort=placed_at` and `-placed_at`; by other sorts it scans.',
    }),
    placed_to: queryTime.optional().meta({ description: 'Orders placed then or earlier, otherwise as `placed_from`.' }),
    updated_since: since.meta({
      description:
        'Orders that were placed or changed since, by recorded time (RFC 3339), or after a `Log-Position`. With `sort=updated_at` this is ' +
        'the way to synchronize: read to the last page, and begin the next time with the `Log-Position` of that page. Part of the index of ' +
        '`sort=updated_at` and `-updated_at`; by other sorts it scans.',
    }),
    total_min: queryInteger(0, Number.MAX_SAFE_INTEGER).optional().meta({
      description:
        'Orders of this total or more, in minor units. Part of the index of `sort=total` and `-total`; by other sorts it scans.',
    }),
    total_max: queryInteger(0, Number.MAX_SAFE_INTEGER).optional().meta({
      description: 'Orders of this total or less, otherwise as `total_min`.',
    }),
    currency: currency.optional().meta({ description: 'Orders in this currency. Scans.' }),
    sort: z
      .enum(ORDER_SORTS)
      .default('-placed_at')
      .meta({
        description:
          'By when orders were placed, by total, or by when they were placed or changed last; `-` is latest or largest first. Equal ones stand ' +
          'in the order of the log.',
      }),
    as_of: asOf,
  })
  .superRefine((query, context) => {
    requireRange(query, context, ['placed_from', 'placed_to'], 'before');
    requireRange(query, context, ['total_min', 'total_max'], 'below');
  });

export type OrderQuery = z.output<typeof orderQuery>;

/** The filters of a query. @param changedAfter what its `updated_since` names */
export function filtersOf(
  query: OrderQuery,
  referenceHash: (reference: string) => string,
  changedAfter: OrderFilters['changedAfter'],
): OrderFilters {
  const { status, user_id, product_id, cat_id, external_reference, placed_from, placed_to, total_min, total_max } =
    query;
  return {
    ...{ status, userId: user_id, productId: product_id, catId: cat_id, number: query.number },
    referenceHash: external_reference === undefined ? undefined : referenceHash(external_reference),
    ...{ placedFrom: placed_from, placedTo: placed_to, totalMin: total_min, totalMax: total_max },
    ...{ currency: query.currency, changedAfter },
  };
}
