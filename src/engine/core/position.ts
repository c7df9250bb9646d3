declare const positionBrand: unique symbol;

/**
 * An event's number in the log. Opaque outside the adapter but for three things: two positions of one log compare as strings
 * (`<`), `START` is before every event, and the string can be stored as it is (text, collation C).
 */
export type Position = string & { readonly [positionBrand]: true };

/** The position before the first event. */
export const START = '' as Position;
