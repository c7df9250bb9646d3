import type { RowFaults } from './finding.js';
import type { OrderLineRow } from './rows.js';
import { currencyCode, inRange, instant, MAX_ID, plainText, type Range } from './values.js';

const MAX_LINES = 2_000;
const ID: Range = { min: 1, max: MAX_ID };
const QUANTITY: Range = { min: 1, max: 1_000_000 };
const MONEY: Range = { min: 0, max: Number.MAX_SAFE_INTEGER };

const ORDER_FIELDS = ['order_ref', 'user_ref', 'placed_at', 'currency', 'items', 'paid_at', 'cancelled_at'];
const ITEM_FIELDS = ['sku', 'product_id', 'quantity', 'unit_price'];

/** An order as its line says, before it is looked at beside others. */
export interface OrderOnLine {
  readonly order_ref: string;
  readonly user_ref: string;
  readonly currency: string;
  readonly items: readonly Omit<OrderLineRow, 'name'>[];
  readonly placed_at: string;
  readonly paid_at: string | null;
  readonly cancelled_at: string | null;
}

type JsonFields = Readonly<Record<string, unknown>>;

/** Null: something is wrong with the order's form; all of it is reported. */
export function readOrder(value: unknown, faults: RowFaults): OrderOnLine | null {
  const fields = fieldsOf(value, '$', '', ORDER_FIELDS, faults);
  if (!fields) return null;
  const order_ref = text(fields, 'order_ref', '', 200, faults);
  const user_ref = text(fields, 'user_ref', '', 200, faults);
  const placed_at = time(fields, 'placed_at', faults);
  const paid_at = (fields['paid_at'] ?? null) === null ? null : time(fields, 'paid_at', faults);
  const cancelled_at = (fields['cancelled_at'] ?? null) === null ? null : time(fields, 'cancelled_at', faults);
  const given = string(fields, 'currency', '', faults);
  const currency = given === null ? null : currencyCode(faults, 'currency', given);
  const items = readItems(fields['items'], faults);
  if (paid_at !== null && cancelled_at !== null) {
    faults.add('cancelled_at', shown(fields['cancelled_at']), 'an order is paid or cancelled, not both');
  }
  for (const [column, at] of Object.entries({ paid_at, cancelled_at })) {
    if (at !== null && placed_at !== null && at < placed_at)
      faults.add(column, shown(fields[column]), `is before placed_at, ${shown(fields['placed_at'])}`);
  }
  if (faults.any || order_ref === null || user_ref === null || placed_at === null || currency === null) return null;
  return { order_ref, user_ref, currency, items, placed_at, paid_at, cancelled_at };
}

function readItems(value: unknown, faults: RowFaults): Omit<OrderLineRow, 'name'>[] {
  if (!Array.isArray(value) || value.length === 0) {
    faults.add('items', shown(value), 'is not a list of one item or more');
    return [];
  }
  if (value.length > MAX_LINES) {
    faults.add('items', `${value.length} items`, `an order has at most ${MAX_LINES} lines`);
    return [];
  }
  const items: Omit<OrderLineRow, 'name'>[] = [];
  let total = 0n;
  for (const [i, item] of value.entries()) {
    const at = `items[${i}].`;
    const fields = fieldsOf(item, `items[${i}]`, at, ITEM_FIELDS, faults);
    if (!fields) continue;
    const sku = text(fields, 'sku', at, 64, faults);
    const product_id = number(fields, 'product_id', at, ID, faults);
    const quantity = number(fields, 'quantity', at, QUANTITY, faults);
    const unit_price = number(fields, 'unit_price', at, MONEY, faults);
    if (sku === null || product_id === null || quantity === null || unit_price === null) continue;
    items.push({ product_id, sku, quantity, unit_price });
    total += BigInt(quantity) * BigInt(unit_price);
  }
  if (total > BigInt(Number.MAX_SAFE_INTEGER)) faults.add('items', String(total), 'the total is beyond 2^53 - 1');
  return items;
}

function fieldsOf(
  value: unknown,
  path: string,
  prefix: string,
  known: readonly string[],
  faults: RowFaults,
): JsonFields | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    faults.add(path, shown(value), 'is not a JSON object');
    return null;
  }
  for (const [name, field] of Object.entries(value)) {
    if (!known.includes(name)) faults.add(prefix + name, shown(field), 'unknown field');
  }
  return value as JsonFields;
}

function string(fields: JsonFields, name: string, prefix: string, faults: RowFaults): string | null {
  const value = fields[name];
  if (typeof value === 'string') return value;
  faults.add(prefix + name, shown(value), value === undefined ? 'is missing' : 'is not a text');
  return null;
}

function text(fields: JsonFields, name: string, prefix: string, max: number, faults: RowFaults): string | null {
  const value = string(fields, name, prefix, faults);
  return value === null ? null : plainText(faults, prefix + name, value, max);
}

function time(fields: JsonFields, name: string, faults: RowFaults): string | null {
  const value = string(fields, name, '', faults);
  return value === null ? null : instant(faults, name, value);
}

function number(fields: JsonFields, name: string, prefix: string, range: Range, faults: RowFaults): number | null {
  const value = fields[name];
  if (typeof value === 'number') return inRange(faults, prefix + name, value, String(value), range);
  faults.add(prefix + name, shown(value), value === undefined ? 'is missing' : 'is not a whole number in plain digits');
  return null;
}

function shown(value: unknown): string {
  if (value === undefined) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
