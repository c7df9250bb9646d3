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
/** The stream and the id are named where events of several streams stand together. */
export type StoredEvent = Schemas['RecordedEvent'] & Partial<Pick<Schemas['LogEvent'], 'stream' | 'event_id'>>;

export const ORDER_STATUSES: readonly OrderStatus[] = ['placed', 'paid', 'cancelled'];
