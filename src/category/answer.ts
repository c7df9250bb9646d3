// This is the wire format: what clients of the HTTP interface see of a category.
import { z } from 'zod';
import { id, revision } from '../http/schemas.js';
import { MAX_ID } from '../values.js';

export const totalProducts = z
  .int()
  .min(0)
  .max(MAX_ID)
  .meta({ description: 'Distinct products, not retired, in the category or below.' });

export const categoryAnswer = z
  .strictObject({
    cat_id: id,
    code: z.string().nullable(),
    name: z.string(),
    parent_cat_id: id.nullable(),
    total_products: totalProducts,
    revision,
  })
  .meta({ id: 'Category' });

export type CategoryAnswer = z.infer<typeof categoryAnswer>;
