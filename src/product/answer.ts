// This is the wire format: what clients of the HTTP interface see of a product.
import { z } from 'zod';

export const productAnswer = z.strictObject({
  product_id: z.int(),
  sku: z.string(),
  name: z.string(),
  /** Minor units of the currency. */
  price: z.int(),
  currency: z.string(),
  cat_ids: z.array(z.int()),
  status: z.enum(['active', 'retired']),
  revision: z.int(),
});

export type ProductAnswer = z.infer<typeof productAnswer>;
