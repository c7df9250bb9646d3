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
  /** By order_id, and of an import also by the id of the command, which follows from its order_ref. */
  readonly orders: ReadonlyMap<string, StoredOrder>;
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
  /** An import has added it to retire it in the end, and was interrupted. */
  readonly toBeRetired: boolean;
}

/** In the clear; null once erased. */
export type StoredUser = {
  readonly name: string;
  readonly email: string;
  readonly has_id_proof: boolean;
  readonly registered_at: string;
} | null;

export const nothingStored: StoredState = {
  categories: new Map(),
  products: new Map(),
  stock: new Map(),
  users: new Map(),
  orders: new Map(),
};

/** What is kept of an order to compare it with its row, in little memory: a digest, and the marks of single texts. */
export type StoredOrder = string;

/** What an order's row says, in the order's own terms. */
export type ComparedOrder = Pick<
  OrderRow,
  'user_id' | 'currency' | 'placed_at' | 'paid_at' | 'cancelled_at' | 'reference' | 'reason'
> & {
  /** Undefined: it was not recorded. */
  readonly external_reference: string | null | undefined;
  readonly items: readonly (Pick<OrderRow['items'][number], 'product_id' | 'sku' | 'quantity' | 'unit_price'> & {
    /** Null: the row does not say it. */
    readonly name: string | null;
  })[];
};

/**
 * Of a stored order it is made of OrderPlaced and of what the import recorded with it: payments and cancellations that came later by
 * other ways are left out (null).
 */
export function storedOrder(order: ComparedOrder): StoredOrder {
  const personal = [order.external_reference, order.reference, order.reason].map(markOf);
  return [digestOf(order), ...personal, order.items.map(({ name }) => markOf(name)).join('')].join(' ');
}

/**
 * The fields of a row, with their values, that differ from what is stored; `order_ref` stands for the order as a whole.
 * @param isReadable false when the user is erased: then nothing tells any more what was personal
 */
export function differences(
  stored: StoredOrder,
  row: ComparedOrder & Pick<OrderRow, 'order_ref'>,
  isReadable: boolean,
): (readonly [field: string, value: string])[] {
  const [digest, external, reference, reason, names = ''] = stored.split(' ');
  if (digest !== digestOf(row)) return [['order_ref', row.order_ref]];
  const personal = [
    ['external_reference', row.external_reference, external],
    ['reference', row.reference, reference],
    ['reason', row.reason, reason],
  ] as const;
  const named = row.items.flatMap(({ name }, i) =>
    name === null ? [] : [[`items[${i}].name`, name, names.slice(i * MARK, (i + 1) * MARK)] as const],
  );
  return [...(isReadable ? personal : []), ...named]
    .filter(([, text, mark]) => mark !== NOT_RECORDED && mark !== markOf(text))
    .map(([field, text]) => [field, text ?? '']);
}

function digestOf({ user_id, currency, placed_at, paid_at, cancelled_at, items }: ComparedOrder): string {
  const lines = items.map(({ product_id, sku, quantity, unit_price }) => [product_id, sku, quantity, unit_price]);
  return createHash('sha256')
    .update(JSON.stringify([user_id, currency, placed_at, paid_at, cancelled_at, lines]))
    .digest('base64url');
}

/** Characters of a mark. */
const MARK = 4;
const NONE = '----';
const NOT_RECORDED = '????';

function markOf(text: string | null | undefined): string {
  if (text === null) return NONE;
  return text === undefined ? NOT_RECORDED : createHash('sha256').update(text).digest('base64url').slice(0, MARK);
}
