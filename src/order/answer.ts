// This is the wire format: what clients of the HTTP interface see of an order.
import { z } from 'zod';

const time = z.iso.datetime();

export const orderStatus = z.enum(['placed', 'paid', 'cancelled']);

export const orderAnswer = z.strictObject({
  order_id: z.uuid(),
  user_id: z.uuid(),
  status: orderStatus,
  currency: z.string(),
  /** Minor units of the currency, as all amounts. */
  total: z.int(),
  items: z.array(
    z.strictObject({
      line: z.int(),
      product_id: z.int(),
      sku: z.string(),
      name: z.string(),
      quantity: z.int(),
      unit_price: z.int(),
      line_total: z.int(),
    }),
  ),
  history: z.array(
    z.strictObject({
      status: orderStatus,
      at: time,
      by: z.strictObject({ kind: z.string(), id: z.string().nullable() }).nullable(),
      reason: z.string().nullable().optional(),
      reference: z.string().nullable().optional(),
    }),
  ),
  placed_at: time,
  allowed_actions: z.array(z.enum(['cancel', 'mark-paid'])),
  revision: z.int(),
});

export type OrderAnswer = z.infer<typeof orderAnswer>;

/** An order as it is kept, on either side. */
export interface KeptOrder {
  readonly order_id: string;
  readonly user_id: string;
  readonly status: OrderAnswer['status'];
  readonly currency: string;
  readonly total: number;
  readonly items: readonly Omit<OrderAnswer['items'][number], 'line_total'>[];
  readonly history: readonly OrderAnswer['history'][number][];
  readonly placed_at: string;
}

export function answerOrder(order: KeptOrder, revision: number): OrderAnswer {
  const { order_id, user_id, status, currency, total, items, history, placed_at } = order;
  return {
    order_id,
    user_id,
    status,
    currency,
    total,
    items: items.map((item) => ({ ...item, line_total: item.quantity * item.unit_price })),
    history: [...history],
    placed_at,
    allowed_actions: status === 'placed' ? ['cancel', 'mark-paid'] : [],
    revision,
  };
}
