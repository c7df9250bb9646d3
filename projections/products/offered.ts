import type { Engine } from '../../src/engine/index.js';
import { products } from './projection.js';

export interface FoundProduct {
  readonly product_id: number;
  readonly sku: string;
  readonly name: string;
  /** Minor units of the currency. */
  readonly price: number;
  readonly currency: string;
  readonly status: 'active' | 'retired';
}

/** Products by their ids. */
export const offered: Parameters<Engine['jointQuery']>[1][number] = {
  model: products,
  text: `
    select coalesce(json_agg(json_build_object(
      'product_id', p.product_id, 'sku', p.sku, 'name', p.name, 'price', p.price, 'currency', p.currency,
      'status', p.status)), '[]')
    from {schema}.products p where p.product_id = any($1::integer[])`,
};
