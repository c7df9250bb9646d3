// This is the storage format. A change needs a new version, an upcaster and a recorded sample (see CONTRIBUTING).
import { z } from 'zod';
import { eventType, type FactOf } from '../engine/index.js';

const time = z.iso.datetime();
const productId = z.int().min(1);
const price = z.int().min(0);
const catIds = z.array(z.int().min(1)).min(1);

export const productEvents = {
  /** Someone took over a claim that this product had not confirmed; the revision that the claim named is spent. */
  ClaimAbandoned: eventType(
    'ClaimAbandoned',
    z.strictObject({ claim_stream: z.string(), claim_revision: z.int().min(0) }),
  ),
  ProductAdded: eventType(
    'ProductAdded',
    z.strictObject({
      product_id: productId,
      sku: z.string(),
      name: z.string(),
      /** Minor units of the currency. */
      price,
      currency: z.string(),
      cat_ids: catIds,
      added_at: time,
    }),
  ),
  ProductRenamed: eventType(
    'ProductRenamed',
    z.strictObject({ product_id: productId, name: z.string(), renamed_at: time }),
  ),
  ProductPriced: eventType('ProductPriced', z.strictObject({ product_id: productId, price, priced_at: time })),
  ProductCategorised: eventType(
    'ProductCategorised',
    z.strictObject({ product_id: productId, cat_ids: catIds, categorised_at: time }),
  ),
  ProductRetired: eventType('ProductRetired', z.strictObject({ product_id: productId, retired_at: time })),
  ProductReinstated: eventType('ProductReinstated', z.strictObject({ product_id: productId, reinstated_at: time })),
};

export type ProductFact = FactOf<typeof productEvents>;
