// This is the storage format. A change needs a new version, an upcaster and a recorded sample (see CONTRIBUTING).
import { z } from 'zod';
import { eventType, type FactOf } from '../engine/index.js';
import { MAX_ON_HAND, MAX_QUANTITY } from '../values.js';

const onHand = z.int().min(0).max(MAX_ON_HAND);
const quantity = z.int().min(1).max(MAX_QUANTITY);
/** All lines of one order for the product, added up: an order may name it on many lines. */
const ordered = z.int().min(1).max(MAX_ON_HAND);
const change = z
  .int()
  .min(-MAX_QUANTITY)
  .max(MAX_QUANTITY)
  .refine((value) => value !== 0, 'is 0');
const orderId = z.uuid();

/** Of `stock-<product_id>`. Nothing in them is personal: reasons and references are about goods. */
export const stockEvents = {
  /** Starts tracking, or corrects `on_hand` to what was counted. */
  StockCounted: eventType('StockCounted', z.strictObject({ on_hand: onHand, reason: z.string().nullable() })),
  StockReceived: eventType('StockReceived', z.strictObject({ quantity, reference: z.string().nullable() })),
  /** Breakage, theft, found. */
  StockAdjusted: eventType('StockAdjusted', z.strictObject({ quantity: change, reason: z.string() })),
  StockReserved: eventType('StockReserved', z.strictObject({ order_id: orderId, quantity: ordered })),
  StockReleased: eventType(
    'StockReleased',
    z.strictObject({ order_id: orderId, quantity: ordered, cause: z.enum(['cancelled', 'abandoned', 'refused']) }),
  ),
  /** The order is paid. */
  StockIssued: eventType('StockIssued', z.strictObject({ order_id: orderId, quantity: ordered })),
  StockTrackingEnded: eventType('StockTrackingEnded', z.strictObject({ reason: z.string().nullable() })),
};

export type StockFact = FactOf<typeof stockEvents>;
