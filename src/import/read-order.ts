import { MAX_ID, MAX_LINES, MAX_NAME, MAX_QUANTITY, MAX_REMARK, MAX_SKU } from '../values.js';
import type { RowFaults } from './finding.js';
import type { OrderLineRow } from './rows.js';
import { asWritten, BROKEN, numberAsWritten } from './order-json.js';
import { currencyCode, inRange, instant, MONEY, plainText, type Range, wholeNumber } from './values.js';

const ID: Range = { min: 1, max: MAX_ID };
const QUANTITY: Range = { min: 1, max: MAX_QUANTITY };

const ORDER_FIELDS = [
  'order_ref',
  'user_ref',
  'placed_at',
  'currency',
  'items',
  'paid_at',
  'cancelled_at',
  'external_reference',
  'reference',
  'reason',
];
const ITEM_FIELDS = ['sku', 'product_id', 'quantity', 'unit_price', 'name'];

/** An order as its line says, before it is looked at beside others. */
export interface OrderOnLine {
  readonly order_ref: string;
  readonly user_ref: string;
  readonly currency: string;
  readonly items: readonly ItemOnLine[];
  readonly placed_at: string;
  readonly paid_at: string | null;
  readonly cancelled_at: string | null;
  /** The reference of the order, unless the line says another one or none: as long as one, for an export says it. */
  readonly external_reference: string | null;
  readonly reference: string | null;
  readonly reason: string | null;
}

type ItemOnLine = Omit<OrderLineRow, 'name'> & {
  /** Null: the product's. */
  readonly name: string | null;
};
type Known<T> = { readonly [Field in keyof T]: T[Field] | undefined };

/** What could be read of an order: what is undefined is bad, and reported. Null: it is no order at all. */
export interface ReadOrder extends Pick<Known<OrderOnLine>, 'order_ref' | 'user_ref' | 'currency'> {
  readonly items: readonly (Known<ItemOnLine> & { readonly index: number })[];
  /** Null unless all of it is good. */
  readonly order: OrderOnLine | null;
}

type JsonFields = Readonly<Record<string, unknown>>;

export function readOrder(value: unknown, faults: RowFaults): ReadOrder | null {
  const fields = fieldsOf(value, '$', '', ORDER_FIELDS, faults);
  if (!fields) return null;
  const order_ref = text(fields, 'order_ref', '', MAX_NAME, faults) ?? undefined;
  const user_ref = text(fields, 'user_ref', '', MAX_NAME, faults) ?? undefined;
  const placed_at = time(fields, 'placed_at', faults);
  const paid_at = (fields['paid_at'] ?? null) === null ? null : time(fields, 'paid_at', faults);
  const cancelled_at = (fields['cancelled_at'] ?? null) === null ? null : time(fields, 'cancelled_at', faults);
  const given = string(fields, 'currency', '', faults);
  const currency = given === null ? undefined : (currencyCode(faults, 'currency', given) ?? undefined);
  const items = readItems(fields['items'], faults);
  const external_reference =
    'external_reference' in fields ? remark(fields, 'external_reference', MAX_NAME, faults) : (order_ref ?? null);
  const reference = remark(fields, 'reference', MAX_REMARK, faults);
  const reason = remark(fields, 'reason', MAX_REMARK, faults);
  if (reference !== null && paid_at === null) faults.add('reference', reference, 'the order is not paid');
  if (reason !== null && cancelled_at === null) faults.add('reason', reason, 'the order is not cancelled');
  if (paid_at !== null && cancelled_at !== null) {
    faults.add('cancelled_at', asWritten(fields['cancelled_at']), 'an order is paid or cancelled, not both');
  }
  for (const [column, at] of Object.entries({ paid_at, cancelled_at })) {
    if (at !== null && placed_at !== null && at < placed_at)
      faults.add(column, asWritten(fields[column]), `is before placed_at: ${asWritten(fields['placed_at'])}`);
  }
  const times = { placed_at, paid_at, cancelled_at };
  const remarks = { external_reference, reference, reason };
  const order = { order_ref, user_ref, currency, items: items.map(withoutIndex), ...times, ...remarks };
  return { order_ref, user_ref, currency, items, order: faults.any ? null : (order as OrderOnLine) };
}

function readItems(value: unknown, faults: RowFaults): ReadOrder['items'] {
  if (!Array.isArray(value) || value.length === 0) {
    faults.add('items', asWritten(value), value === undefined ? 'is missing' : 'is not a list of one item or more');
    return [];
  }
  if (value.length > MAX_LINES) {
    faults.add('items', `${value.length} items`, `an order has at most ${MAX_LINES} lines`);
    return [];
  }
  const items: ReadOrder['items'][number][] = [];
  let total = 0n;
  for (const [index, item] of value.entries()) {
    const at = `items[${index}].`;
    const fields = fieldsOf(item, `items[${index}]`, at, ITEM_FIELDS, faults);
    if (!fields) continue;
    const sku = text(fields, 'sku', at, MAX_SKU, faults) ?? undefined;
    const product_id = number(fields, 'product_id', at, ID, faults) ?? undefined;
    const quantity = number(fields, 'quantity', at, QUANTITY, faults) ?? undefined;
    const unit_price = number(fields, 'unit_price', at, MONEY, faults) ?? undefined;
    const name = (fields['name'] ?? null) === null ? null : (text(fields, 'name', at, MAX_NAME, faults) ?? undefined);
    items.push({ index, product_id, sku, name, quantity, unit_price });
    if (quantity !== undefined && unit_price !== undefined) total += BigInt(quantity) * BigInt(unit_price);
  }
  if (total > BigInt(Number.MAX_SAFE_INTEGER)) faults.add('items', String(total), 'the total is beyond 2^53 - 1');
  return items;
}

function withoutIndex({ index: _, ...item }: ReadOrder['items'][number]): Known<ItemOnLine> {
  return item;
}

function fieldsOf(
  value: unknown,
  path: string,
  prefix: string,
  known: readonly string[],
  faults: RowFaults,
): JsonFields | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    if (value !== BROKEN) faults.add(path, asWritten(value), `is not a JSON object${hint(path, value)}`);
    return null;
  }
  for (const [name, field] of Object.entries(value)) {
    if (!known.includes(name)) faults.add(prefix + name, asWritten(field), 'unknown field');
  }
  return value as JsonFields;
}

function hint(path: string, value: unknown): string {
  return path === '$' && Array.isArray(value)
    ? ': write each order on a line of its own, without a list around them'
    : '';
}

function string(fields: JsonFields, name: string, prefix: string, faults: RowFaults): string | null {
  const value = fields[name];
  if (typeof value === 'string') return value;
  if (value === BROKEN) return null;
  const isNumber = typeof value === 'number' || numberAsWritten(value) !== null;
  const message = value === undefined ? 'is missing' : `is not a text${isNumber ? ': put it in quotes' : ''}`;
  faults.add(prefix + name, asWritten(value), message);
  return null;
}

function text(fields: JsonFields, name: string, prefix: string, max: number, faults: RowFaults): string | null {
  const value = string(fields, name, prefix, faults);
  return value === null ? null : plainText(faults, prefix + name, value, max);
}

/** Null if there is none. */
function remark(fields: JsonFields, name: string, max: number, faults: RowFaults): string | null {
  if ((fields[name] ?? null) === null) return null;
  const value = string(fields, name, '', faults);
  return value === null ? null : plainText(faults, name, value, max);
}

function time(fields: JsonFields, name: string, faults: RowFaults): string | null {
  const value = string(fields, name, '', faults);
  return value === null ? null : instant(faults, name, value);
}

function number(fields: JsonFields, name: string, prefix: string, range: Range, faults: RowFaults): number | null {
  const value = fields[name];
  const column = prefix + name;
  if (typeof value === 'number') return inRange(faults, column, value, String(value), range);
  const written = numberAsWritten(value);
  if (written !== null) return wholeNumber(faults, column, written, range);
  if (value === BROKEN) return null;
  if (value === undefined) faults.add(column, '', 'is missing');
  else if (typeof value === 'string') faults.add(column, value, IN_QUOTES);
  else faults.add(column, asWritten(value), 'is not a whole number in plain digits');
  return null;
}

const IN_QUOTES = 'is not a whole number in plain digits: it is a text. Leave out the quotes';
