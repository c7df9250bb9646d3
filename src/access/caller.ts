/** Who a request comes from. */
import type { Actor } from '../engine/index.js';

export const ROLES = ['customer', 'clerk', 'admin'] as const;
export type Role = (typeof ROLES)[number];

/** The actor that the events of the caller's commands name, and the scope of the caller's idempotency keys. */
export interface Caller extends Actor {
  /** `anonymous`: there is no access control, or the route needs no key. */
  readonly kind: Role | 'anonymous';
  /** A customer's user id; for other roles the id of the API key or the subject of the token; null for `anonymous`. */
  readonly id: string | null;
  /** Of the API key, for the log. Absent for a caller with a token. */
  readonly keyId?: string;
}

export const ANONYMOUS: Caller = { kind: 'anonymous', id: null };

const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/;

/** The user id in the form in which ids compare; null for what is none. */
export function userIdOf(text: string): string | null {
  const id = text.toLowerCase();
  return UUID.test(id) ? id : null;
}
