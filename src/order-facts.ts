/** PlaceOrder's facts of the moment: from the read models, and where they know nothing, or nothing good, from the streams. */
import type { LookUp } from '../projections/look-up.js';
import type { CommandHandler, Freshness } from './engine/index.js';
import type { BuyerFacts, ProductFacts } from './order/commands.js';
import { productStream } from './product/stream.js';
import { userStream } from './user/stream.js';

export type OrderFacts = (
  userId: string,
  productIds: readonly number[],
  freshness: Freshness,
) => Promise<{ readonly buyer: BuyerFacts | null; readonly products: ReadonlyMap<number, ProductFacts> }>;

/** A user or a product that was added or mended a moment ago serves at once: only what speaks for a refusal is read again. */
export function placeOrderFacts(lookUp: LookUp, handler: CommandHandler): OrderFacts {
  return async (userId, productIds, freshness) => {
    const found = await lookUp.find(userId, productIds, freshness);
    const buyer =
      found.user?.status === 'active' && found.user.hasIdProof ? found.user : await buyerOf(handler, userId);
    const doubtful = [...new Set(productIds)].filter((id) => found.products.get(id)?.status !== 'active');
    if (doubtful.length === 0) return { buyer, products: found.products };
    const products = new Map<number, ProductFacts>(found.products);
    await Promise.all(
      doubtful.map(async (id) => {
        const { state } = await handler.load(productStream, String(id));
        if (state) products.set(id, { ...state, tracked: true });
      }),
    );
    return { buyer, products };
  };
}

async function buyerOf(handler: CommandHandler, userId: string): Promise<BuyerFacts | null> {
  const { state } = await handler.load(userStream, userId);
  return state && { status: state.status, hasIdProof: state.id_proof !== null };
}
