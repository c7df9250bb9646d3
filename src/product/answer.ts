// This is the wire format: what clients of the HTTP interface see of a product.
import { z } from 'zod';
import { currency, id, money, revision } from '../http/schemas.js';

export const productStatus = z.enum(['active', 'retired']).meta({ id: 'ProductStatus' });

export const productAnswer = z
  .strictObject({
    product_id: id,
    sku: z.string(),
    name: z.string(),
    price: money,
    currency,
    cat_ids: z.array(id),
    status: productStatus,
    revision,
  })
  .meta({ id: 'Product' });

export type ProductAnswer = z.infer<typeof productAnswer>;
