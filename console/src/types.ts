/** Short names for what the API answers; the types are those of the client. */
import type { Schemas } from '@orderlog/client';

export type Order = Schemas['Order'];
export type OrderStatus = Schemas['OrderStatus'];
export type OrderCounts = Schemas['OrderCounts'];
export type HistoryEntry = Schemas['HistoryEntry'];
export type User = Schemas['User'];
export type Category = Schemas['Category'];
export type CategoryNode = Schemas['CategoryNode'];
export type Product = Schemas['Product'];
export type Stock = Schemas['Stock'];
/** `stream` is named where events of several streams stand together. */
export type StoredEvent = Schemas['RecordedEvent'] & { readonly stream?: string };

export const ORDER_STATUSES: readonly OrderStatus[] = ['placed', 'paid', 'cancelled'];
