// This is the wire format: what clients of the HTTP interface see of a product.
import { z } from 'zod';
import { currency, id, money, revision } from '../http/schemas.js';
import { MAX_ON_HAND } from '../values.js';

export const productStatus = z.enum(['active', 'retired']).meta({ id: 'ProductStatus' });

const available = z.int().min(-MAX_ON_HAND).max(MAX_ON_HAND).nullable().meta({
  description:
    'How many an order can have, below 0 if more were promised than are there; null if the stock is not tracked.',
});

export const productAnswer = z
  .strictObject({
    product_id: id,
    sku: z.string(),
    name: z.string(),
    price: money,
    currency,
    cat_ids: z.array(id),
    status: productStatus,
    available,
    revision,
  })
  .meta({ id: 'Product' });

export type ProductAnswer = z.infer<typeof productAnswer>;
