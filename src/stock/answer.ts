// This is the wire format: what clients of the HTTP interface see of a product's stock.
import { z } from 'zod';
import { id, revision } from '../http/schemas.js';

/** Below 0 where goods left that nobody had counted. */
const amount = z.int().min(Number.MIN_SAFE_INTEGER).max(Number.MAX_SAFE_INTEGER);

export const stockAnswer = z
  .strictObject({
    product_id: id,
    on_hand: amount.meta({ description: 'Below 0 if paid orders took more than was counted.' }),
    reserved: z
      .int()
      .min(0)
      .max(Number.MAX_SAFE_INTEGER)
      .meta({ description: 'Promised to orders that are neither paid nor cancelled.' }),
    available: amount.meta({ description: '`on_hand − reserved`. Below 0 if a count found less than was promised.' }),
    /** Of the stock's stream, not of the product. */
    revision,
  })
  .meta({ id: 'Stock' });

export type StockAnswer = z.infer<typeof stockAnswer>;

export function answerStock(
  productId: number,
  { on_hand, reserved }: Pick<StockAnswer, 'on_hand' | 'reserved'>,
  revision: number,
): StockAnswer {
  return { product_id: productId, on_hand, reserved, available: on_hand - reserved, revision };
}
