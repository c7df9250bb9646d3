import fc from 'fast-check';
import { stockEvents } from '../../src/stock/events.js';
import type { TestLog } from './project.js';

const KINDS = [
  ...['count', 'count', 'receive', 'adjust', 'end'],
  ...['reserve', 'reserve', 'reserve', 'release', 'issue', 'issue'],
] as const;

/** What happens, with numbers that choose among what is there at that moment. */
export interface StockStep {
  readonly kind: (typeof KINDS)[number];
  readonly product: number;
  readonly order: number;
  readonly quantity: number;
}

export const stockSteps: fc.Arbitrary<StockStep[]> = fc.array(
  fc.record({
    kind: fc.constantFrom(...KINDS),
    product: fc.integer({ min: 1, max: 4 }),
    order: fc.nat(5),
    quantity: fc.integer({ min: 1, max: 9 }),
  }),
  { minLength: 1, maxLength: 80, size: 'max' },
);

interface Level {
  onHand: number;
  /** By order. */
  readonly held: Map<string, number>;
  revision: number;
}

/** Stock in plain maps, by plain definitions; records in the log whatever happens to it. Nothing is refused for being too little. */
export class PlainStock {
  readonly levels = new Map<number, Level>();

  constructor(readonly log: TestLog) {}

  /** Carries the step out, if it is possible now. */
  carryOut({ kind, product, order, quantity }: StockStep): void {
    const level = this.levels.get(product);
    const order_id = orderId(order);
    const held = level?.held.get(order_id);
    if (kind === 'count') this.count(product, quantity);
    else if (!level) return;
    else if (kind === 'receive') this.receive(product, quantity);
    else if (kind === 'adjust')
      this.#add(product, 'StockAdjusted', { quantity: -quantity, reason: 'broken' }, -quantity);
    else if (kind === 'end' && level.held.size === 0) this.end(product);
    else if (kind === 'reserve' && held === undefined) this.reserve(product, order, quantity);
    else if (kind === 'release' && held !== undefined) this.release(product, order);
    else if (kind === 'issue' && held !== undefined) this.issue(product, order);
  }

  count(product: number, on_hand: number): void {
    const level = this.levels.get(product) ?? { onHand: 0, held: new Map<string, number>(), revision: -1 };
    this.levels.set(product, level);
    this.#add(product, 'StockCounted', { on_hand, reason: null }, on_hand - level.onHand);
  }

  receive(product: number, quantity: number): void {
    this.#add(product, 'StockReceived', { quantity, reference: null }, quantity);
  }

  end(product: number): void {
    this.#add(product, 'StockTrackingEnded', { reason: null }, 0);
    this.levels.delete(product);
  }

  reserve(product: number, order: number, quantity: number): void {
    this.#of(product).held.set(orderId(order), quantity);
    this.#add(product, 'StockReserved', { order_id: orderId(order), quantity }, 0);
  }

  release(product: number, order: number): void {
    const quantity = this.#letGo(product, order);
    this.#add(product, 'StockReleased', { order_id: orderId(order), quantity, cause: 'cancelled' }, 0);
  }

  issue(product: number, order: number): void {
    const quantity = this.#letGo(product, order);
    this.#add(product, 'StockIssued', { order_id: orderId(order), quantity }, -quantity);
  }

  /** As the read model answers, by product. */
  answers(): object[] {
    const all = [...this.levels].sort(([one], [other]) => one - other);
    return all.map(([product_id, { onHand, held, revision }]) => {
      const reserved = [...held.values()].reduce((sum, quantity) => sum + quantity, 0);
      return { product_id, on_hand: onHand, reserved, available: onHand - reserved, revision };
    });
  }

  #letGo(product: number, order: number): number {
    const { held } = this.#of(product);
    const quantity = held.get(orderId(order)) ?? 0;
    held.delete(orderId(order));
    return quantity;
  }

  #of(product: number): Level {
    const level = this.levels.get(product);
    if (!level) throw new Error(`product ${product} is not tracked`);
    return level;
  }

  #add(product: number, type: keyof typeof stockEvents, data: object, onHand: number): void {
    const level = this.#of(product);
    level.onHand += onHand;
    level.revision = this.log.add(`stock-${product}`, stockEvents[type], data as never).revision;
  }
}

export function orderId(order: number): string {
  return `00000000-0000-7000-8000-${String(order).padStart(12, '0')}`;
}
