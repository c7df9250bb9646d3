import { type Freshness, type Position, type ReadModel, Refusal, START } from '../../src/engine/index.js';
import type { StockAnswer } from '../../src/stock/answer.js';

export interface StockListOptions {
  /** Only what stands in the category or below it. */
  readonly catId?: number | undefined;
  /** Only products of which fewer than this can be promised. */
  readonly availableBelow?: number | undefined;
  /** Only what comes after this product_id; from the first if null or left out. */
  readonly after?: number | null | undefined;
  readonly limit: number;
}

/** `next` is the id that the following page goes on after. */
export interface StockList {
  readonly position: Position;
  readonly stock: StockAnswer[];
  readonly next: number | null;
}

/** What an order holds though it is not known to be placed. */
export interface PendingReservation {
  readonly order_id: string;
  readonly product_id: number;
  readonly quantity: number;
  readonly reserved_at: string;
  /** Of the event that reserved it. */
  readonly position: Position;
}

/** How queries find the products of a category. The arguments are expressions. */
export interface ByCategory {
  readonly ids: (catId: string, after: string) => string;
  readonly page: (catId: string, page: string) => string;
}

const COLUMNS = 's.product_id, s.on_hand, s.reserved, s.on_hand - s.reserved as available, s.revision';

const ONE = `select ${COLUMNS} from {schema}.stock s where s.product_id = $1::integer`;

/** A page of those after $1, at most $2. How many can be promised is in no index: tracked products are looked at until a page is full. */
const ALL = `select ${COLUMNS} from {schema}.stock s
  where s.product_id > $1::integer and ($3::integer is null or s.on_hand - s.reserved < $3)
  order by s.product_id limit $2::integer`;

const inCategory = ({ ids, page }: ByCategory): string =>
  page(
    '$4::integer',
    `select ${COLUMNS} from (${ids('$4::integer', '$1::integer')}) p
     join {schema}.stock s on s.product_id = p.product_id
     where $3::integer is null or s.on_hand - s.reserved < $3 order by s.product_id limit $2::integer`,
  );

/**
 * From a position on, in the order of the log. An order that is cancelled or paid holds nothing any more: what is reserved for it was
 * reserved by a late attempt of the same request, or waits for the reactor.
 */
const PENDING = `select r.order_id, r.product_id, r.quantity, r.reserved_at, r.position from {schema}.reservations r
  where r.position >= $1::text
    and not exists (select from {schema:user-orders}.orders o where o.order_id = r.order_id and o.status = 'placed')
  order by r.position limit $2::integer`;

type ListedRow = StockAnswer | { readonly [column in keyof StockAnswer]: null };

/** The same model alone, and beside others whose tables a query joins. */
export interface StockModels {
  readonly alone: ReadModel;
  readonly besideProducts: ReadModel;
  readonly besideOrders: ReadModel;
}

export class Stock {
  readonly #inCategory: string;
  /** The orders of all reservations before it have been placed, as far as they still hold anything. */
  #settled: Position = START;

  constructor(
    readonly models: StockModels,
    byCategory: ByCategory,
  ) {
    this.#inCategory = inCategory(byCategory);
  }

  /** Null: the product is not tracked. @throws Refusal read-model-behind */
  async of(productId: number, freshness?: Freshness): Promise<{ position: Position; stock: StockAnswer | null }> {
    const { position, rows } = await this.models.alone.query<StockAnswer>('stock-one', ONE, [productId], freshness);
    return { position, stock: rows[0] ?? null };
  }

  /** Tracked products by product_id, ascending. @throws Refusal category-not-found, read-model-behind */
  async list({ catId, availableBelow, after, limit }: StockListOptions, freshness?: Freshness): Promise<StockList> {
    // One row more than asked for tells whether there is a next page.
    const page = [after ?? 0, limit + 1, availableBelow ?? null];
    const { position, rows } = await (catId === undefined
      ? this.models.alone.query<ListedRow>('stock-all', ALL, page, freshness)
      : this.models.besideProducts.query<ListedRow>(
          'stock-in-category',
          this.#inCategory,
          [...page, catId],
          freshness,
        ));
    if (catId !== undefined && rows.length === 0) {
      throw new Refusal('category-not-found', `There is no category ${catId}.`);
    }
    const stock = rows.filter((row): row is StockAnswer => row.product_id !== null);
    const shown = stock.slice(0, limit);
    return { position, stock: shown, next: stock.length > limit ? (shown.at(-1)?.product_id ?? null) : null };
  }

  /**
   * The oldest reservations, as of before this time, whose orders are not known to be placed or are over. The orders' streams have the
   * last word.
   * @throws Refusal read-model-behind
   */
  async pending(before: string, limit: number): Promise<readonly PendingReservation[]> {
    const { besideOrders } = this.models;
    const { position, rows } = await besideOrders.query<PendingReservation>('stock-pending', PENDING, [
      this.#settled,
      limit,
    ]);
    // What orders hold grows with the unpaid ones: it is gone through once, not each time.
    this.#settled = rows[0]?.position ?? position;
    return rows.filter(({ reserved_at }) => reserved_at < before);
  }
}
