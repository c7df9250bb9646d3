/** One order: its history, its items, and the events it is made of, side by side. */
import type { VNode } from 'preact';
import { useRoute } from 'preact-iso';
import { useState } from 'preact/hooks';
import { api } from '../api.js';
import { named, number, shortId } from '../format.js';
import { May, useMay } from '../role.js';
import { useTitle } from '../title.js';
import type { HistoryEntry, Order as OrderAnswer } from '../types.js';
import { DegradedNote } from '../ui/degraded.js';
import { EventList } from '../ui/events.js';
import { FormDialog, given } from '../ui/form-dialog.js';
import { Card, Field, Id, Loaded, Money, OrderBadge, Time } from '../ui/parts.js';
import { say } from '../ui/toasts.js';
import { useQuery } from '../use-query.js';

type Asking = 'mark-paid' | 'cancel' | null;

export function Order(): VNode {
  const { params } = useRoute();
  const order_id = params['order_id'] ?? '';
  const query = useQuery(order_id, (signal) => api.getOrder({ order_id }, { signal }));
  useTitle(query.data?.data.number ?? shortId(order_id));
  const [asking, setAsking] = useState<Asking>(null);
  return (
    <Loaded query={query} named={{ what: 'order', id: order_id, list: ['/console/orders', 'All orders'] }}>
      {({ data: order, response }) => (
        <div class="stack">
          <Head order={order} ask={setAsking} />
          <DegradedNote answer={{ response }}>
            {() => (
              <>
                <strong>This order is quarantined.</strong> One of its events could not be applied. Status, items and
                history are as they were before it; the events are complete.
              </>
            )}
          </DegradedNote>
          <div class="columns">
            <div class="stack">
              <Card title="History">
                <Timeline entries={order.history} />
              </Card>
              <Items order={order} />
            </div>
            <May
              call="listOrderEvents"
              otherwise={
                <Card title="Events">
                  <p class="muted">An admin can see the events of this order.</p>
                </Card>
              }
            >
              <EventList
                name={`events of ${order_id}`}
                version={order.revision}
                list={(more, options) => api.listOrderEvents({ order_id, ...more }, options)}
              />
            </May>
          </div>
          {asking && (
            <Question
              order={order}
              asking={asking}
              onClose={() => {
                setAsking(null);
                query.refresh();
              }}
            />
          )}
        </div>
      )}
    </Loaded>
  );
}

function Head({ order, ask }: { order: OrderAnswer; ask: (asking: Asking) => void }): VNode {
  const mayCall = useMay();
  const may = (action: NonNullable<Asking>): boolean =>
    order.allowed_actions.includes(action) && mayCall(action === 'cancel' ? 'cancelOrder' : 'markOrderPaid');
  return (
    <header class="stack-tight">
      <p class="small">
        <a href="/console/orders">Orders</a>
      </p>
      <div class="spread">
        <div class="row">
          <h1>{order.number ?? <Id id={order.order_id} />}</h1>
          <OrderBadge status={order.status} />
        </div>
        <div class="row">
          <May call="listLogEvents">
            <a class="button" href={`/console/log?stream=order-${order.order_id}`}>
              Show in the log
            </a>
          </May>
          <button
            onClick={() => {
              void copyLink();
            }}
          >
            Copy link
          </button>
          {may('cancel') && (
            <button class="danger" onClick={() => ask('cancel')}>
              Cancel order
            </button>
          )}
          {may('mark-paid') && (
            <button class="primary" onClick={() => ask('mark-paid')}>
              Mark as paid
            </button>
          )}
        </div>
      </div>
      <dl class="facts">
        <dt>Id</dt>
        <dd class="mono">{order.order_id}</dd>
        {order.external_reference && (
          <>
            <dt>External reference</dt>
            <dd>{order.external_reference}</dd>
          </>
        )}
        <dt>User</dt>
        <dd>
          <UserLink userId={order.user_id} />
        </dd>
        <dt>Placed</dt>
        <dd>
          <Time at={order.placed_at} exact />
        </dd>
      </dl>
    </header>
  );
}

/** By name, for a reader who may see it. */
function UserLink({ userId: user_id }: { userId: string }): VNode {
  const { data } = useQuery(`user ${user_id}`, async (signal) => (await api.getUser({ user_id }, { signal })).data);
  const known = data && data.name !== null;
  return (
    <a href={`/console/users/${user_id}`} title={user_id}>
      {known ? `${named(data.name)} · ${data.email ?? ''}` : <span class="mono">{user_id}</span>}
    </a>
  );
}

/** A page that is not served over TLS has no clipboard. */
async function copyLink(): Promise<void> {
  const clipboard = navigator.clipboard as Clipboard | undefined;
  await clipboard?.writeText(location.href);
  say(
    clipboard ? 'The link is copied.' : 'Copy the address of this page: the browser keeps its clipboard closed here.',
  );
}

function Items({ order: { items, total, currency } }: { order: OrderAnswer }): VNode {
  return (
    <Card title="Items" flush>
      <div class="table-frame">
        <table class="stacks">
          <thead>
            <tr>
              <th>Product</th>
              <th class="number">Quantity</th>
              <th class="number">Price</th>
              <th class="number">Sum</th>
            </tr>
          </thead>
          <tbody>
            {items.map((item) => (
              <tr key={item.line}>
                <td>
                  <a href={`/console/catalog?product=${item.product_id}`}>{named(item.name)}</a>
                  <div class="muted small">{item.sku}</div>
                </td>
                <td class="number" data-label="Quantity">
                  {number(item.quantity)}
                </td>
                <td class="number" data-label="Price">
                  <Money amount={item.unit_price} currency={currency} />
                </td>
                <td class="number" data-label="Sum">
                  <Money amount={item.line_total} currency={currency} />
                </td>
              </tr>
            ))}
            <tr>
              <td colSpan={3}>
                <strong>Total</strong>
              </td>
              <td class="number">
                <strong>
                  <Money amount={total} currency={currency} />
                </strong>
              </td>
            </tr>
          </tbody>
        </table>
      </div>
    </Card>
  );
}

function Timeline({ entries }: { entries: readonly HistoryEntry[] }): VNode {
  return (
    <ol class="timeline">
      {entries.map(({ status, at, by, reason, reference }) => (
        <li key={status} data-status={status}>
          <div class="row">
            <OrderBadge status={status} />
            <Time at={at} exact />
          </div>
          <p class="muted small">{by ? `by ${by.kind}${by.id === null ? '' : ` ${by.id}`}` : 'by nobody named'}</p>
          {reason && <p>Reason: {reason}</p>}
          {reference && <p>Reference: {reference}</p>}
        </li>
      ))}
    </ol>
  );
}

interface QuestionProps {
  readonly order: OrderAnswer;
  readonly asking: 'mark-paid' | 'cancel';
  readonly onClose: () => void;
}

/** The command runs only on the revision that is on the screen. */
function Question({ order, asking, onClose }: QuestionProps): VNode {
  const isCancel = asking === 'cancel';
  const name = isCancel ? 'reason' : 'reference';
  return (
    <FormDialog
      title={isCancel ? 'Cancel this order?' : 'Mark this order as paid?'}
      submit={isCancel ? 'Cancel the order' : 'Mark as paid'}
      isDangerous={isCancel}
      onClose={onClose}
      onSubmit={async (fields, options) => {
        const { order_id, revision: ifMatch } = order;
        const input = { order_id, ...given(fields, name) };
        await api[isCancel ? 'cancelOrder' : 'markOrderPaid'](input, { ...options, ifMatch });
        say(isCancel ? 'The order is cancelled.' : 'The order is paid.');
      }}
    >
      <p class="muted">
        {isCancel ? 'A cancelled order stays cancelled.' : 'A paid order can no longer be cancelled.'}
      </p>
      <Field label={isCancel ? 'Reason' : 'Payment reference'} hint="May be left empty.">
        <input name={name} maxLength={500} autofocus />
      </Field>
    </FormDialog>
  );
}
