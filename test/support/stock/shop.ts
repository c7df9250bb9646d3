import type { Test } from 'tap';
import type { ProductAnswer } from '../../../src/product/answer.js';
import type { StockAnswer } from '../../../src/stock/answer.js';
import type { Answer } from '../http-client.js';
import { type RunningApp, runningApp, type RunningOptions } from '../running-app.js';

/** How many of which products an order wants. */
export type Lines = readonly (readonly [productId: number, quantity: number])[];

export interface StockShop extends RunningApp {
  readonly userId: string;
  /** A product with so many on hand, which the read models know. */
  product(onHand: number): Promise<ProductAnswer>;
  /** One whose stock is not tracked, which the read models know. */
  untracked(): Promise<ProductAnswer>;
  order(lines: Lines, key?: string): Promise<Answer>;
  /** Folded from the stream. */
  stock(productId: number): Promise<Omit<StockAnswer, 'product_id' | 'revision'>>;
  events(productId: number): Promise<string[]>;
  /** Until the read models have all that is in the log. */
  caughtUp(): Promise<void>;
}

export async function stockShop(t: Test, options: RunningOptions = {}): Promise<StockShop> {
  const shop = await runningApp(t, options);
  const { http, runtime } = shop;
  const { user_id: userId } = await shop.registerUser();
  const { cat_id } = await shop.addCategory();
  const caughtUp = async (): Promise<void> => {
    await runtime.engine.catchUp(await runtime.store.head(), 30_000);
  };
  return Object.assign(shop, {
    userId,
    caughtUp,
    async product(onHand: number): Promise<ProductAnswer> {
      const product = await shop.addProduct([cat_id]);
      await http.ok('POST', `/v1/products/${product.product_id}/stock/count`, { json: { on_hand: onHand } });
      await caughtUp();
      return product;
    },
    async untracked(): Promise<ProductAnswer> {
      const product = await shop.addProduct([cat_id]);
      await caughtUp();
      return product;
    },
    order: (lines: Lines, key?: string) => http.send('POST', '/v1/orders', orderOf(userId, lines, key)),
    async stock(productId: number): Promise<Omit<StockAnswer, 'product_id' | 'revision'>> {
      const { on_hand, reserved } = (await runtime.openStock.stocks.current(String(productId))).state;
      return { on_hand, reserved, available: on_hand - reserved };
    },
    async events(productId: number): Promise<string[]> {
      const types: string[] = [];
      for await (const { type, data } of runtime.store.read(`stock-${productId}`)) {
        types.push(type === 'StockReleased' ? `${type} ${data['cause'] as string}` : type);
      }
      return types;
    },
  });
}

export function orderOf(
  userId: string,
  lines: Lines,
  key?: string,
): { json: object; headers?: Record<string, string> } {
  return {
    json: { user_id: userId, items: lines.map(([product_id, quantity]) => ({ product_id, quantity })) },
    ...(key !== undefined && { headers: { 'idempotency-key': key } }),
  };
}

export const idOf = (answer: Answer): string => (answer.data as { order_id: string }).order_id;
