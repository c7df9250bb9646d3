/** The limits of the shop's values, the statuses of an order, and the form of times, each once. HTTP and the import check them. */

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

/** JavaScript takes the hour 24, too. */
const RFC_3339 = /^\d{4}-\d\d-(\d\d)T(?:[01]\d|2[0-3]):\d\d:\d\d(?:\.\d+)?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/i;

/** An RFC 3339 time with its zone, as UTC with milliseconds; null for any other text. */
export function instantOf(text: string): string | null {
  const [, day] = RFC_3339.exec(text) ?? [];
  const time = new Date(text.toUpperCase());
  // A day that the month does not have would be one of the next month; years of other lengths are no times of the database.
  const isDay = day !== undefined && new Date(`${text.slice(0, 10)}T00:00:00Z`).getUTCDate() === Number(day);
  if (!isDay || Number.isNaN(time.getTime())) return null;
  return time.getUTCFullYear() >= 1 && time.getUTCFullYear() <= 9_999 ? time.toISOString() : null;
}
