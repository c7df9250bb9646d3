import fc from 'fast-check';
import { categoryEvents } from '../../src/category/events.js';
import { orderEvents } from '../../src/order/events.js';
import { productEvents } from '../../src/product/events.js';
import { unnamed } from './unnamed.js';
import { TestLog } from './project.js';

const AT = '2026-01-01T00:00:00.000Z';

/** Writes what happens in a shop to a log that is made up: small words, full events. No rule is checked. */
export class Shop {
  constructor(readonly log = new TestLog()) {}

  addCategory(id: number, parent: number | null = null, name = `Category ${id}`): void {
    const data = { cat_id: id, code: `C${id}`, name, parent_cat_id: parent, added_at: AT };
    this.log.add('categoryTree-main', categoryEvents.CategoryAdded, data);
  }

  renameCategory(id: number, name: string): void {
    this.log.add('categoryTree-main', categoryEvents.CategoryRenamed, { cat_id: id, name, renamed_at: AT });
  }

  moveCategory(id: number, parent: number | null): void {
    const data = { cat_id: id, parent_cat_id: parent, moved_at: AT };
    this.log.add('categoryTree-main', categoryEvents.CategoryMoved, data);
  }

  removeCategory(id: number): void {
    this.log.add('categoryTree-main', categoryEvents.CategoryRemoved, { cat_id: id, removed_at: AT });
  }

  addProduct(id: number, ...catIds: number[]): void {
    const data = {
      product_id: id,
      sku: `S${id}`,
      name: `Product ${id}`,
      price: 1,
      currency: 'EUR',
      cat_ids: catIds,
      added_at: AT,
    };
    this.log.add(`product-${id}`, productEvents.ProductAdded, data);
  }

  categorise(id: number, ...catIds: number[]): void {
    const data = { product_id: id, cat_ids: catIds, categorised_at: AT };
    this.log.add(`product-${id}`, productEvents.ProductCategorised, data);
  }

  retire(id: number): void {
    this.log.add(`product-${id}`, productEvents.ProductRetired, { product_id: id, retired_at: AT });
  }

  reinstate(id: number): void {
    this.log.add(`product-${id}`, productEvents.ProductReinstated, { product_id: id, reinstated_at: AT });
  }

  place(order: number, ...productIds: number[]): void {
    const items = productIds.map((product_id, index) => {
      return { line: index + 1, product_id, sku: `S${product_id}`, name: 'Product', quantity: 1, unit_price: 1 };
    });
    const ids = { order_id: orderId(order), user_id: orderId(0) };
    const data = { ...ids, ...unnamed, currency: 'EUR', items, total: items.length, placed_at: AT };
    this.log.add(`order-${ids.order_id}`, orderEvents.OrderPlaced, data);
  }

  /** @param reserved how many of each product the order holds */
  placeHolding(order: number, reserved: Readonly<Record<number, number>>): void {
    const held = Object.entries(reserved).map(([id, quantity]) => ({ product_id: Number(id), quantity }));
    const items = held.map(({ product_id, quantity }, index) => {
      return { line: index + 1, product_id, sku: `S${product_id}`, name: 'Product', quantity, unit_price: 0 };
    });
    const ids = { order_id: orderId(order), user_id: orderId(0) };
    const data = { ...ids, ...unnamed, currency: 'EUR', items, total: 0, reserved: held, placed_at: AT };
    this.log.add(`order-${ids.order_id}`, orderEvents.OrderPlaced, data);
  }

  pay(order: number): void {
    const data = { order_id: orderId(order), user_id: orderId(0), reference: null, reserved: [], paid_at: AT };
    this.log.add(`order-${data.order_id}`, orderEvents.OrderPaid, data);
  }

  abandon(order: number): void {
    const data = { order_id: orderId(order), abandoned_at: AT };
    this.log.add(`order-${data.order_id}`, orderEvents.OrderAbandoned, data);
  }

  cancel(order: number): void {
    const data = { order_id: orderId(order), user_id: orderId(0), reason: null, reserved: [], cancelled_at: AT };
    this.log.add(`order-${data.order_id}`, orderEvents.OrderCancelled, data);
  }
}

function orderId(order: number): string {
  return `00000000-0000-7000-8000-${String(order).padStart(12, '0')}`;
}

const KINDS = [
  ...['category', 'category', 'rename', 'move', 'move', 'remove'],
  ...['product', 'product', 'categorise', 'categorise', 'retire', 'reinstate'],
  ...['place', 'place', 'place', 'pay', 'cancel'],
] as const;

const choice = fc.record({
  kind: fc.constantFrom(...KINDS),
  one: fc.nat(1000),
  other: fc.nat(1000),
  many: fc.array(fc.nat(1000), { minLength: 1, maxLength: 4 }),
});

/** What a random shop did, as the log has it. */
export const shopHistories: fc.Arbitrary<Shop> = fc
  .array(choice, { minLength: 1, maxLength: 80, size: 'max' })
  .map((choices) => {
    const random = new RandomShop();
    for (const { kind, one, other, many } of choices) random.act(kind, one, other, many);
    return random.shop;
  });

/** Turns any numbers into something that can happen next. */
class RandomShop {
  readonly shop = new Shop();
  /** Parents of the categories that are there. */
  readonly #parents = new Map<number, number | null>();
  readonly #retired = new Map<number, boolean>();
  readonly #open: number[] = [];
  #categories = 0;
  #orders = 0;

  act(kind: string, one: number, other: number, many: readonly number[]): void {
    const category = pick([...this.#parents.keys()], one);
    const parent = pick([null, ...this.#parents.keys()], other) ?? null;
    const product = pick([...this.#retired.keys()], one);
    // Dead ids too, and one that is not there yet.
    const catIds = [...new Set(many.map((number) => 1 + (number % (this.#categories + 1))))];
    if (kind === 'category') this.#addCategory(parent);
    else if (kind === 'product') this.#addProduct(catIds);
    else if (kind === 'place') this.#place(many);
    else if (kind === 'pay' || kind === 'cancel') this.#end(kind, one);
    else if (category !== undefined && kind === 'rename') this.shop.renameCategory(category, `Name ${other}`);
    else if (category !== undefined && kind === 'move') this.#move(category, parent);
    else if (category !== undefined && kind === 'remove') this.#remove(category);
    else if (product !== undefined && kind === 'categorise') this.shop.categorise(product, ...catIds);
    else if (product !== undefined && (kind === 'retire' || kind === 'reinstate')) this.#retire(product, kind);
  }

  #addCategory(parent: number | null): void {
    this.#parents.set(++this.#categories, parent);
    this.shop.addCategory(this.#categories, parent);
  }

  #move(category: number, parent: number | null): void {
    for (let above = parent; above !== null; above = this.#parents.get(above) ?? null) if (above === category) return;
    this.#parents.set(category, parent);
    this.shop.moveCategory(category, parent);
  }

  /** Products may stand in it: they came in at the last moment. */
  #remove(category: number): void {
    if ([...this.#parents.values()].includes(category)) return;
    this.#parents.delete(category);
    this.shop.removeCategory(category);
  }

  #addProduct(catIds: readonly number[]): void {
    const id = this.#retired.size + 1;
    this.#retired.set(id, false);
    this.shop.addProduct(id, ...catIds);
  }

  #retire(product: number, kind: 'retire' | 'reinstate'): void {
    if (this.#retired.get(product) === (kind === 'retire')) return;
    this.#retired.set(product, kind === 'retire');
    this.shop[kind](product);
  }

  /** The same product on several lines too, and one that is not there yet. */
  #place(many: readonly number[]): void {
    this.#open.push(++this.#orders);
    this.shop.place(this.#orders, ...many.map((number) => 1 + (number % (this.#retired.size + 1))));
  }

  #end(kind: 'pay' | 'cancel', one: number): void {
    const [order] = this.#open.splice(one % Math.max(1, this.#open.length), 1);
    if (order !== undefined) this.shop[kind](order);
  }
}

function pick<T>(things: readonly T[], number: number): T | undefined {
  return things[number % things.length];
}
