import type { Position } from '../engine/index.js';
import { answerStock, type StockAnswer } from './answer.js';
import type { Stocks } from './stocks.js';

/** The stock of a product as its stream has it; null if it is not tracked. */
export async function stockFromStream(
  stocks: Stocks,
  productId: number,
): Promise<{ position: Position; stock: StockAnswer } | null> {
  const { state, revision, position } = await stocks.current(String(productId));
  return state.tracked ? { position, stock: answerStock(productId, state, revision) } : null;
}
