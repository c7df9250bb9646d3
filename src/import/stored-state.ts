import type { CategoryFact } from '../category/events.js';
import { categoryEvents } from '../category/events.js';
import { type CommandHandler, type Envelope, type EventTypes, type RecordedEvent, streamId } from '../engine/index.js';
import { type OrderFact, orderEvents } from '../order/events.js';
import { type ProductFact, productEvents } from '../product/events.js';
import { type StockFact, stockEvents } from '../stock/events.js';
import { type UserFact, userEvents } from '../user/events.js';
import type { CommandIdOf } from './plan.js';
import {
  type ComparedOrder,
  type StoredCategory,
  storedOrder,
  type StoredOrder,
  type StoredProduct,
  type StoredState,
  type StoredUser,
} from './stored.js';

const CHUNK = 1_000;

/** Only an import is compared with orders as they were placed; what happened to them later by other ways is not. */
const IMPORT = 'import';

/** Folds the log into what an import has to know of it. Reads everything that is there when it starts. */
export async function readStoredState(handler: CommandHandler, commandIdOf: CommandIdOf): Promise<StoredState> {
  const state = new Folding(commandIdOf);
  const { StockCounted, StockTrackingEnded } = stockEvents;
  const types: EventTypes = {
    ...{ ...categoryEvents, ...productEvents, ...userEvents, ...orderEvents },
    ...{ StockCounted, StockTrackingEnded },
  };
  const streamPrefixes = ['categoryTree-', 'product-', 'stock-', 'user-', 'order-'];
  let chunk: RecordedEvent[] = [];
  const foldChunk = async (): Promise<void> => {
    await handler.vault.prefetch([...new Set(chunk.flatMap(ownersOf))]);
    for (const recorded of chunk) {
      state.add(await handler.open<AnyFact>(recorded, types));
    }
    chunk = [];
  };
  for await (const recorded of handler.store.readAll({ filter: { streamPrefixes, types: Object.keys(types) } })) {
    chunk.push(recorded);
    if (chunk.length >= CHUNK) await foldChunk();
  }
  await foldChunk();
  return state.done();
}

const UUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i;

/** Whose keys will be needed. What others have recorded need not be an object: the event is refused when it is read. */
function ownersOf(event: RecordedEvent): readonly string[] {
  const { user_id } = (event.data ?? {}) as { readonly user_id?: unknown };
  return typeof user_id === 'string' && UUID.test(user_id) ? [user_id] : [];
}

type CountedFact = Extract<StockFact, { type: 'StockCounted' | 'StockTrackingEnded' }>;
type AnyFact = CategoryFact | ProductFact | CountedFact | UserFact | OrderFact;

class Folding {
  readonly #categories = new Map<number, StoredCategory>();
  readonly #products = new Map<number, StoredProduct>();
  readonly #stock = new Map<number, { readonly onHand: number; readonly imported: boolean }>();
  readonly #users = new Map<string, StoredUser>();
  readonly #orders = new Map<string, StoredOrder>();
  /** The order placed last: what the import recorded with it follows at once, in the same append. */
  #open: ComparedOrder | null = null;
  #openId = '';
  /** Of the import; otherwise the id of the order. */
  #openCommand = '';

  constructor(private readonly commandIdOf: CommandIdOf) {}

  add(event: Envelope<AnyFact>): void {
    switch (event.type) {
      case 'CategoryAdded': {
        const { cat_id, code, name, parent_cat_id } = event.data;
        this.#categories.set(cat_id, { code, name, parent_cat_id, removed: false });
        break;
      }
      case 'CategoryRenamed':
        this.#change(this.#categories, event.data.cat_id, { name: event.data.name });
        break;
      case 'CategoryMoved':
        this.#change(this.#categories, event.data.cat_id, { parent_cat_id: event.data.parent_cat_id });
        break;
      case 'CategoryRemoved':
        this.#change(this.#categories, event.data.cat_id, { removed: true });
        break;
      case 'ProductAdded': {
        const { product_id, sku, name, price, currency, cat_ids } = event.data;
        const toBeRetired = event.metadata.command_id === this.commandIdOf('AddRetiredProduct', String(product_id));
        this.#products.set(product_id, { sku, name, price, currency, cat_ids, retired: false, toBeRetired });
        break;
      }
      case 'ProductRenamed':
        this.#change(this.#products, event.data.product_id, { name: event.data.name });
        break;
      case 'ProductPriced':
        this.#change(this.#products, event.data.product_id, { price: event.data.price });
        break;
      case 'ProductCategorised':
        this.#change(this.#products, event.data.product_id, { cat_ids: event.data.cat_ids });
        break;
      case 'ProductRetired':
      case 'ProductReinstated':
        this.#change(this.#products, event.data.product_id, {
          retired: event.type === 'ProductRetired',
          toBeRetired: false,
        });
        break;
      case 'StockCounted': {
        const id = Number(streamId(event.stream));
        const imported = event.metadata.actor.kind === IMPORT;
        if (imported || !this.#stock.has(id)) this.#stock.set(id, { onHand: event.data.on_hand, imported });
        break;
      }
      case 'StockTrackingEnded': {
        const id = Number(streamId(event.stream));
        // What was imported stays so: the same import, once more, is to append nothing.
        if (this.#stock.get(id)?.imported === false) this.#stock.delete(id);
        break;
      }
      case 'UserRegistered':
      case 'UserDetailsChanged': {
        const { user_id, name, email } = event.data;
        const { has_id_proof, registered_at } =
          event.type === 'UserRegistered'
            ? { has_id_proof: event.data.id_proof !== null, registered_at: event.data.registered_at }
            : (this.#users.get(user_id) ?? { has_id_proof: false, registered_at: '' });
        this.#users.set(user_id, name === null || email === null ? null : { name, email, has_id_proof, registered_at });
        break;
      }
      case 'IdProofReplaced': {
        const user = this.#users.get(event.data.user_id);
        if (user) this.#users.set(event.data.user_id, { ...user, has_id_proof: true });
        break;
      }
      case 'UserErased':
        this.#users.set(event.data.user_id, null);
        break;
      case 'OrderPlaced': {
        this.#close();
        const { number, order_id } = event.data;
        // Before version 2 it was the name of the stream alone.
        const external_reference = number === null ? undefined : event.data.external_reference;
        const later = { paid_at: null, cancelled_at: null, reference: null, reason: null };
        this.#open = { ...event.data, ...later, external_reference };
        this.#openId = order_id;
        this.#openCommand = event.metadata.actor.kind === IMPORT ? event.metadata.command_id : order_id;
        break;
      }
      case 'OrderPaid':
        if (this.#open && this.#imported(event)) {
          const { paid_at, reference } = event.data;
          this.#open = { ...this.#open, paid_at, reference };
        }
        break;
      case 'OrderCancelled':
        if (this.#open && this.#imported(event)) {
          const { cancelled_at, reason } = event.data;
          this.#open = { ...this.#open, cancelled_at, reason };
        }
        break;
      case 'ClaimAbandoned':
      case 'OrderAbandoned':
        break;
    }
  }

  done(): StoredState {
    this.#close();
    const stock = new Map([...this.#stock].map(([id, { onHand }]) => [id, onHand] as const));
    return { categories: this.#categories, products: this.#products, stock, users: this.#users, orders: this.#orders };
  }

  #imported(event: Envelope<OrderFact>): boolean {
    return event.data.order_id === this.#openId && event.metadata.actor.kind === IMPORT;
  }

  #close(): void {
    if (this.#open) {
      const stored = storedOrder(this.#open);
      this.#orders.set(this.#openId, stored);
      this.#orders.set(this.#openCommand, stored);
    }
    this.#open = null;
  }

  #change<Id, T extends object>(things: Map<Id, T>, id: Id, change: Partial<T>): void {
    const thing = things.get(id);
    if (thing) things.set(id, { ...thing, ...change });
  }
}
