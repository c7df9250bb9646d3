/** The limits of the shop's values, and the statuses of an order, each once. HTTP and the import check them; deciders rely on it. */

/** Largest id of a category or a product: both are columns of type integer. */
export const MAX_ID = 2 ** 31 - 1;
/** Lengths in characters (code points). This one is also that of a code, and of a reference in an import file. */
export const MAX_NAME = 200;
export const MAX_SKU = 64;
export const MAX_EMAIL = 254;
/** Of a reason, a payment reference. */
export const MAX_REMARK = 500;
/** Of what another system calls an order. */
export const MAX_EXTERNAL_REFERENCE = 100;
export const MAX_QUANTITY = 1_000_000;
/** Most that is on hand of a product. */
export const MAX_ON_HAND = 2 ** 31 - 1;
/** In which one product stands. */
export const MAX_CATEGORIES = 1_000;
/** Of one order. */
export const MAX_LINES = 2_000;

/** In the order in which people list them. */
export const ORDER_STATUSES = ['placed', 'paid', 'cancelled'] as const;
export type OrderStatus = (typeof ORDER_STATUSES)[number];
