import { claimKind } from '../engine/index.js';

/** A SKU belongs to one product. */
export const skuClaims = claimKind({
  category: 'productSku',
  claimed: 'SkuClaimed',
  released: 'SkuReleased',
  taken: 'sku-taken',
  takenMessage: 'The SKU belongs to another product, or is being given to one right now.',
});
