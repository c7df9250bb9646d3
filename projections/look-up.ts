import { type Engine, type Freshness, type Position, postgres } from '../src/engine/index.js';
import { type FoundProduct, offered } from './products/offered.js';
import { tracked } from './stock/tracked.js';
import { buyers, type FoundUser } from './users/buyers.js';

type JointQuery = ReturnType<Engine['jointQuery']>;

/** What the read models know. A miss says only that they did not know at `position`: the stream settles it. */
export interface Found {
  readonly user: Omit<FoundUser, 'user_id'> | null;
  /** Those of the products that are known, by id, and whether their stock is tracked. */
  readonly products: ReadonlyMap<number, Omit<FoundProduct, 'product_id'> & { readonly tracked: boolean }>;
  /** All of the models have reached it. */
  readonly position: Position;
}

interface Asked {
  readonly userId: string;
  readonly productIds: readonly number[];
}

/** While one is under way, orders gather for the next: fewer and larger queries cost less than they take longer. */
const QUERIES_AT_ONCE = 1;

/** What PlaceOrder must know of its user and its products. Orders that arrive at the same moment share one query. */
export class LookUp {
  readonly #query: JointQuery;
  readonly #find: (asked: Asked) => Promise<Found>;

  constructor(engine: Pick<Engine, 'jointQuery'>) {
    this.#query = engine.jointQuery('users, products and stock', [buyers, offered, tracked]);
    this.#find = postgres.gather(
      (asked) => this.#findAll(asked),
      QUERIES_AT_ONCE,
      ({ productIds }) => productIds.length,
    );
  }

  /** @throws Refusal read-model-behind when the models do not reach `freshness.min` in time */
  find(userId: string, productIds: readonly number[], freshness?: Freshness): Promise<Found> {
    return this.#query.fresh(() => this.#find({ userId, productIds }), freshness);
  }

  async #findAll(asked: readonly Asked[]): Promise<Found[]> {
    const userIds = new Set(asked.map(({ userId }) => userId));
    const productIds = new Set(asked.flatMap((one) => one.productIds));
    const { results, position } = await this.#query.ask([[...userIds], [...productIds], [...productIds]]);
    const [foundUsers, foundProducts, foundStock] = (results ?? [[], [], []]) as [
      FoundUser[],
      FoundProduct[],
      number[],
    ];
    const isTracked = new Set(foundStock);
    const users = new Map(foundUsers.map(({ user_id, ...user }) => [user_id, user]));
    const products = new Map(
      foundProducts.map(({ product_id: id, ...product }) => [id, { ...product, tracked: isTracked.has(id) }]),
    );
    return asked.map((one) => ({
      user: users.get(one.userId) ?? null,
      products: new Map(
        one.productIds.flatMap((id) => {
          const product = products.get(id);
          return product ? [[id, product] as const] : [];
        }),
      ),
      position,
    }));
  }
}
