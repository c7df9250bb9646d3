import {
  type Freshness,
  type Position,
  type ReadModel,
  Refusal,
  type Standing,
  START,
  streamName,
  type Vault,
} from '../../src/engine/index.js';
import type { OrderAnswer } from '../../src/order/answer.js';
import { keyOf, listStatement, type OrderKey, type OrderListOptions, sortOf } from './list-statement.js';
import { orderAnswer } from './order-answer.js';
import { type OrderRow, ordersTable } from './orders-table.js';

type Turn = NonNullable<Parameters<ReadModel['query']>[4]>;

/** An order of a list. */
type ListedRow = OrderRow & { readonly more: true | null };

/** As many as asked for, fewer where they are large. `next` is the key that the following page goes on after. */
export interface OrderList extends Standing {
  readonly orders: OrderAnswer[];
  readonly next: OrderKey | null;
}

const ONE = `select ${ordersTable.select('o')} from {schema}.orders o where o.order_id = $1::uuid`;

const CHANGED_BEFORE = 'select max(o.changed) as changed from {schema}.orders o where o.changed < $1::text';

const CATEGORY = 'select c.cat_id from {schema:products}.categories c where c.cat_id = $1::integer';

export class UserOrders {
  constructor(
    readonly model: ReadModel,
    readonly vault: Vault,
    /** The same beside the model `products`: lists by category join its tables. */
    readonly besideProducts: ReadModel = model,
    /** For lists: the others wait. */
    readonly turn?: Turn,
  ) {}

  /** @throws Refusal read-model-behind */
  async order(orderId: string, freshness?: Freshness): Promise<Standing & { order: OrderAnswer | null }> {
    const stream = streamName('order', orderId);
    const { rows, ...standing } = await this.model.queryOne<OrderRow>(
      stream,
      'user-orders-one',
      ONE,
      [orderId],
      freshness,
    );
    const [row] = rows;
    return { ...standing, order: row ? await orderAnswer(row, this.vault) : null };
  }

  /** @throws Refusal category-not-found, read-model-behind */
  async list(options: OrderListOptions, freshness?: Freshness): Promise<OrderList> {
    const { name, text, values } = listStatement(options);
    const model = options.catId === undefined ? this.model : this.besideProducts;
    const { rows, ...standing } = await model.query<ListedRow>(name, text, values, freshness, this.turn);
    if (rows.length === 0 && options.catId !== undefined) await this.#requireCategory(options.catId, freshness);
    const shown = rows.slice(0, options.limit);
    await this.vault.prefetch(shown.filter(holdsSealedText).map((row) => row.user_id));
    const orders = await Promise.all(shown.map((row) => orderAnswer(row, this.vault)));
    const last = shown.at(-1);
    const next = last?.more ? keyOf(last, options.sort) : null;
    const bound = await this.#boundOf(options, standing);
    if (bound === null) return { ...standing, orders, next };
    return { ...standing, position: bound, orders, next: next && [...next, bound] };
  }

  /**
   * From which position on a client that reads the oldest change first has to ask the next time, where that is not the position of the
   * answer. What waits in quarantine takes effect later, under the position of its event (docs/decisions/0012): so it is the last change
   * before that, also on the pages that follow, for the key may be released meanwhile.
   */
  async #boundOf({ sort, after }: OrderListOptions, { position, waits }: Standing): Promise<Position | null> {
    if (sort !== 'updated_at') return null;
    const ofEarlierPages = after?.[sortOf(sort).columns.length] as Position | undefined;
    const now = waits === undefined ? undefined : await this.#lastChangeBefore(waits);
    const bounds = [ofEarlierPages, now].filter((one) => one !== undefined);
    return bounds.length === 0 ? null : bounds.reduce((least, one) => (one < least ? one : least), position);
  }

  async #lastChangeBefore(position: Position): Promise<Position> {
    const { rows } = await this.model.query<{ changed: Position | null }>('user-orders-before', CHANGED_BEFORE, [
      position,
    ]);
    return rows[0]?.changed ?? START;
  }

  async #requireCategory(catId: number, freshness?: Freshness): Promise<void> {
    const { rows } = await this.besideProducts.query('user-orders-category', CATEGORY, [catId], freshness);
    if (rows.length === 0) throw new Refusal('category-not-found', `There is no category ${catId}.`);
  }
}

function holdsSealedText(row: OrderRow): boolean {
  if (row.external_reference !== null) return true;
  return row.history.some((entry) => entry.reason !== undefined || entry.reference !== undefined);
}
