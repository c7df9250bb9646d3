/** What clerks do to the stock of a product, and what happens to it for orders. */
import type { Position } from '../engine/index.js';

export type CountStock = { readonly type: 'CountStock'; readonly on_hand: number; readonly reason: string | null };
export type ReceiveStock = {
  readonly type: 'ReceiveStock';
  readonly quantity: number;
  readonly reference: string | null;
};
export type AdjustStock = { readonly type: 'AdjustStock'; readonly quantity: number; readonly reason: string };
export type EndStockTracking = { readonly type: 'EndStockTracking'; readonly reason: string | null };

/** Promises stock to an order that is about to be placed. */
export type ReserveStock = { readonly type: 'ReserveStock'; readonly order_id: string; readonly quantity: number };

export type ReleaseStock = {
  readonly type: 'ReleaseStock';
  readonly order_id: string;
  readonly cause: 'cancelled' | 'abandoned' | 'refused';
};

/** The order is paid. */
export type IssueStock = {
  readonly type: 'IssueStock';
  readonly order_id: string;
  /** Of the event that placed the order: what was reserved after it is no part of it. */
  readonly placed: Position;
};

export type StockCommand =
  CountStock | ReceiveStock | AdjustStock | EndStockTracking | ReserveStock | ReleaseStock | IssueStock;
