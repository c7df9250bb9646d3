/**
 * PlaceOrder's facts of the moment: those that are kept in this process and still hold, otherwise from the read models, and where they
 * know nothing, or nothing good, from the streams (docs/decisions/0030).
 */
import { LRUCache } from 'lru-cache';
import type { Found, LookUp } from '../projections/look-up.js';
import type { CommandHandler, Engine, Freshness, Position } from './engine/index.js';
import type { BuyerFacts, ProductFacts } from './order/commands.js';
import { productStream } from './product/stream.js';
import { stockStream } from './stock/stream.js';
import { userStream } from './user/stream.js';

type Changes = ReturnType<Engine['changes']>;

export type OrderFacts = (userId: string, productIds: readonly number[], freshness: Freshness) => Promise<Facts>;

interface Facts {
  readonly buyer: BuyerFacts | null;
  readonly products: ReadonlyMap<number, ProductFacts>;
}

/**
 * A user or a product that was added or mended a moment ago serves at once: what speaks for a refusal is read again, and so is what may
 * have changed since the read models were where they are.
 */
export function placeOrderFacts(lookUp: Pick<LookUp, 'find'>, handler: CommandHandler, changes: Changes): OrderFacts {
  const kept = new KeptFacts(changes);
  return async (userId, productIds, freshness) => {
    const known = kept.find(userId, productIds, freshness.min);
    if (known) return known;
    const found = await lookUp.find(userId, productIds, freshness);
    kept.keep(userId, found);
    const isSure = changes.heard() !== null;
    const isOutdated = (stream: string): boolean => !isSure || !changes.isUnchanged(stream, found.position);
    const isGood = found.user && letsOrder(found.user) && !isOutdated(userStream.name(userId));
    const buyer = isGood ? found.user : await buyerOf(handler, userId);
    const doubtful = [...new Set(productIds)].filter((id) => {
      const product = found.products.get(id);
      return product?.status !== 'active' || streamsOf(id, product).some(isOutdated);
    });
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

function letsOrder({ status, hasIdProof }: BuyerFacts): boolean {
  return status === 'active' && hasIdProof;
}

/** What tells of a change. That a product is tracked only means that the stream of its stock is asked, which knows. */
function streamsOf(productId: number, { tracked }: ProductFacts): readonly string[] {
  const id = String(productId);
  return tracked ? [productStream.name(id)] : [productStream.name(id), stockStream.name(id)];
}

async function buyerOf(handler: CommandHandler, userId: string): Promise<BuyerFacts | null> {
  const { state } = await handler.load(userStream, userId);
  return state && { status: state.status, hasIdProof: state.id_proof !== null };
}

const MOST_KEPT = 50_000;
/** A rebuild or a mended quarantine changes rows, and no event tells of that. */
const KEPT_MS = 60_000;

/** What a read model said at a position; it holds as long as none of the streams has changed after that. */
interface Kept<Facts> {
  readonly facts: Facts;
  readonly position: Position;
  readonly streams: readonly string[];
}

/** Facts that let an order through. Whatever speaks for a refusal is not kept. */
class KeptFacts {
  readonly #buyers = new LRUCache<string, Kept<BuyerFacts>>({ max: MOST_KEPT, ttl: KEPT_MS });
  readonly #products = new LRUCache<number, Kept<ProductFacts>>({ max: MOST_KEPT, ttl: KEPT_MS });

  constructor(private readonly changes: Changes) {}

  /** @returns null unless all of them are kept and hold, at `min` too */
  find(userId: string, productIds: readonly number[], min: Position | null): Facts | null {
    const heard = this.changes.heard();
    if (heard === null || (min !== null && heard < min)) return null;
    const buyer = this.#held(this.#buyers.get(userId));
    if (!buyer) return null;
    const products = new Map<number, ProductFacts>();
    for (const id of productIds) {
      const product = this.#held(this.#products.get(id));
      if (!product) return null;
      products.set(id, product);
    }
    return { buyer, products };
  }

  keep(userId: string, { user, products, position }: Found): void {
    if (user && letsOrder(user)) {
      this.#buyers.set(userId, { facts: user, position, streams: [userStream.name(userId)] });
    }
    for (const [id, facts] of products) {
      if (facts.status === 'active') this.#products.set(id, { facts, position, streams: streamsOf(id, facts) });
    }
  }

  #held<Facts>(kept: Kept<Facts> | undefined): Facts | null {
    return kept?.streams.every((stream) => this.changes.isUnchanged(stream, kept.position)) ? kept.facts : null;
  }
}
