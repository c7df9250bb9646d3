import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import type { OrderAnswer } from '../../src/order/answer.js';
import { orderEvents } from '../../src/order/events.js';
import type { MemoryVault } from './memory-vault.js';
import { unnamed } from './unnamed.js';
import type { TestLog } from './project.js';

export const alice = '018f0000-0000-7000-8000-00000000000a';
export const bob = '018f0000-0000-7000-8000-00000000000b';

/** What happens, with a number that chooses the order it happens to. */
export interface OrderStep {
  readonly kind: 'place' | 'pay' | 'cancel';
  readonly choice: number;
  readonly user: string;
  /** Few, so that many things happen at the same time; not in the order of the log. */
  readonly day: number;
  readonly text: string | null;
}

export const orderSteps: fc.Arbitrary<OrderStep[]> = fc.array(
  fc.record({
    kind: fc.constantFrom('place', 'place', 'pay', 'cancel'),
    choice: fc.nat(1000),
    user: fc.constantFrom(alice, bob),
    day: fc.integer({ min: 1, max: 5 }),
    text: fc.option(fc.string({ minLength: 1, unit: 'binary' })),
  }),
  { minLength: 1, maxLength: 40, size: 'max' },
);

const items = [
  { line: 1, product_id: 7, sku: 'PEN', name: 'Pen, "blue" \\ ✓', quantity: 2, unit_price: 150 },
  { line: 2, product_id: 8, sku: 'INK', name: 'Ink', quantity: 1, unit_price: 710 },
];

/** Orders in a plain array; records in the log whatever happens to them. */
export class OrdersInTheLog {
  readonly #orders: OrderAnswer[] = [];

  constructor(
    readonly log: TestLog,
    readonly vault: MemoryVault,
  ) {}

  /** Carries the step out, if it is possible now. */
  async carryOut({ kind, choice, user, day, text }: OrderStep): Promise<void> {
    const at = `2026-01-0${day}T00:00:00.000Z`;
    if (kind === 'place') this.place(user, at);
    else {
      const open = this.#orders.filter((order) => order.status === 'placed');
      const order = open[choice % Math.max(open.length, 1)];
      if (order) await (kind === 'pay' ? this.pay(order.order_id, at, text) : this.cancel(order.order_id, at, text));
    }
  }

  place(user_id: string, placed_at: string): string {
    const order_id = randomUUID();
    const data = { order_id, user_id, ...unnamed, currency: 'EUR', items, total: 1010, placed_at };
    const by = { kind: 'anonymous', id: null };
    this.log.add(`order-${order_id}`, orderEvents.OrderPlaced, data);
    this.#orders.push({
      ...{ order_id, user_id, number: null, external_reference: null, status: 'placed', currency: 'EUR', total: 1010 },
      items: items.map((item) => ({ ...item, line_total: item.quantity * item.unit_price })),
      history: [{ status: 'placed', at: placed_at, by }],
      placed_at,
      allowed_actions: ['cancel', 'mark-paid'],
      revision: 0,
    });
    return order_id;
  }

  async pay(order_id: string, paid_at: string, clear: string | null): Promise<void> {
    const { user_id } = this.#order(order_id);
    const reference = clear === null ? null : await this.#seal(order_id, 'reference', clear);
    this.log.add(`order-${order_id}`, orderEvents.OrderPaid, { order_id, user_id, reference, reserved: [], paid_at });
    this.#follow(order_id, 'paid', paid_at, clear === null ? {} : { reference: clear });
  }

  async cancel(order_id: string, cancelled_at: string, clear: string | null): Promise<void> {
    const { user_id } = this.#order(order_id);
    const reason = clear === null ? null : await this.#seal(order_id, 'reason', clear);
    this.log.add(`order-${order_id}`, orderEvents.OrderCancelled, {
      order_id,
      user_id,
      reason,
      reserved: [],
      cancelled_at,
    });
    this.#follow(order_id, 'cancelled', cancelled_at, clear === null ? {} : { reason: clear });
  }

  /** Latest business time first; of the same time, the last recorded first. */
  newest({ status, user }: { status?: string | undefined; user?: string }): OrderAnswer[] {
    return this.#orders
      .filter((order) => (!status || order.status === status) && (!user || order.user_id === user))
      .reverse()
      .sort((a, b) => Date.parse(b.placed_at) - Date.parse(a.placed_at));
  }

  #follow(
    orderId: string,
    status: 'paid' | 'cancelled',
    at: string,
    text: { reason?: string; reference?: string },
  ): void {
    const order = this.#order(orderId);
    const by = { kind: 'anonymous', id: null };
    const history = [...order.history, { status, at, by, ...text }];
    const moved = { ...order, status, history, allowed_actions: [], revision: order.revision + 1 };
    this.#orders[this.#orders.indexOf(order)] = moved;
  }

  #order(orderId: string): OrderAnswer {
    const order = this.#orders.find((one) => one.order_id === orderId);
    if (!order) throw new Error(`no order ${orderId}`);
    return order;
  }

  #seal(orderId: string, field: 'reason' | 'reference', text: string): ReturnType<MemoryVault['seal']> {
    const { user_id } = this.#order(orderId);
    return this.vault.seal(user_id, { stream: `order-${orderId}`, field, eventId: randomUUID() }, text);
  }
}
