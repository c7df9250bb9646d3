/**
 * A made-up log of any length, written by SQL, set by set: a million events take seconds. As commands would have recorded it, except
 * that nothing personal can be opened.
 */
import pMap from 'p-map';
import type pg from 'pg';
import type { Tell } from './progress.js';

/** SQL expressions over `n`, from 1 to `count`. */
export interface Events {
  readonly count: number;
  /** The position before the first event; by default the last of the log. */
  readonly after?: number;
  /** A FROM item that is worked out once an event, for expressions to use. */
  readonly from?: string;
  readonly stream: string;
  readonly type: string;
  readonly data: string;
  /** 0 by default: the first event of each stream. */
  readonly revision?: string;
  readonly schemaVersion?: number;
}

export interface BulkLog {
  readonly categories: number;
  /** Categories below each category, and at the top. */
  readonly width: number;
  readonly products: number;
  readonly users: number;
}

const AT = '2026-01-01T00:00:00.000Z';
/** Of ten orders, seven are paid, one is cancelled, two stay placed. */
const [ORDERS, CLOSED, CANCELLED] = [10, 8, 7];
export const BLOCK = ORDERS + CLOSED;
/** The last products, which no order of the log names, have stock. */
export const TRACKED = 100;
/** One order in so many is of user 1: a long list. */
const HEAVY = 20;
/** Events that one statement writes. */
const AT_ONCE = 250_000;
/** That write at the same time. */
const SESSIONS = 2;

/** Of version 4 by its looks. */
export function uuid(of: string): string {
  return `overlay(overlay(md5(${of}) placing '4' from 13) placing '8' from 17)::uuid`;
}

export async function appendBulk(
  db: Pick<pg.Pool, 'query'>,
  { count, after, from, stream, type, data, revision = '0', schemaVersion = 1 }: Events,
): Promise<void> {
  const actor = { kind: 'anonymous', id: null };
  const ids = { command_id: 'bench', fingerprint: 'bench', correlation_id: 'bench', causation_id: 'bench' };
  const metadata = JSON.stringify({ schema_version: schemaVersion, ...ids, actor });
  const before = after ?? (await lastPosition(db));
  await db.query(
    `insert into orderlog.events (position, stream, revision, id, type, data, metadata, recorded_at)
     select ${before} + n, ${stream}, ${revision}, gen_random_uuid(), ${type}, ${data}, '${metadata}'::json, '2026-01-01'
     from generate_series(1, ${count}::bigint) as g (n)${from === undefined ? '' : `, ${from}`}`,
  );
}

async function lastPosition(db: Pick<pg.Pool, 'query'>): Promise<number> {
  const { rows } = await db.query<{ last: string }>('select coalesce(max(position), 0) as last from orderlog.events');
  return Number(rows[0]?.last);
}

/** Tree, products, stock and users. @returns how many events */
export async function appendCatalog(
  db: pg.Pool,
  { categories, width, products, users }: BulkLog,
  tell: Tell = () => undefined,
): Promise<number> {
  const before = await lastPosition(db);
  let after = before;
  const append = async (events: Events): Promise<void> => {
    await appendBulk(db, { ...events, after });
    after += events.count;
    tell(`${after - before} events of the catalog and of users written`);
  };
  const parent = `case when n > ${width} then (n - ${width + 1}) / ${width} + 1 end`;
  await append({
    count: categories,
    stream: `'categoryTree-main'`,
    revision: 'n - 1',
    type: `'CategoryAdded'`,
    data: `json_build_object('cat_id', n, 'code', null, 'name', 'Category ' || n, 'parent_cat_id', ${parent}, 'added_at', '${AT}')`,
  });
  const inner = Math.floor((categories - width) / width);
  const leaf = (n: string): string => `${inner + 1} + (${n}) % ${categories - inner}`;
  // One in ten stands in two leaves.
  const catIds = `case when n % 10 = 0 and (n * 6 + 3) % ${categories - inner} <> 0
    then array[${leaf('n')}, ${leaf('n * 7 + 3')}] else array[${leaf('n')}] end`;
  for (let done = 0; done < products; done += AT_ONCE) {
    await append({
      count: Math.min(AT_ONCE, products - done),
      stream: `'product-' || (${done} + n)`,
      type: `'ProductAdded'`,
      data: `json_build_object('product_id', ${done} + n, 'sku', 'SKU-' || (${done} + n), 'name', 'Product ' || (${done} + n), 'price', 100,
        'currency', 'EUR', 'cat_ids', to_json(${catIds}), 'added_at', '${AT}')`,
    });
  }
  const tracked = Math.min(TRACKED, products);
  await append({
    count: tracked,
    stream: `'stock-' || (${products - tracked} + n)`,
    type: `'StockCounted'`,
    data: `json_build_object('on_hand', 1000000, 'reason', null)`,
  });
  const sealed = `'1.' || repeat(md5(n::text), 3)`;
  await append({
    count: users,
    stream: `'user-' || ${uuid(`'user ' || n`)}`,
    type: `'UserRegistered'`,
    data: `json_build_object('user_id', ${uuid(`'user ' || n`)}, 'name', ${sealed}, 'email', ${sealed}, 'email_hash', md5('user ' || n),
      'id_proof', json_build_object('document_id', ${uuid(`'proof ' || n`)}, 'bytes', 1000, 'uploaded_at', '${AT}', 'sha256', ${sealed},
        'key', ${sealed}), 'registered_at', '${AT}')`,
  });
  return after - before;
}

/**
 * Orders of three lines from block `first` on, and what becomes of them. Up to `AT_ONCE` events come with one statement, so a follower
 * of the log that runs meanwhile misses none; more are written by two sessions, for a log that nothing follows yet.
 * @returns how many events
 */
export async function appendOrders(
  db: pg.Pool,
  log: BulkLog,
  first: number,
  blocks: number,
  tell: Tell = () => undefined,
): Promise<number> {
  const most = Math.floor(AT_ONCE / BLOCK);
  const before = await lastPosition(db);
  let written = 0;
  const parts = Array.from({ length: Math.ceil(blocks / most) }, (_, part) => part * most);
  await pMap(
    parts,
    async (done) => {
      const count = Math.min(most, blocks - done) * BLOCK;
      const nth = `(n - 1) % ${BLOCK}`;
      await appendBulk(db, {
        ...{ count, after: before + done * BLOCK },
        from: ordered(log, `(${first + done} + (n - 1) / ${BLOCK}) * ${ORDERS} + ${nth} % ${ORDERS}`),
        stream: `'order-' || o.id`,
        revision: `case when ${nth} < ${ORDERS} then 0 else 1 end`,
        type: `case when ${nth} < ${ORDERS} then 'OrderPlaced' when ${nth} < ${ORDERS + CANCELLED} then 'OrderPaid' else 'OrderCancelled' end`,
        schemaVersion: 2,
        data: `case when ${nth} < ${ORDERS} then ${placed(log)} when ${nth} < ${ORDERS + CANCELLED} then ${PAID} else ${CANCELED} end`,
      });
      written += count;
      tell(`${written} of ${blocks * BLOCK} events of orders written`);
    },
    { concurrency: SESSIONS },
  );
  return written;
}

/** Pays so many orders that stay placed, spread over the blocks; each share of the log once. */
export async function payOld(
  db: pg.Pool,
  log: BulkLog,
  blocks: number,
  share: { nth: number; of: number; count: number },
): Promise<void> {
  const all = share.of * share.count;
  const open = `((n - 1 + ${share.nth * share.count})::bigint * ${blocks * 2} / ${all})`;
  await appendBulk(db, {
    count: share.count,
    from: ordered(log, `${open} / 2 * ${ORDERS} + ${CLOSED} + ${open} % 2`),
    stream: `'order-' || o.id`,
    revision: '1',
    type: `'OrderPaid'`,
    schemaVersion: 2,
    data: PAID,
  });
}

/** Nothing personal in the log can be opened: that is right only if the keys were destroyed. */
export async function withoutKeys(db: pg.Pool): Promise<void> {
  await db.query(
    `insert into orderlog.user_keys (user_id, destroyed_at)
     select substr(stream, 6)::uuid, now() from orderlog.events where type = 'UserRegistered'`,
  );
}

/** The checks of the log's table are made after a long log is written, which is many times as fast. */
export async function withoutIndexes(
  db: pg.Pool,
  write: () => Promise<void>,
  tell: Tell = () => undefined,
): Promise<void> {
  const { rows } = await db.query<{ name: string; definition: string }>(
    `select conname as name, pg_get_constraintdef(oid) as definition from pg_constraint
     where conrelid = 'orderlog.events'::regclass and contype in ('p', 'u')`,
  );
  for (const { name } of rows) await db.query(`alter table orderlog.events drop constraint ${name}`);
  await write();
  const client = await db.connect();
  try {
    await client.query(`set maintenance_work_mem = '512MB'`);
    for (const { name, definition } of rows) {
      tell(`making the index ${name}`);
      await client.query(`alter table orderlog.events add constraint ${name} ${definition}`);
    }
    await client.query('vacuum analyze orderlog.events');
    await client.query('reset maintenance_work_mem');
  } finally {
    client.release();
  }
}

/** The order `nr` of the log, counted from 0, its id and its user. Without OFFSET, Postgres works each out wherever it is used. */
function ordered({ users }: BulkLog, nr: string): string {
  const user = `'user ' || case when nr % ${HEAVY} = 0 then 1 else 1 + nr * 7919 % ${users} end`;
  return `lateral (select nr, ${uuid(`'order ' || nr`)} as id, ${uuid(user)} as user_id
    from (select ${nr} as nr offset 0) as x offset 0) as o`;
}

function placed(log: BulkLog): string {
  const sold = log.products - TRACKED;
  const line = (i: number): string => {
    const product = `1 + (o.nr * 31 + ${i} * 977 + o.nr / 32) % ${sold}`;
    return `json_build_object('line', ${i}, 'product_id', ${product}, 'sku', 'SKU-' || (${product}), 'name', 'Product ' || (${product}),
      'quantity', 1 + o.nr % 9, 'unit_price', 100)`;
  };
  return `json_build_object('order_id', o.id, 'user_id', o.user_id, 'number', o.nr + 1,
    'external_reference', null, 'external_reference_hash', md5('reference ' || o.nr), 'currency', 'EUR',
    'items', json_build_array(${[1, 2, 3].map(line).join(', ')}), 'total', 300 * (1 + o.nr % 9), 'reserved', '[]'::json,
    'placed_at', to_char(timestamp '2026-01-01' + o.nr * interval '1 second', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'))`;
}

const PAID = `json_build_object('order_id', o.id, 'user_id', o.user_id, 'reference', null, 'reserved', '[]'::json,
  'paid_at', '2027-01-01T00:00:00Z')`;

const CANCELED = `json_build_object('order_id', o.id, 'user_id', o.user_id, 'reason', null, 'reserved', '[]'::json,
  'cancelled_at', '2027-01-01T00:00:00Z')`;
