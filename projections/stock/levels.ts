/** The table `stock`: how many of a product there are, and how many of these are reserved. One row a tracked product. */
import { type bulk, type live, streamId } from '../../src/engine/index.js';

type At = Pick<live.ProjectedEvent, 'stream' | 'revision'>;

/** What the events of one product come to. */
interface Change {
  /** Revision of the first event, if the product must be tracked before it. */
  readonly expected: number | null;
  /** Tracking ended: what was before does not count. */
  ended: boolean;
  /** The last count; null: on_hand is what it was before. */
  counted: number | null;
  /** Since then. */
  onHand: number;
  reserved: number;
  tracked: boolean;
  revision: number;
}

/**
 * What events do to the levels, added up in memory by product: a row is written once a page, however many orders want the product. No
 * row is read for it.
 */
export class Levels {
  readonly changes = new Map<number, Change>();

  /** Begins to track the product, or corrects what there is. */
  count(event: At, onHand: number): void {
    const change = this.#of(event, null);
    change.counted = onHand;
    change.onHand = 0;
    change.tracked = true;
  }

  move(event: At, by: { readonly onHand?: number; readonly reserved?: number }): void {
    const change = this.#ofTracked(event);
    change.onHand += by.onHand ?? 0;
    change.reserved += by.reserved ?? 0;
  }

  end(event: At): void {
    const change = this.#ofTracked(event);
    Object.assign(change, { ended: true, counted: null, onHand: 0, reserved: 0, tracked: false });
  }

  #ofTracked(event: At): Change {
    const change = this.#of(event, event.revision);
    if (!change.tracked) throw new RangeError(notTracked(productOf(event)));
    return change;
  }

  #of(event: At, expected: number | null): Change {
    const productId = productOf(event);
    let change = this.changes.get(productId);
    if (!change) {
      change = { expected, ended: false, counted: null, onHand: 0, reserved: 0, tracked: true, revision: -1 };
      this.changes.set(productId, change);
    }
    change.revision = event.revision;
    return change;
  }
}

export function productOf({ stream }: Pick<At, 'stream'>): number {
  return Number(streamId(stream));
}

const notTracked = (productId: number): string => `the stock of product ${productId} is not tracked`;

export const levels: live.PagePart<Levels> = {
  tables: ['stock'],
  // The levels of a hot product change all the time and are in no index: room on the page keeps those updates off it.
  ddl: `
    create table {schema}.stock (
      product_id integer not null,
      on_hand integer not null,
      reserved integer not null,
      revision integer not null
    ) with (fillfactor = 50);
  `,
  indexes: 'alter table {schema}.stock add primary key (product_id);',
  open: () => new Levels(),
  flush: write,
  bulk: {
    staging: `
      create unlogged table {staging}.levels (product_id integer, revision integer, expected integer, ended boolean,
        counted integer, on_hand bigint, reserved bigint, tracked boolean);`,
    begin: () => new Levels(),
    rows: ({ changes }): bulk.CopiedRows[] => [
      {
        table: '{staging}.levels',
        columns: ['product_id', 'revision', 'expected', 'ended', 'counted', 'on_hand', 'reserved', 'tracked'],
        rows: [...changes].map(([id, { revision, expected, ended, counted, onHand, reserved, tracked }]) => {
          return [id, revision, expected, ended, counted, onHand, reserved, tracked];
        }),
      },
    ],
    finish: [
      `insert into {schema}.stock (product_id, on_hand, reserved, revision)
       select l.product_id, sum(coalesce(l.counted, 0) + l.on_hand) filter (where l.revision >= l.counted_in),
         sum(l.reserved) filter (where l.revision >= l.ended_in), l.last
       from (
         select l.*, max(l.revision) filter (where l.counted is not null) over product as counted_in,
           coalesce(max(l.revision) filter (where l.ended) over product, 0) as ended_in,
           max(l.revision) over product as last
         from {staging}.levels l window product as (partition by l.product_id)
       ) l
       group by l.product_id, l.last having bool_or(l.tracked) filter (where l.revision = l.last)`,
    ],
    orphans: `
      select 'stock-' || l.product_id as stream, l.expected as revision,
        'the stock of product ' || l.product_id || ' is not tracked' as message
      from (
        select l.*, lag(l.tracked) over (partition by l.product_id order by l.revision) as was_tracked
        from {staging}.levels l
      ) l where l.expected is not null and l.was_tracked is not true`,
    sources: { stock: { stream: (key) => `stock-${key}` } },
  },
};

/** The numbered order matters: a product that is tracked again in the page begins with an empty row. */
async function write({ changes }: Levels, db: live.ProjectionDb): Promise<void> {
  const all = [...changes].map(([id, change]) => ({ id, ...change })).sort((one, other) => one.id - other.id);
  // 1. What is not tracked any more, or was not for a while.
  const ended = all.filter((change) => change.ended);
  // 2. What goes on from its row.
  const moved = all.filter(({ ended, expected }) => !ended && expected !== null);
  // 3. What begins with a count; a product that is tracked already keeps its reservations.
  const begun = all.filter(({ ended, expected, tracked }) => tracked && (ended || expected === null));
  const there = await Promise.all([remove(ended, db), update(moved, db), insert(begun, db)]);
  const known = new Set(there.flat());
  const missing = all.find(({ id, expected }) => expected !== null && !known.has(id));
  if (missing) throw new RangeError(notTracked(missing.id));
}

type Written = readonly ({ readonly id: number } & Change)[];

/** @returns the products that had a row */
async function remove(changes: Written, db: live.ProjectionDb): Promise<number[]> {
  if (changes.length === 0) return [];
  const rows = await db.query<{ product_id: number }>(
    'stock-remove',
    'delete from {schema}.stock where product_id = any ($1::integer[]) returning product_id',
    [changes.map(({ id }) => id)],
  );
  return rows.map(({ product_id }) => product_id);
}

/** @returns the products that had a row */
async function update(changes: Written, db: live.ProjectionDb): Promise<number[]> {
  if (changes.length === 0) return [];
  const rows = await db.query<{ product_id: number }>(
    'stock-update',
    `update {schema}.stock s set on_hand = coalesce(c.counted, s.on_hand) + c.on_hand, reserved = s.reserved + c.reserved,
       revision = c.revision
     from unnest($1::integer[], $2::integer[], $3::bigint[], $4::bigint[], $5::integer[])
       as c (product_id, counted, on_hand, reserved, revision)
     where s.product_id = c.product_id returning s.product_id`,
    columnsOf(changes),
  );
  return rows.map(({ product_id }) => product_id);
}

async function insert(changes: Written, db: live.ProjectionDb): Promise<number[]> {
  if (changes.length === 0) return [];
  await db.query(
    'stock-insert',
    `insert into {schema}.stock as s (product_id, on_hand, reserved, revision)
     select product_id, counted + on_hand, reserved, revision
     from unnest($1::integer[], $2::integer[], $3::bigint[], $4::bigint[], $5::integer[])
       as c (product_id, counted, on_hand, reserved, revision)
     on conflict (product_id) do update
     set on_hand = excluded.on_hand, reserved = s.reserved + excluded.reserved, revision = excluded.revision`,
    columnsOf(changes),
  );
  return [];
}

function columnsOf(changes: Written): unknown[] {
  return [
    changes.map(({ id }) => id),
    changes.map(({ counted }) => counted),
    changes.map(({ onHand }) => onHand),
    changes.map(({ reserved }) => reserved),
    changes.map(({ revision }) => revision),
  ];
}
