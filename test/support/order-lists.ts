/** Lists of orders by brute force: random orders as the log has them, and what each filter and sort must give. */
import fc from 'fast-check';
import { ORDER_SORTS, type OrderFilters, type OrderSort } from '../../projections/user-orders/list-statement.js';
import { orderEvents } from '../../src/order/events.js';
import { Shop } from './shop.js';

export interface ListedOrder {
  readonly order_id: string;
  readonly user_id: string;
  readonly number: number | null;
  readonly reference_hash: string | null;
  readonly currency: string;
  readonly total: number;
  readonly placed_at: string;
  readonly product_ids: readonly number[];
  /** Position of the event that placed it, and of its last event. */
  readonly position: string;
  status: 'placed' | 'paid' | 'cancelled';
  changed: string;
}

/** By category, the products in it or below it. */
type InCategory = (catId: number) => ReadonlySet<number>;

export function bruteForceList(
  orders: readonly ListedOrder[],
  filters: OrderFilters,
  sort: OrderSort,
  inCategory: InCategory,
): ListedOrder[] {
  const holds = (wanted: unknown, is: () => boolean): boolean => wanted === undefined || is();
  const found = orders.filter(
    (one) =>
      holds(filters.status, () => (filters.status ?? []).includes(one.status)) &&
      holds(filters.userId, () => one.user_id === filters.userId) &&
      holds(filters.number, () => one.number === filters.number) &&
      holds(filters.referenceHash, () => one.reference_hash === filters.referenceHash) &&
      holds(filters.productId, () => one.product_ids.includes(filters.productId ?? 0)) &&
      holds(filters.catId, () => one.product_ids.some((id) => inCategory(filters.catId ?? 0).has(id))) &&
      holds(filters.placedFrom, () => one.placed_at >= (filters.placedFrom ?? '')) &&
      holds(filters.placedTo, () => one.placed_at <= (filters.placedTo ?? '')) &&
      holds(filters.changedAfter, () => one.changed > (filters.changedAfter ?? '')) &&
      holds(filters.totalMin, () => one.total >= (filters.totalMin ?? 0)) &&
      holds(filters.totalMax, () => one.total <= (filters.totalMax ?? 0)) &&
      holds(filters.currency, () => one.currency === filters.currency),
  );
  const name = sort.replace('-', '');
  const by = (one: ListedOrder): string => {
    if (name === 'total') return `${String(one.total).padStart(20, '0')} ${one.position}`;
    return name === 'updated_at' ? one.changed : `${one.placed_at} ${one.position}`;
  };
  found.sort((a, b) => (by(a) < by(b) ? -1 : 1));
  return sort.startsWith('-') ? found.reverse() : found;
}

const USERS = [1, 2, 3].map((n) => `00000000-0000-7000-8000-00000000100${n}`);
const CURRENCIES = ['EUR', 'USD'];
const day = (n: number): string => `2026-01-0${n}T00:00:00.000Z`;

const step = fc.record({
  kind: fc.constantFrom('place', 'place', 'place', 'pay', 'cancel'),
  user: fc.constantFrom(...USERS),
  day: fc.integer({ min: 1, max: 4 }),
  currency: fc.constantFrom(...CURRENCIES),
  products: fc.uniqueArray(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 3 }),
  total: fc.integer({ min: 0, max: 5 }),
  reference: fc.option(fc.constantFrom('a', 'b')),
  choice: fc.nat(1000),
});

type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

/** Categories 1 ⊃ 2 ⊃ 3 and 4; products 1 to 4. */
export class OrderShop extends Shop {
  readonly orders: ListedOrder[] = [];

  constructor() {
    super();
    this.addCategory(1);
    this.addCategory(2, 1);
    this.addCategory(3, 2);
    this.addCategory(4);
    this.addProduct(1, 2);
    this.addProduct(2, 3, 4);
    this.addProduct(3, 3);
    this.addProduct(4, 1);
  }

  readonly inCategory: InCategory = (catId) =>
    new Set({ 1: [1, 2, 3, 4], 2: [1, 2, 3], 3: [2, 3], 4: [2] }[catId] ?? []);

  act({ kind, user, day: n, currency, products, total, reference, choice }: Step): void {
    const open = this.orders.filter(({ status }) => status === 'placed');
    const one = open[choice % Math.max(open.length, 1)];
    if (kind === 'place') this.#place(user, day(n), currency, products, total, reference);
    else if (one) this.#end(one, kind);
  }

  #place(
    user_id: string,
    placed_at: string,
    currency: string,
    product_ids: readonly number[],
    total: number,
    reference_hash: string | null,
  ): void {
    const number = this.orders.length % 5 === 4 ? null : this.orders.length + 1;
    const order_id = `00000000-0000-7000-8000-${String(this.orders.length + 1).padStart(12, '0')}`;
    const items = product_ids.map((product_id, i) => {
      return { line: i + 1, product_id, sku: 'S', name: 'P', quantity: 1, unit_price: i === 0 ? total : 0 };
    });
    const names = { number, external_reference: null, external_reference_hash: reference_hash };
    const data = { order_id, user_id, ...names, currency, items, total, reserved: [], placed_at };
    this.log.add(`order-${order_id}`, orderEvents.OrderPlaced, data);
    const position = String(this.log.events.at(-1)?.position);
    const fixed = { order_id, user_id, number, reference_hash, currency, total, placed_at, product_ids, position };
    this.orders.push({ ...fixed, status: 'placed', changed: position });
  }

  #end(order: ListedOrder, kind: 'pay' | 'cancel'): void {
    const { order_id, user_id } = order;
    const ids = { order_id, user_id };
    if (kind === 'pay') {
      this.log.add(`order-${order_id}`, orderEvents.OrderPaid, {
        ...ids,
        reference: null,
        reserved: [],
        paid_at: day(5),
      });
    } else {
      this.log.add(`order-${order_id}`, orderEvents.OrderCancelled, {
        ...ids,
        reason: null,
        reserved: [],
        cancelled_at: day(5),
      });
    }
    order.status = kind === 'pay' ? 'paid' : 'cancelled';
    order.changed = String(this.log.events.at(-1)?.position);
  }
}

export const orderShops: fc.Arbitrary<OrderShop> = fc
  .array(step, { minLength: 1, maxLength: 40, size: 'max' })
  .map((steps) => {
    const shop = new OrderShop();
    for (const one of steps) shop.act(one);
    return shop;
  });

const maybe = <T>(of: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: of });

/** Most filters are left out: together they would let nothing in. @param changes positions of the log, by their number */
export const orderQueries = fc.record({
  filters: fc.record({
    status: maybe(fc.uniqueArray(fc.constantFrom('placed', 'paid', 'cancelled'), { minLength: 1 })),
    userId: maybe(fc.constantFrom(...USERS)),
    number: maybe(fc.integer({ min: 1, max: 9 })),
    referenceHash: maybe(fc.constantFrom('a', 'b')),
    productId: maybe(fc.integer({ min: 1, max: 5 })),
    catId: maybe(fc.integer({ min: 1, max: 4 })),
    placedFrom: maybe(fc.integer({ min: 1, max: 4 }).map(day)),
    placedTo: maybe(fc.integer({ min: 1, max: 4 }).map(day)),
    totalMin: maybe(fc.integer({ min: 0, max: 5 })),
    totalMax: maybe(fc.integer({ min: 0, max: 5 })),
    currency: maybe(fc.constantFrom(...CURRENCIES)),
  }),
  since: maybe(fc.nat(40)),
  sort: fc.constantFrom(...ORDER_SORTS),
  limit: fc.integer({ min: 1, max: 7 }),
});
