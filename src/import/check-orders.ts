import { isUtf8 } from 'node:buffer';
import { bounds } from '../engine/index.js';
import { LEFT_OUT, RowFaults } from './finding.js';
import { splitLines } from './lines.js';
import { readJson } from './order-json.js';
import { OrderNames } from './order-names.js';
import type { Check, CheckOptions, PlannedOrders, Sellable } from './plan.js';
import { type OrderOnLine, type ReadOrder, readOrder } from './read-order.js';
import type { OrderRow } from './rows.js';
import { assertUnchanged, contentOf } from './source.js';
import { differences, type StoredOrder } from './stored.js';

/** Whom and what orders may name. */
export interface OrderReferences {
  readonly user: (userRef: string) => 'there' | 'unknown' | 'erased' | 'left out';
  /** `left out`: its row is bad; `unchecked`: its file could not be read. */
  readonly product: (productId: number) => Sellable | 'unknown' | 'left out' | 'unchecked';
  readonly sellable: ReadonlyMap<number, Sellable>;
}

/** Room for what an event holds beside its items. */
const ENVELOPE_BYTES = 2_048;
/** Fewer lines than this can't make an event too large, with the longest names there are. */
const LINES_SURELY_SMALL = 300;

export async function checkOrders(
  check: Check,
  references: OrderReferences,
): Promise<{ orders: PlannedOrders | null; skipped: number }> {
  const source = check.sources['orders.ndjson'];
  if (!source) return { orders: null, skipped: 0 };
  const { findings, options, stored } = check;
  const passedOver = new Set<number>();
  const names = new OrderNames();
  const idsOf = idsBy(options);
  let skipped = 0;
  let count = 0;
  for await (const line of splitLines(contentOf(source))) {
    options.signal?.throwIfAborted();
    options.progress?.advance();
    const faults = new RowFaults(findings, source.name, line.line);
    const value = readJson(line, faults, source.isForeign);
    if (source.isForeign && line.bytes && !isUtf8(line.bytes)) break;
    const read = value === undefined ? null : readOrder(value, faults);
    const ref = orderRef(value);
    if (ref !== null) {
      const first = names.take(ref, line.line);
      if (first !== undefined) faults.add('order_ref', ref, `duplicate reference: it stands on line ${first} already`);
    }
    if (read?.order) {
      const { external_reference } = read.order;
      const other = names.takeExternal(read.order, line.line);
      if (other !== undefined && external_reference !== null)
        faults.add(
          'external_reference',
          external_reference,
          `the user has an order of this reference on line ${other}`,
        );
    }
    const known = ref === null ? undefined : storedOrderOf(ref, read);
    if (known === undefined) {
      if (read) checkReferences(read, references, faults);
    } else if (read?.order && !faults.any) {
      compare(read.order, known, faults);
      if (!faults.any) skipped++;
    }
    if (!read?.order || faults.any || known !== undefined) passedOver.add(line.line);
    else count++;
  }
  const { sellable } = references;
  // A file in another encoding was not read to its end.
  const orders = source.isForeign ? null : { source, count, passedOver, sellable, idsOf };
  return { orders, skipped };

  /** The order that was imported under the reference, whose ever it is, or that the user has under it. */
  function storedOrderOf(order_ref: string, read: ReadOrder | null): StoredOrder | undefined {
    if (stored.orders.size === 0) return undefined;
    const imported = stored.orders.get(options.commandIdOf('ImportOrder', order_ref));
    const user_ref = read?.user_ref;
    if (imported !== undefined || user_ref === undefined) return imported;
    const external_reference = externalOf(read, order_ref);
    return stored.orders.get(idsOf({ order_ref, user_ref, external_reference }).order_id);
  }
  function compare(order: OrderOnLine, known: StoredOrder, faults: RowFaults): void {
    const { user_id } = idsOf(order);
    const isReadable = stored.users.get(user_id) !== null;
    for (const [column, value] of differences(known, { ...order, user_id }, isReadable)) {
      faults.add(column, value, 'differs from what is stored under this reference');
    }
  }
}

/** No reference of another system holds this character. */
const WITHOUT_EXTERNAL = '\0';

/** The order_ref of an order without an external reference may be the external reference of another: their ids differ. */
function idsBy({ userIdFor, orderIdFor }: CheckOptions): PlannedOrders['idsOf'] {
  return ({ order_ref, user_ref, external_reference }) => {
    const user_id = userIdFor(user_ref);
    return { user_id, order_id: orderIdFor(user_id, external_reference ?? WITHOUT_EXTERNAL + order_ref) };
  };
}

/** Also of an order that is bad otherwise: another one of its reference is no better. */
function orderRef(value: unknown): string | null {
  const { order_ref = null } = (value ?? {}) as { order_ref?: unknown };
  return typeof order_ref === 'string' ? order_ref : null;
}

/** What other systems call the order, if its line can be read. */
function externalOf(read: ReadOrder | null, ref: string): string | null {
  return read?.order ? read.order.external_reference : ref;
}

/** The orders of a plan, read once more. @throws Error when the file is not what it was */
export async function* plannedOrders(planned: PlannedOrders): AsyncGenerator<OrderRow> {
  const { source, passedOver, sellable, idsOf } = planned;
  await assertUnchanged(source);
  for await (const line of splitLines(contentOf(source))) {
    if (passedOver.has(line.line)) continue;
    const faults = new RowFaults(UNTOLD, source.name, line.line);
    const order = readOrder(readJson(line, faults), faults)?.order;
    if (!order) throw new Error(`${source.path} was changed while it was being imported: run the import again`);
    yield {
      ...order,
      ...idsOf(order),
      line: line.line,
      items: order.items.map((item) => ({
        ...item,
        name: item.name ?? sellable.get(item.product_id)?.name ?? item.sku,
      })),
    };
  }
}

/** What the check found out has been told. */
const UNTOLD = { rows: 0, add: () => undefined };

function checkReferences(read: ReadOrder, references: OrderReferences, faults: RowFaults): void {
  const { user_ref, order } = read;
  if (user_ref !== undefined) {
    const user = references.user(user_ref);
    if (user === 'unknown') faults.add('user_ref', user_ref, 'unknown user');
    else if (user === 'erased') faults.add('user_ref', user_ref, 'the user has been erased');
    else if (user === 'left out') faults.add('user_ref', user_ref, `the user is left out: ${LEFT_OUT}`);
  }
  for (const { index, product_id, sku } of read.items) {
    if (product_id === undefined) continue;
    const product = references.product(product_id);
    if (product === 'unchecked') continue;
    const column = `items[${index}].product_id`;
    const id = String(product_id);
    if (product === 'unknown') faults.add(column, id, 'unknown product');
    else if (product === 'left out') faults.add(column, id, `the product is left out: ${LEFT_OUT}`);
    else {
      if (product.retired) faults.add(column, id, 'the product is retired');
      if (sku !== undefined && product.sku !== sku)
        faults.add(`items[${index}].sku`, sku, `is another SKU: the SKU of product ${id} is ${product.sku}`);
      if (read.currency !== undefined && product.currency !== read.currency) {
        const message = `is another currency: product ${id} (items[${index}]) is sold in ${product.currency}`;
        faults.add('currency', read.currency, message);
      }
    }
  }
  if (order && order.items.length > LINES_SURELY_SMALL) checkSize(order, references, faults);
}

function checkSize({ items }: OrderOnLine, references: OrderReferences, faults: RowFaults): void {
  const named = items.map((item, i) => {
    const product = references.product(item.product_id);
    return { line: i + 1, ...item, name: item.name ?? (typeof product === 'string' ? '' : product.name) };
  });
  if (Buffer.byteLength(JSON.stringify(named)) + ENVELOPE_BYTES <= bounds.eventBytes) return;
  faults.add('items', `${items.length} items`, `the event would take more than ${bounds.eventBytes} bytes`);
}
