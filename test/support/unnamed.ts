/** What OrderPlaced holds of an order that has no number, no reference of another system, and nothing reserved. */
export const unnamed = { number: null, external_reference: null, external_reference_hash: null, reserved: [] };
