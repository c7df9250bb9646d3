// This is the wire format: what clients of the HTTP interface see of a category.
import { z } from 'zod';

export const categoryAnswer = z.strictObject({
  cat_id: z.int(),
  code: z.string().nullable(),
  name: z.string(),
  parent_cat_id: z.int().nullable(),
  /** Distinct products, not retired, in the category or below. */
  total_products: z.int(),
  revision: z.int(),
});

export type CategoryAnswer = z.infer<typeof categoryAnswer>;
