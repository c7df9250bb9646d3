/** What stands where at this moment: orders, read models, health, and what has just happened. */
import type { VNode } from 'preact';
import { useMemo } from 'preact/hooks';
import { api, isDenied, type Schemas } from '../api.js';
import { ORDER_STATUSES, type OrderCounts, type OrderStatus, type StoredEvent } from '../types.js';
import { Bars } from '../ui/bars.js';
import {
  Busy,
  Card,
  Empty,
  Failure,
  Loaded,
  NotShown,
  OrderBadge,
  Status,
  Tile,
  Time,
  type Tone,
} from '../ui/parts.js';
import { useTail } from '../use-tail.js';
import { useQuery } from '../use-query.js';
import { Live } from '../ui/live.js';
import { eventHref } from '../ui/thing-link.js';
import { Behind } from './behind.js';
import { modelTone, type StatusDocument } from './status.js';

type Hours = readonly Schemas['OrdersOfHour'][];

export function Overview(): VNode {
  const counts = useQuery('counts', async (signal) => (await api.getOrderCounts({}, { signal })).data, {
    every: 5_000,
  });
  const hours = useQuery('hours', async (signal) => (await api.listOrderCountsByHour({}, { signal })).data, {
    every: 30_000,
  });
  const status = useQuery('status', async (signal) => (await api.getStatus({}, { signal })).data, {
    every: 2_000,
  });
  return (
    <div class="stack">
      <h1>Overview</h1>
      {counts.error && isDenied(counts.error) ? (
        <NotShown what="Counts of orders are" error={counts.error} />
      ) : (
        <>
          <Loaded query={counts}>
            {(it) => (
              <div class="tiles">
                {ORDER_STATUSES.map((one) => (
                  <Tile key={one} href={`/console/orders?status=${one}`} value={it[one]}>
                    <OrderBadge status={one} /> <span class="muted small">orders</span>
                  </Tile>
                ))}
              </div>
            )}
          </Loaded>
          <Card title="Orders placed in the last 24 hours">
            <Loaded query={hours}>{(it) => <PerHour hours={it} counts={counts.data} />}</Loaded>
          </Card>
        </>
      )}
      {status.error && isDenied(status.error) ? (
        <>
          <HealthCard />
          <NotShown what="Read models and the log are" error={status.error} />
        </>
      ) : (
        <>
          <div class="columns">
            <Card title="Read models" actions={<a href="/console/read-models">Details</a>} flush>
              <Loaded query={status}>{(it) => <Models status={it} />}</Loaded>
            </Card>
            <HealthCard />
          </div>
          {/* Not before it is known that they may be seen. */}
          {(status.data || status.error) && <LastEvents />}
        </>
      )}
    </div>
  );
}

const HOUR = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });

function PerHour({ hours, counts }: { hours: Hours; counts: OrderCounts | undefined }): VNode {
  const bars = useMemo(
    () =>
      hours.map((it) => ({
        label: HOUR.format(new Date(it.hour)),
        parts: ORDER_STATUSES.map((status) => ({ tone: status, name: status, value: it[status] })),
      })),
    [hours],
  );
  if (counts && hasNone(counts)) {
    return (
      <Empty title="There are no orders yet.">
        Place one with <code>POST /v1/orders</code>, or run <code>npx orderlog demo</code> to make up people and orders.
      </Empty>
    );
  }
  return hours.every(hasNone) ? (
    <p class="muted">
      No order was placed in the last 24 hours. <a href="/console/orders">Show the newest orders</a>
    </p>
  ) : (
    <Bars label="Orders placed in each hour, by the status that they have now" bars={bars} />
  );
}

const hasNone = (counts: Pick<OrderCounts, OrderStatus>): boolean =>
  ORDER_STATUSES.every((status) => counts[status] === 0);

function Models({ status }: { status: StatusDocument }): VNode {
  const reactors = new Set((status.reactors ?? []).map(({ name }) => name));
  return (
    <div class="table-frame">
      <table class="stacks">
        <thead>
          <tr>
            <th>Name</th>
            <th>State</th>
            <th class="number">Behind</th>
            <th class="number">Quarantined</th>
          </tr>
        </thead>
        <tbody>
          {[...status.models, ...(status.reactors ?? [])].map((model) => (
            <tr key={model.name}>
              <td>
                {model.name}
                {reactors.has(model.name) && <span class="muted small"> reactor</span>}
              </td>
              <td>
                <Status tone={modelTone(model)}>{model.state}</Status>
              </td>
              <Behind model={model} href="/console/read-models#quarantine" />
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function HealthCard(): VNode {
  // 503 is an answer here: it says what is wrong.
  const health = useQuery('health', async (signal) => (await api.getReadiness({}, { signal })).data, { every: 2_000 });
  return (
    <Card title="Health">
      <Loaded query={health}>
        {({ status, checks }) => (
          <div class="stack-tight">
            <p class="row">
              <Status tone={toneOf(status)}>{status}</Status> <strong>Overall</strong>
            </p>
            <ul class="stack-tight">
              {Object.entries(checks).map(([name, { ok, degraded, detail }]) => (
                <li key={name}>
                  <span class="row">
                    <Status tone={!ok ? 'bad' : degraded ? 'warn' : 'good'}>
                      {!ok ? 'failing' : degraded ? 'degraded' : 'ok'}
                    </Status>{' '}
                    {name}
                  </span>
                  {detail && (
                    <ul class="small muted">
                      {detail.split('; ').map((one) => (
                        <li key={one}>{one}</li>
                      ))}
                    </ul>
                  )}
                </li>
              ))}
            </ul>
            {status === 'degraded' && (
              <p>
                <a href="/console/read-models#quarantine">See what is quarantined, and why</a>
              </p>
            )}
          </div>
        )}
      </Loaded>
    </Card>
  );
}

const toneOf = (status: Schemas['HealthStatus']): Tone =>
  status === 'ok' ? 'good' : status === 'degraded' ? 'warn' : 'bad';

const SHOWN = 12;

function LastEvents(): VNode {
  const before = useQuery('last events', (signal) => api.listLogEvents({ limit: SHOWN }, { signal }));
  const tail = useTail({}, { position: before.data?.logPosition, error: before.error }, true);
  const events: readonly StoredEvent[] = [...tail.events, ...(before.data?.data ?? [])];
  return (
    <Card
      title="Last events"
      actions={
        <>
          <Live tail={tail} />
          <a href="/console/log">The whole log</a>
        </>
      }
      flush
    >
      {before.error && <Failure error={before.error} retry={before.refresh} />}
      {events.length === 0 && !before.data ? (
        !before.error && <Busy />
      ) : events.length === 0 ? (
        <Empty title="Nothing has happened yet.">
          Run <code>npx orderlog demo</code> to make up people and orders.
        </Empty>
      ) : (
        <div class="table-frame">
          <table class="stacks">
            <thead class="unseen">
              <tr>
                <th>Event</th>
                <th>Stream</th>
                <th>Time</th>
              </tr>
            </thead>
            <tbody>
              {events.slice(0, SHOWN).map((event) => (
                <tr key={event.position}>
                  <td>
                    <strong>{event.type}</strong>
                  </td>
                  <td class="mono line">
                    <a href={eventHref(event.stream ?? '')}>{event.stream}</a>
                  </td>
                  <td class="number muted">
                    <Time at={event.recorded_at} exact />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Card>
  );
}
