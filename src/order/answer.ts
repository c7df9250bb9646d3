// This is the wire format: what clients of the HTTP interface see of an order.
import { z } from 'zod';
import { currency, id, lineNumber, money, quantity, revision, time } from '../http/schemas.js';
import { ORDER_STATUSES } from '../values.js';

export const orderStatus = z.enum(ORDER_STATUSES).meta({ id: 'OrderStatus' });

const orderLine = z
  .strictObject({
    line: lineNumber,
    product_id: id,
    sku: z.string(),
    name: z.string(),
    quantity,
    unit_price: money,
    line_total: money,
  })
  .meta({ id: 'OrderLine' });

const actor = z
  .strictObject({ kind: z.string(), id: z.string().nullable() })
  .meta({ id: 'Actor', description: 'Who did it: the role of the caller, and the user of a customer.' });

const historyEntry = z
  .strictObject({
    status: orderStatus,
    at: time,
    by: actor.nullable(),
    reason: z.string().nullable().optional(),
    reference: z.string().nullable().optional(),
  })
  .meta({ id: 'HistoryEntry' });

export const orderAnswer = z
  .strictObject({
    order_id: z.uuid(),
    user_id: z.uuid(),
    number: z.string().nullable().meta({
      description: 'For people: `O-` and six digits or more. Null for orders from before there were numbers.',
    }),
    external_reference: z
      .string()
      .nullable()
      .meta({ description: 'What another system calls the order. Null if none was given, or the user is erased.' }),
    status: orderStatus,
    currency,
    total: money,
    items: z.array(orderLine),
    history: z.array(historyEntry),
    placed_at: time,
    allowed_actions: z.array(z.enum(['cancel', 'mark-paid']).meta({ id: 'OrderAction' })),
    revision,
  })
  .meta({ id: 'Order' });

export type OrderAnswer = z.infer<typeof orderAnswer>;

/** An order as it is kept, on either side. */
export interface KeptOrder {
  readonly order_id: string;
  readonly user_id: string;
  readonly number: number | null;
  readonly external_reference: string | null;
  readonly status: OrderAnswer['status'];
  readonly currency: string;
  readonly total: number;
  readonly items: readonly Omit<OrderAnswer['items'][number], 'line_total'>[];
  readonly history: readonly OrderAnswer['history'][number][];
  readonly placed_at: string;
}

export function answerOrder(order: KeptOrder, revision: number): OrderAnswer {
  const { order_id, user_id, number, external_reference, status, currency, total, items, history, placed_at } = order;
  return {
    order_id,
    user_id,
    number: number === null ? null : shownNumber(number),
    external_reference,
    status,
    currency,
    total,
    items: items.map(({ line, product_id, sku, name, quantity, unit_price }) => {
      return { line, product_id, sku, name, quantity, unit_price, line_total: quantity * unit_price };
    }),
    history: [...history],
    placed_at,
    // What `decide` in decider.ts would take and act on.
    allowed_actions: status === 'placed' ? ['cancel', 'mark-paid'] : [],
    revision,
  };
}

/** As people read and write it: `O-000123`. */
function shownNumber(number: number): string {
  return `O-${String(number).padStart(6, '0')}`;
}
