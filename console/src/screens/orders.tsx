/** Orders, newest first, with the filters that the API has. */
import type { VNode } from 'preact';
import { useLocation } from 'preact-iso';
import { useEffect, useState } from 'preact/hooks';
import { api, isDenied } from '../api.js';
import { isoOf, localOf, named, number } from '../format.js';
import { type Order, ORDER_STATUSES } from '../types.js';
import { CategoryPicker } from '../ui/category-picker.js';
import { type Filters, useFilters } from '../ui/filters.js';
import { Card, DeniedScreen, Empty, Field, Id, Loaded, Money, OrderBadge, Time } from '../ui/parts.js';
import { usePages } from '../ui/pages.js';
import type { PickerFieldProps } from '../ui/picker.js';
import { ProductPicker, UserPicker } from '../ui/thing-pickers.js';
import { TotalFilter } from './total-filter.js';

const SORTS = [
  ['', 'Newest first'],
  ['placed_at', 'Oldest first'],
  ['-total', 'Largest total first'],
  ['total', 'Smallest total first'],
  ['-updated_at', 'Latest change first'],
] as const;

/** Names of the API's filters, each with its label. */
const FIELDS = [
  ['number', 'Order number', 'O-000123'],
  ['external_reference', 'External reference', ''],
] as const;
const PICKERS = [
  ['user_id', 'User', UserPicker],
  ['product_id', 'Product', OrderedProductPicker],
  ['cat_id', 'Category, with all below it', CategoryPicker],
] as const;
const REFINING = [...[...FIELDS, ...PICKERS].map(([name]) => name), 'currency', 'total_min', 'total_max'];

/** Retired products were ordered, too. */
function OrderedProductPicker(field: PickerFieldProps): VNode {
  return <ProductPicker {...field} withRetired />;
}

export function Orders(): VNode {
  const filters = useFilters();
  const { values } = filters;
  const pages = usePages(`orders ${JSON.stringify(values)}`, (more, options) =>
    api.listOrders({ ...values, ...more }, options),
  );
  if (pages.error && isDenied(pages.error)) return <DeniedScreen title="Orders" error={pages.error} />;
  return (
    <div class="stack">
      <h1>Orders</h1>
      <OrderFilters {...filters} />
      <Card title="Orders" flush>
        <Loaded query={pages}>
          {(orders) =>
            orders.length === 0 ? (
              <NoOrders isFiltered={Object.keys(values).length > 0} />
            ) : (
              <OrderTable orders={orders} />
            )
          }
        </Loaded>
        {pages.more}
      </Card>
    </div>
  );
}

function NoOrders({ isFiltered }: { isFiltered: boolean }): VNode {
  return isFiltered ? (
    <Empty title="No order fits these filters.">
      <a href="/console/orders">Show all orders</a>
    </Empty>
  ) : (
    <Empty title="There are no orders yet.">
      Place one with <code>POST /v1/orders</code>, or run <code>npx orderlog demo</code> to make some up.
    </Empty>
  );
}

function OrderFilters({ values, set }: Filters): VNode {
  const statuses = new Set((values['status'] ?? '').split(',').filter(Boolean));
  const isRefined = REFINING.some((name) => values[name] !== undefined);
  const [isOpen, setOpen] = useState(isRefined);
  // Open as long as one is set, and not closed under the reader's hands when the last one is cleared.
  useEffect(() => {
    if (isRefined) setOpen(true);
  }, [isRefined]);
  return (
    <form class="stack-tight" onSubmit={(event) => event.preventDefault()} aria-label="Filters">
      <div class="filters">
        {ORDER_STATUSES.map((status) => (
          <label class="choice" key={status}>
            <input
              type="checkbox"
              checked={statuses.has(status)}
              onChange={({ currentTarget }) => {
                if (currentTarget.checked) statuses.add(status);
                else statuses.delete(status);
                set({ status: ORDER_STATUSES.filter((one) => statuses.has(one)).join(',') });
              }}
            />
            {status}
          </label>
        ))}
        <Field label="Placed from">
          <input
            type="datetime-local"
            value={localOf(values['placed_from'])}
            onChange={({ currentTarget }) => set({ placed_from: isoOf(currentTarget.value) })}
          />
        </Field>
        <Field label="Placed to">
          <input
            type="datetime-local"
            value={localOf(values['placed_to'])}
            onChange={({ currentTarget }) => set({ placed_to: isoOf(currentTarget.value) })}
          />
        </Field>
        <Field label="Sort">
          <select value={values['sort'] ?? ''} onChange={({ currentTarget }) => set({ sort: currentTarget.value })}>
            {SORTS.map(([value, label]) => (
              <option key={value} value={value}>
                {label}
              </option>
            ))}
          </select>
        </Field>
      </div>
      <details open={isOpen} onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
        <summary class="small">More filters</summary>
        <div class="filters">
          {FIELDS.map(([name, label, hint]) => (
            <Field key={name} label={label}>
              <input
                value={values[name] ?? ''}
                placeholder={hint}
                onChange={({ currentTarget }) => set({ [name]: currentTarget.value.trim() })}
              />
            </Field>
          ))}
          {PICKERS.map(([name, label, Picker]) => (
            <Picker
              key={name}
              name={name}
              label={label}
              initial={values[name] ?? ''}
              onPick={(id) => set({ [name]: id })}
            />
          ))}
          <TotalFilter values={values} set={set} />
        </div>
      </details>
    </form>
  );
}

export function OrderTable({ orders }: { orders: readonly Order[] }): VNode {
  const { route } = useLocation();
  return (
    <div class="table-frame">
      <table class="stacks">
        <thead>
          <tr>
            <th>Order</th>
            <th>Placed</th>
            <th>Status</th>
            <th class="wide-only">Items</th>
            <th class="number">Total</th>
          </tr>
        </thead>
        <tbody>
          {orders.map((order) => (
            <tr key={order.order_id} class="link-row" onClick={() => route(`/console/orders/${order.order_id}`)}>
              <td>
                <a class="nowrap" href={`/console/orders/${order.order_id}`}>
                  {order.number ?? <Id id={order.order_id} />}
                </a>
                {order.external_reference && <div class="muted small">{order.external_reference}</div>}
              </td>
              <td>
                <Time at={order.placed_at} />
              </td>
              <td>
                <OrderBadge status={order.status} />
              </td>
              <td class="wide-only">{itemsOf(order)}</td>
              <td class="number">
                <Money amount={order.total} currency={order.currency} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function itemsOf({ items }: Order): string {
  const [first] = items;
  if (!first) return '';
  const rest = items.length - 1;
  return `${number(first.quantity)} × ${named(first.name)}${rest > 0 ? ` and ${number(rest)} more` : ''}`;
}
