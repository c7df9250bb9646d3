/**
 * Proves the stock by another computation: on_hand from the stock streams, event by event, and reserved from the orders that are
 * placed. And each order has what it holds, no more and no less.
 */
import {
  type AnyProjection,
  type bulk,
  decode,
  errors,
  type EventTypes,
  type RecordedEvent,
} from '../../src/engine/index.js';
import { orderEvents, type OrderFact } from '../../src/order/events.js';
import { type StockFact, stockEvents } from '../../src/stock/events.js';
import { productOf } from './levels.js';

type Proof = NonNullable<AnyProjection['proof']>;

/** So long an order may take from reserving to being placed, and a sweep to repair what a crash has left. */
const IN_TIME = `clock_timestamp() - interval '1 minute'`;

const TABLES = {
  /** What happened to a product; of a count, the amount is what there is. */
  moves: ['product_id', 'revision', 'type', 'amount', 'order_id', 'recorded_at'],
  /** What an order is said to hold when it is placed. */
  held: ['order_id', 'product_id', 'quantity'],
  /** Orders that are paid, cancelled or abandoned. */
  ended: ['order_id', 'status', 'recorded_at'],
  /** Products that an order should hold, for they were tracked when it was placed. */
  unheld: ['order_id', 'product_id', 'tracked_at', 'recorded_at'],
} as const;

type Rows = { [T in keyof typeof TABLES]: bulk.CopyValue[][] };

const empty = (): Rows => ({ moves: [], held: [], ended: [], unheld: [] });

class Notes implements ReturnType<Proof['begin']> {
  #rows = empty();
  /** Since when a product has been tracked. */
  readonly #tracked = new Map<number, string>();
  /** A shop without stock costs nothing here. */
  #hasStock = false;

  see(event: RecordedEvent): void {
    if (event.stream.startsWith('stock-')) this.#stock(event);
    else if (event.stream.startsWith('order-') && (this.#hasStock || holdsAny(event))) this.#order(event);
  }

  rows(): readonly bulk.CopiedRows[] {
    const rows = this.#rows;
    this.#rows = empty();
    return Object.entries(TABLES).map(([table, columns]) => {
      return { table: `{proof}.${table}`, columns, rows: rows[table as keyof Rows] };
    });
  }

  #stock(event: RecordedEvent): void {
    const fact = read(event, stockEvents) as StockFact | null;
    if (!fact) return;
    this.#hasStock = true;
    const { type, data } = fact;
    const { revision, recordedAt } = event;
    const productId = productOf(event);
    if (type === 'StockTrackingEnded') this.#tracked.delete(productId);
    else if (!this.#tracked.has(productId)) this.#tracked.set(productId, recordedAt);
    const amount = 'on_hand' in data ? data.on_hand : 'quantity' in data ? data.quantity : 0;
    this.#rows.moves.push([productId, revision, type, amount, 'order_id' in data ? data.order_id : null, recordedAt]);
  }

  #order(event: RecordedEvent): void {
    const fact = read(event, orderEvents) as OrderFact | null;
    if (!fact) return;
    const { recordedAt } = event;
    if (fact.type === 'OrderPlaced') this.#placed(event, fact.data);
    else this.#rows.ended.push([fact.data.order_id, STATUS[fact.type], recordedAt]);
  }

  #placed({ recordedAt, metadata }: RecordedEvent, { order_id, items, reserved }: Placed): void {
    for (const { product_id, quantity } of reserved) this.#rows.held.push([order_id, product_id, quantity]);
    // What is imported is history, and took nothing from today's shelf.
    const { kind } = metadata['actor'] as { readonly kind: string };
    if (kind === 'import') return;
    const unheld = new Set(items.map(({ product_id }) => product_id));
    for (const { product_id } of reserved) unheld.delete(product_id);
    for (const id of unheld) {
      const trackedAt = this.#tracked.get(id);
      if (trackedAt !== undefined) this.#rows.unheld.push([order_id, id, trackedAt, recordedAt]);
    }
  }
}

type Placed = Extract<OrderFact, { type: 'OrderPlaced' }>['data'];

const STATUS = { OrderPaid: 'paid', OrderCancelled: 'cancelled', OrderAbandoned: 'abandoned' } as const;

/** Others may have written data that are no object. */
function holdsAny({ data }: { readonly data: unknown }): boolean {
  const reserved = (data as { readonly reserved?: unknown } | null)?.reserved;
  return Array.isArray(reserved) && reserved.length > 0;
}

/** Null: of another type, or it can't be read, which other checks tell. */
function read(event: RecordedEvent, types: EventTypes): unknown {
  const type = Object.hasOwn(types, event.type) ? types[event.type] : undefined;
  if (!type) return null;
  try {
    return decode(event, type);
  } catch (error) {
    if (error instanceof errors.UnreadableEvent) return null;
    throw error;
  }
}

/** By product: what there should be. */
const COUNTED = `
  select product_id,
    sum(case type when 'StockIssued' then -amount else amount end)
      filter (where revision >= counted and type in ('StockCounted', 'StockReceived', 'StockAdjusted', 'StockIssued')) as on_hand
  from (
    select m.*, max(revision) filter (where type = 'StockCounted') over p as counted,
      coalesce(max(revision) filter (where type = 'StockTrackingEnded') over p, -1) as untracked
    from {proof}.moves m window p as (partition by product_id)
  ) m where counted > untracked group by product_id`;

/** By order and product: what was reserved and is neither released nor issued. */
const OPEN = `
  select order_id, product_id, max(recorded_at) as last_at,
    sum(case type when 'StockReserved' then amount else -amount end) as quantity,
    coalesce(sum(amount) filter (where type = 'StockIssued'), 0) as issued
  from {proof}.moves where order_id is not null group by order_id, product_id`;

/** By order and product, what the order says and what the stock says. */
const BOTH = `
  select coalesce(h.order_id, o.order_id) as order_id, coalesce(h.product_id, o.product_id) as product_id,
    h.quantity as held, coalesce(o.quantity, 0) as open, coalesce(o.issued, 0) as issued, e.status,
    coalesce(e.recorded_at, o.last_at) as last_at
  from {proof}.held h
  full join (${OPEN}) o on o.order_id = h.order_id and o.product_id = h.product_id
  left join (select distinct on (order_id) * from {proof}.ended order by order_id, recorded_at desc) e
    on e.order_id = coalesce(h.order_id, o.order_id)`;

const RESULTS = `
  with both_sides as materialized (${BOTH}),
  -- What is not of a placed order is told below, order by order.
  recounted as (
    select product_id, sum(case when held is not null and status is null then held else open end) as reserved
    from both_sides group by product_id
  )
  select 'product ' || coalesce(s.product_id, c.product_id) || ': on_hand is ' || coalesce(s.on_hand::text, 'not tracked')
    || ', counted again ' || coalesce(c.on_hand::text, 'not tracked') as message, false as note
  from {schema}.stock s full join (${COUNTED}) c on c.product_id = s.product_id
  where s.on_hand is distinct from c.on_hand
  union all
  select 'product ' || coalesce(s.product_id, r.product_id) || ': reserved is ' || coalesce(s.reserved, 0)
    || ', counted again from the orders ' || coalesce(r.reserved, 0), false
  from {schema}.stock s full join recounted r on r.product_id = s.product_id
  where coalesce(s.reserved, 0) <> coalesce(r.reserved, 0)
  union all
  select 'order ' || order_id || case
      when open < 0 then ' has released more of product ' || product_id || ' than it held'
      when status is null and held is null then ' holds ' || open || ' of product ' || product_id || ', but is not placed with it'
      when status is null then ' is placed with ' || held || ' of product ' || product_id || ', but holds ' || open
      when open > 0 then ' is ' || status || ', but still holds ' || open || ' of product ' || product_id
      else ' is ' || status || ', and ' || issued || ' of product ' || product_id || ' were issued to it'
    end,
    -- What is under way, or what the next sweep repairs.
    open > 0 and (status is not null or held is null) and last_at > ${IN_TIME}
  from both_sides
  where open < 0 or (status is null and open <> coalesce(held, 0)) or (status is not null and open > 0)
    or (open = 0 and status is not null and issued <> case when status = 'paid' then coalesce(held, 0) else 0 end)
  union all
  select 'order ' || order_id || ' was placed without a reservation of product ' || product_id || ', tracked since '
    || to_char(tracked_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
    -- It may not have been visible yet when the order looked it up.
    recorded_at - tracked_at < interval '1 minute'
  from {proof}.unheld u
  where not exists (select from {proof}.ended e where e.order_id = u.order_id and e.status = 'cancelled')`;

export const stockProof: Proof = {
  check: 'stock',
  tables: `
    create unlogged table {proof}.moves (product_id integer, revision bigint, type text, amount bigint, order_id uuid,
      recorded_at timestamptz);
    create unlogged table {proof}.held (order_id uuid, product_id integer, quantity bigint);
    create unlogged table {proof}.ended (order_id uuid, status text, recorded_at timestamptz);
    create unlogged table {proof}.unheld (order_id uuid, product_id integer, tracked_at timestamptz, recorded_at timestamptz);`,
  begin: () => new Notes(),
  results: RESULTS,
};
