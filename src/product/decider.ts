import { type Decider, type Envelope, type Fault, Refusal } from '../engine/index.js';
import type { ChangeProduct, ProductCommand } from './commands.js';
import type { ProductFact } from './events.js';

export interface Product {
  readonly product_id: number;
  readonly sku: string;
  readonly name: string;
  readonly price: number;
  readonly currency: string;
  readonly cat_ids: readonly number[];
  readonly status: 'active' | 'retired';
}

/** Null: there is no such product; a stream may hold abandoned claims all the same. */
export type ProductState = Product | null;

export const productDecider: Decider<ProductState, ProductCommand, ProductFact> = {
  initialState: null,
  decide,
  evolve,
};

function decide(state: ProductState, command: ProductCommand): ProductFact[] {
  switch (command.type) {
    case 'AddProduct': {
      if (state) throw new Refusal('product-exists', `Product ${command.product_id} exists already.`);
      refuseUnknown(command.unknownCategories);
      const { product_id, sku, name, price, currency, at } = command;
      const cat_ids = distinct(command.cat_ids);
      return [{ type: 'ProductAdded', data: { product_id, sku, name, price, currency, cat_ids, added_at: at } }];
    }
    case 'ChangeProduct':
      return change(known(state), command);
    case 'RetireProduct': {
      const { product_id, status } = known(state);
      return status === 'retired' ? [] : [{ type: 'ProductRetired', data: { product_id, retired_at: command.at } }];
    }
    case 'ReinstateProduct': {
      const { product_id, status } = known(state);
      return status === 'active'
        ? []
        : [{ type: 'ProductReinstated', data: { product_id, reinstated_at: command.at } }];
    }
  }
}

function evolve(state: ProductState, event: Envelope<ProductFact>): ProductState {
  switch (event.type) {
    case 'ClaimAbandoned':
      return state;
    case 'ProductAdded': {
      const { product_id, sku, name, price, currency, cat_ids } = event.data;
      return { product_id, sku, name, price, currency, cat_ids, status: 'active' };
    }
    case 'ProductRenamed':
      return { ...known(state), name: event.data.name };
    case 'ProductPriced':
      return { ...known(state), price: event.data.price };
    case 'ProductCategorised':
      return { ...known(state), cat_ids: event.data.cat_ids };
    case 'ProductRetired':
      return { ...known(state), status: 'retired' };
    case 'ProductReinstated':
      return { ...known(state), status: 'active' };
  }
}

/** One event for each thing that really changes. */
function change(product: Product, command: ChangeProduct): ProductFact[] {
  refuseUnknown(command.unknownCategories);
  const { product_id } = product;
  const { name, price, at } = command;
  const facts: ProductFact[] = [];
  if (name !== undefined && name !== product.name) {
    facts.push({ type: 'ProductRenamed', data: { product_id, name, renamed_at: at } });
  }
  if (price !== undefined && price !== product.price) {
    facts.push({ type: 'ProductPriced', data: { product_id, price, priced_at: at } });
  }
  const cat_ids = command.cat_ids && distinct(command.cat_ids);
  if (cat_ids && !sameSet(cat_ids, product.cat_ids)) {
    facts.push({ type: 'ProductCategorised', data: { product_id, cat_ids, categorised_at: at } });
  }
  return facts;
}

function refuseUnknown(faults: readonly Fault[]): void {
  if (faults.length > 0) throw new Refusal('unknown-category', 'There are no such categories.', faults);
}

function known(state: ProductState): Product {
  if (!state) throw new Refusal('product-not-found', 'There is no such product.');
  return state;
}

function distinct(ids: readonly number[]): number[] {
  return [...new Set(ids)];
}

function sameSet(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((id) => b.includes(id));
}
