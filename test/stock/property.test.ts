import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import t from 'tap';
import { Refusal } from '../../src/engine/core/errors.js';
import { MemoryEventStore, testContext } from '../../src/engine/testing.js';
import { StockProcess } from './stock-in-memory.js';

const PRODUCTS = [1, 2, 3];

/** What the events say, added up in the plainest way, after each of them. */
class PlainStock {
  readonly levels = new Map<number, { onHand: number; reserved: number; isTracked: boolean }>();

  add(stream: string, type: string, data: Readonly<Record<string, unknown>>): void {
    const id = Number(stream.slice('stock-'.length));
    const level = this.levels.get(id) ?? { onHand: 0, reserved: 0, isTracked: false };
    const quantity = Number(data['quantity']);
    if (type === 'StockCounted') Object.assign(level, { onHand: Number(data['on_hand']), isTracked: true });
    if (type === 'StockReceived' || type === 'StockAdjusted') level.onHand += quantity;
    if (type === 'StockReserved') level.reserved += quantity;
    if (type === 'StockReleased' || type === 'StockIssued') level.reserved -= quantity;
    if (type === 'StockIssued') level.onHand -= quantity;
    this.levels.set(id, level);
  }
}

const productId = fc.constantFrom(...PRODUCTS);
const line = fc.tuple(productId, fc.integer({ min: 1, max: 4 }));
const action = fc.oneof(
  fc.record({ type: fc.constant('place' as const), lines: fc.array(line, { minLength: 1, maxLength: 3 }) }),
  fc.record({ type: fc.constant('pay' as const), nth: fc.nat(20) }),
  fc.record({ type: fc.constant('cancel' as const), nth: fc.nat(20) }),
  fc.record({ type: fc.constant('count' as const), productId, onHand: fc.integer({ min: 0, max: 8 }) }),
  fc.record({ type: fc.constant('receive' as const), productId, quantity: fc.integer({ min: 1, max: 5 }) }),
  fc.record({ type: fc.constant('adjust' as const), productId, quantity: fc.constantFrom(-2, -1, 1) }),
);
/** After how many appends the process that does it dies; null: it does not. */
const fate = fc.option(fc.nat(3), { nil: null });

class Killed extends Error {}

function dyingAfter(store: MemoryEventStore, appends: number | null): MemoryEventStore {
  let left = appends ?? Infinity;
  return new Proxy(store, {
    get: (target, name) => {
      const value = target[name as keyof MemoryEventStore] as (...a: unknown[]) => unknown;
      if (name !== 'append') return value.bind(target);
      return async (...args: Parameters<MemoryEventStore['append']>) => {
        if (left-- <= 0) throw new Killed('killed');
        return target.append(...args);
      };
    },
  });
}

t.test(
  'on hand, reserved and available are those of a plain model at every position, whatever happens and dies',
  async (t) => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(action, fate), { maxLength: 25 }), async (actions) => {
        const store = new MemoryEventStore();
        const orders: string[] = [];
        for (const id of PRODUCTS) {
          await new StockProcess(store).stock(id, { type: 'CountStock', on_hand: 6, reason: null });
        }
        // At the same moment in pairs, each in a process of its own.
        for (let i = 0; i < actions.length; i += 2) {
          await Promise.all(
            actions.slice(i, i + 2).map(async ([one, dies]) => {
              try {
                await carryOut(new StockProcess(dyingAfter(store, dies)), one, orders);
              } catch (error) {
                if (!(error instanceof Refusal) && !(error instanceof Killed)) throw error;
              }
            }),
          );
        }
        await new StockProcess(store, true).react();

        // At every position: never more promised than there was when it was promised.
        const plain = new PlainStock();
        const open = new Map<string, string>();
        for await (const { stream, type, data } of store.readAll()) {
          if (stream.startsWith('order-')) open.set(stream.slice('order-'.length), type);
          if (!stream.startsWith('stock-')) continue;
          plain.add(stream, type, data);
          const { onHand, reserved } = plain.levels.get(Number(stream.slice('stock-'.length))) ?? {
            onHand: 0,
            reserved: 0,
          };
          if (type === 'StockReserved' && reserved > onHand) throw new Error(`oversold: ${reserved} of ${onHand}`);
          if (reserved < 0) throw new Error('more released than reserved');
        }
        for (const id of PRODUCTS) {
          const { on_hand, reserved, reservations } = await new StockProcess(store).stateOf(id);
          t.same({ onHand: on_hand, reserved, isTracked: true }, plain.levels.get(id));
          for (const { order_id } of reservations.values()) {
            if (open.get(order_id) !== 'OrderPlaced')
              throw new Error(`${order_id} is ${open.get(order_id)} and holds stock`);
          }
        }
      }),
      { numRuns: 60 },
    );
  },
);

async function carryOut(
  process: StockProcess,
  one: typeof action extends fc.Arbitrary<infer A> ? A : never,
  orders: string[],
): Promise<void> {
  switch (one.type) {
    case 'place': {
      const ids: string[] = [];
      const order = await process.place(one.lines, testContext(), (attempt) => (ids[attempt] ??= randomUUID()));
      if (order) orders.push(order.order_id);
      return;
    }
    case 'pay':
    case 'cancel': {
      const order = orders[one.nth % Math.max(orders.length, 1)];
      if (order !== undefined) await process.end(order, one.type === 'pay' ? 'MarkPaid' : 'CancelOrder');
      return;
    }
    case 'count':
      await process.stock(one.productId, { type: 'CountStock', on_hand: one.onHand, reason: null });
      return;
    case 'receive':
      await process.stock(one.productId, { type: 'ReceiveStock', quantity: one.quantity, reference: null });
      return;
    case 'adjust':
      await process.stock(one.productId, { type: 'AdjustStock', quantity: one.quantity, reason: 'x' });
  }
}
