/** What the API answers, as far as the screens show it. */
export interface Problem {
  readonly status: number;
  readonly code: string;
  readonly title: string;
  readonly detail?: string;
  readonly request_id?: string;
  readonly errors?: readonly { readonly path: string; readonly message: string }[];
}

export type OrderStatus = 'placed' | 'paid' | 'cancelled';
export const ORDER_STATUSES: readonly OrderStatus[] = ['placed', 'paid', 'cancelled'];

export interface HistoryEntry {
  readonly status: OrderStatus;
  readonly at: string;
  readonly by: { readonly kind: string; readonly id: string | null } | null;
  readonly reason?: string | null;
  readonly reference?: string | null;
}

export interface OrderLine {
  readonly line: number;
  readonly product_id: number;
  readonly sku: string;
  readonly name: string;
  readonly quantity: number;
  readonly unit_price: number;
  readonly line_total: number;
}

export interface Order {
  readonly order_id: string;
  readonly number?: string | null;
  readonly external_reference?: string | null;
  readonly user_id: string;
  readonly status: OrderStatus;
  readonly currency: string;
  readonly total: number;
  readonly items: readonly OrderLine[];
  readonly history: readonly HistoryEntry[];
  readonly placed_at: string;
  readonly allowed_actions: readonly string[];
  readonly revision: number;
}

export interface User {
  readonly user_id: string;
  readonly name: string | null;
  readonly email: string | null;
  readonly status: 'active' | 'erased';
  readonly id_proof: { document_id: string; sha256: string | null; bytes: number; uploaded_at: string } | null;
  readonly registered_at: string;
  readonly updated_at: string;
  readonly revision: number;
}

export interface Category {
  readonly cat_id: number;
  readonly code: string | null;
  readonly name: string;
  readonly parent_cat_id: number | null;
  readonly total_products: number;
  readonly revision: number;
}

export interface CategoryNode {
  readonly cat_id: number;
  readonly name: string;
  readonly total_products: number;
  readonly child_categories: readonly CategoryNode[];
}

export interface Product {
  readonly product_id: number;
  readonly sku: string;
  readonly name: string;
  readonly price: number;
  readonly currency: string;
  readonly cat_ids: readonly number[];
  readonly status: 'active' | 'retired';
  readonly available?: number | null;
  readonly revision: number;
}

export interface Stock {
  readonly product_id: number;
  readonly on_hand: number;
  readonly reserved: number;
  readonly available: number;
  readonly revision: number;
}

export type OrderCounts = Readonly<Record<OrderStatus, number>>;

export interface StoredEvent {
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly stream?: string;
  readonly revision: number;
  readonly position: string;
  readonly recorded_at: string;
}
