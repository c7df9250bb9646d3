import { createHash } from 'node:crypto';
import type { OrderRow } from './rows.js';

/** What the log holds already, as far as an import touches it. */
export interface StoredState {
  /** By cat_id. What was removed stays known: an id is never used twice. */
  readonly categories: ReadonlyMap<number, StoredCategory>;
  /** By product_id. */
  readonly products: ReadonlyMap<number, StoredProduct>;
  /** By product_id, what was counted when the stock was imported, or else when tracking began. */
  readonly stock: ReadonlyMap<number, number>;
  /** By user_id. */
  readonly users: ReadonlyMap<string, StoredUser>;
  /**
   * What {@link orderDigest} gives for an order as it was recorded: by order_id, and of an import also by the name for its reference, as
   * far as the reference can be read. Before version 2 of OrderPlaced that name was the order_id.
   */
  readonly orders: ReadonlyMap<string, string>;
}

export interface StoredCategory {
  readonly code: string | null;
  readonly name: string;
  readonly parent_cat_id: number | null;
  readonly removed: boolean;
}

export interface StoredProduct {
  readonly sku: string;
  readonly name: string;
  readonly price: number;
  readonly currency: string;
  readonly cat_ids: readonly number[];
  readonly retired: boolean;
}

/** In the clear; null once erased. */
export type StoredUser = { readonly name: string; readonly email: string; readonly has_id_proof: boolean } | null;

export const nothingStored: StoredState = {
  categories: new Map(),
  products: new Map(),
  stock: new Map(),
  users: new Map(),
  orders: new Map(),
};

/** What an order's row says, in the order's own terms. */
export type DigestedOrder = Pick<OrderRow, 'user_id' | 'currency' | 'placed_at' | 'paid_at' | 'cancelled_at'> & {
  readonly items: readonly Pick<OrderRow['items'][number], 'product_id' | 'sku' | 'quantity' | 'unit_price'>[];
};

/**
 * Tells whether an order's row is the one that was imported. For a stored order it is made of OrderPlaced and of what the
 * import recorded with it: payments and cancellations that came later by other ways are left out (null).
 */
export function orderDigest(order: DigestedOrder): string {
  const { user_id, currency, placed_at, paid_at, cancelled_at, items } = order;
  const lines = items.map(({ product_id, sku, quantity, unit_price }) => [product_id, sku, quantity, unit_price]);
  return createHash('sha256')
    .update(JSON.stringify([user_id, currency, placed_at, paid_at, cancelled_at, lines]))
    .digest('base64url');
}
