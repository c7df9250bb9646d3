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
}

export const ANONYMOUS: Caller = { kind: 'anonymous', id: null };
