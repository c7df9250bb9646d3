/** Which references the orders of a file have: no two lines share an order_ref, and no user has two orders under one external reference. */
import type { OrderOnLine } from './read-order.js';

/** In little memory: a file has orders by the million, and most are called the same in both systems. */
export class OrderNames {
  /** By order_ref, of every line that has one. */
  readonly #lineOf = new Map<string, number>();
  /** By line, the number of the user whose order has its order_ref as its external reference. */
  readonly #userOf: number[] = [];
  /** By number of the user and external reference, of the other orders. */
  readonly #otherwise = new Map<string, number>();
  readonly #users = new Map<string, number>();

  /** @returns the line on which the order_ref stands already */
  take(orderRef: string, line: number): number | undefined {
    const first = this.#lineOf.get(orderRef);
    if (first === undefined) this.#lineOf.set(orderRef, line);
    return first;
  }

  /** After {@link take}. @returns the line on which another order of the user has the external reference */
  takeExternal({ order_ref, user_ref, external_reference: external }: OrderOnLine, line: number): number | undefined {
    if (external === null) return undefined;
    const user = this.#numberOf(user_ref);
    const key = `${user} ${external}`;
    const other = this.#otherwise.get(key);
    if (other !== undefined) return other;
    if (external === order_ref) {
      this.#userOf[line] = user;
      return undefined;
    }
    this.#otherwise.set(key, line);
    const same = this.#lineOf.get(external);
    return same !== undefined && this.#userOf[same] === user ? same : undefined;
  }

  #numberOf(userRef: string): number {
    const number = this.#users.get(userRef) ?? this.#users.size;
    this.#users.set(userRef, number);
    return number;
  }
}
