// This is the storage format. A change needs a new version, an upcaster and a recorded sample (see CONTRIBUTING).
import { z } from 'zod';
import { eventType, type FactOf, type Sealed, type Upcaster } from '../engine/index.js';

const time = z.iso.datetime();
const money = z.int().min(0);
const sealed = z.string().startsWith('1.') as unknown as z.ZodType<Sealed>;

const line = z.strictObject({
  /** From 1, as the caller gave them. */
  line: z.int().min(1),
  product_id: z.int().min(1),
  sku: z.string(),
  name: z.string(),
  quantity: z.int().min(1),
  /** Minor units of the order's currency, as it was when the order was placed. */
  unit_price: money,
});

/** What an order holds of one product in stock. */
const reservation = z.strictObject({ product_id: z.int().min(1), quantity: z.int().min(1) });

/** Of OrderPlaced. OrderPaid and OrderCancelled repeat it: it is issued or released. */
const reserved = z.array(reservation);

/** Before version 2 orders held no stock. */
const withoutStock: Upcaster = (data) => ({ ...data, reserved: [] });

/** What an order of version 1 has of version 2: no number, no reference of another system, nothing reserved. */
const UNNAMED = { number: null, external_reference: null, external_reference_hash: null, reserved: [] };

export const orderEvents = {
  /**
   * Someone took over stock that this order had reserved and had not come to need: it can't be placed any more. A stream that
   * holds nothing else is an unknown order.
   */
  OrderAbandoned: eventType('OrderAbandoned', z.strictObject({ order_id: z.uuid(), abandoned_at: time })),
  OrderPlaced: eventType(
    'OrderPlaced',
    z.strictObject({
      order_id: z.uuid(),
      user_id: z.uuid(),
      /** The order's number for people; null before version 2. */
      number: z.int().min(1).nullable(),
      /** What another system calls the order. */
      external_reference: sealed.nullable(),
      /** Keyed hash of the reference: finds the order without the user's key. */
      external_reference_hash: z.string().nullable(),
      currency: z.string(),
      items: z.array(line).min(1),
      total: money,
      /** In ascending product_id, one entry a product; empty if nothing is reserved. */
      reserved,
      placed_at: time,
    }),
    { owner: 'user_id', personal: ['external_reference'], upcasters: [(data) => ({ ...data, ...UNNAMED })] },
  ),
  OrderPaid: eventType(
    'OrderPaid',
    z.strictObject({ order_id: z.uuid(), user_id: z.uuid(), reference: sealed.nullable(), reserved, paid_at: time }),
    { owner: 'user_id', personal: ['reference'], upcasters: [withoutStock] },
  ),
  OrderCancelled: eventType(
    'OrderCancelled',
    z.strictObject({ order_id: z.uuid(), user_id: z.uuid(), reason: sealed.nullable(), reserved, cancelled_at: time }),
    { owner: 'user_id', personal: ['reason'], upcasters: [withoutStock] },
  ),
};

export type OrderFact = FactOf<typeof orderEvents>;
