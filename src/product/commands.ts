import type { Fault } from '../engine/index.js';

export type AddProduct = {
  readonly type: 'AddProduct';
  readonly product_id: number;
  readonly sku: string;
  readonly name: string;
  /** Minor units of the currency. */
  readonly price: number;
  readonly currency: string;
  readonly cat_ids: readonly number[];
  /** Which of the categories the tree does not have, told by who knows the tree. */
  readonly unknownCategories: readonly Fault[];
  readonly at: string;
};

export type ChangeProduct = {
  readonly type: 'ChangeProduct';
  readonly name?: string;
  readonly price?: number;
  readonly cat_ids?: readonly number[];
  readonly unknownCategories: readonly Fault[];
  readonly at: string;
};

export type RetireProduct = { readonly type: 'RetireProduct'; readonly at: string };
export type ReinstateProduct = { readonly type: 'ReinstateProduct'; readonly at: string };

export type ProductCommand = AddProduct | ChangeProduct | RetireProduct | ReinstateProduct;
