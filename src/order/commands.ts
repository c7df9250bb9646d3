/** What a caller must say, and what the edge adds: the catalog's and the user's facts of the moment. */

export interface RequestedLine {
  readonly product_id: number;
  readonly quantity: number;
}

/** A product as the catalog has it when the order is placed. */
export interface ProductFacts {
  readonly sku: string;
  readonly name: string;
  readonly price: number;
  readonly currency: string;
  readonly status: 'active' | 'retired';
  /** False: its stock is not tracked. True: it is, or may be, and its stream has the last word. */
  readonly tracked: boolean;
}

export interface BuyerFacts {
  readonly status: 'active' | 'erased';
  readonly hasIdProof: boolean;
}

/** What another system calls an order; one user has no two orders of the same reference. */
export interface ExternalReference {
  readonly reference: string;
  /** Keyed hash of it. */
  readonly hash: string;
}

export type PlaceOrder = {
  readonly type: 'PlaceOrder';
  readonly order_id: string;
  readonly user_id: string;
  readonly number: number;
  /** Null if the caller gives none. If there is one, the id of the order follows from it. */
  readonly external: ExternalReference | null;
  readonly items: readonly RequestedLine[];
  readonly placed_at: string;
  /** Null: there is no such user. */
  readonly buyer: BuyerFacts | null;
  readonly products: ReadonlyMap<number, ProductFacts>;
  /** Stock that is held for it, in ascending product_id, one entry a product. */
  readonly reserved: readonly { readonly product_id: number; readonly quantity: number }[];
};

/** Makes sure that the order is never placed. Only what takes over its reservation sends it. */
export type AbandonOrder = {
  readonly type: 'AbandonOrder';
  readonly order_id: string;
  readonly abandoned_at: string;
};

export type MarkPaid = { readonly type: 'MarkPaid'; readonly reference: string | null; readonly at: string };
export type CancelOrder = { readonly type: 'CancelOrder'; readonly reason: string | null; readonly at: string };

/** An order from another system: prices and times are given. Only the import sends it. */
export type ImportOrder = {
  readonly type: 'ImportOrder';
  readonly order_id: string;
  readonly user_id: string;
  readonly number: number;
  readonly external: ExternalReference | null;
  readonly currency: string;
  readonly items: readonly (RequestedLine & {
    readonly sku: string;
    readonly name: string;
    readonly unit_price: number;
  })[];
  readonly placed_at: string;
  readonly paid_at: string | null;
  readonly cancelled_at: string | null;
  /** The payment's. */
  readonly reference: string | null;
  readonly reason: string | null;
};

export type OrderCommand = PlaceOrder | AbandonOrder | MarkPaid | CancelOrder | ImportOrder;
