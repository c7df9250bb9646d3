/**
 * A made-up log of any length, written by SQL, set by set: a million events take seconds. As commands would have recorded it, except
 * that nothing personal can be opened.
 */
import type pg from 'pg';

/** SQL expressions over `n`, from 1 to `count`. */
export interface Events {
  readonly count: number;
  readonly stream: string;
  readonly type: string;
  readonly data: string;
  /** 0 by default: the first event of each stream. */
  readonly revision?: string;
  readonly schemaVersion?: string;
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
const AT_ONCE = 1_000_000;

/** Of version 4 by its looks. */
export function uuid(of: string): string {
  return `overlay(overlay(md5(${of}) placing '4' from 13) placing '8' from 17)::uuid`;
}

export async function appendBulk(
  db: Pick<pg.Pool, 'query'>,
  { count, stream, type, data, revision = '0', schemaVersion = '1' }: Events,
): Promise<void> {
  const metadata = `json_build_object('schema_version', ${schemaVersion}, 'command_id', 'bench', 'fingerprint', 'bench',
    'correlation_id', 'bench', 'causation_id', 'bench', 'actor', json_build_object('kind', 'anonymous', 'id', null))`;
  await db.query(
    `insert into orderlog.events (position, stream, revision, id, type, data, metadata, recorded_at)
     select (select coalesce(max(position), 0) from orderlog.events) + n, ${stream}, ${revision},
       gen_random_uuid(), ${type}, ${data}, ${metadata}, '2026-01-01'
     from generate_series(1, ${count}::bigint) as g (n) order by n`,
  );
}

/** Tree, products, stock and users. @returns how many events */
export async function appendCatalog(db: pg.Pool, { categories, width, products, users }: BulkLog): Promise<number> {
  const parent = `case when n > ${width} then (n - ${width + 1}) / ${width} + 1 end`;
  await appendBulk(db, {
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
    await appendBulk(db, {
      count: Math.min(AT_ONCE, products - done),
      stream: `'product-' || (${done} + n)`,
      type: `'ProductAdded'`,
      data: `json_build_object('product_id', ${done} + n, 'sku', 'SKU-' || (${done} + n), 'name', 'Product ' || (${done} + n), 'price', 100,
        'currency', 'EUR', 'cat_ids', to_json(${catIds}), 'added_at', '${AT}')`,
    });
  }
  const tracked = Math.min(TRACKED, products);
  await appendBulk(db, {
    count: tracked,
    stream: `'stock-' || (${products - tracked} + n)`,
    type: `'StockCounted'`,
    data: `json_build_object('on_hand', 1000000, 'reason', null)`,
  });
  const sealed = `'1.' || repeat(md5(n::text), 3)`;
  await appendBulk(db, {
    count: users,
    stream: `'user-' || ${uuid(`'user ' || n`)}`,
    type: `'UserRegistered'`,
    data: `json_build_object('user_id', ${uuid(`'user ' || n`)}, 'name', ${sealed}, 'email', ${sealed}, 'email_hash', md5('user ' || n),
      'id_proof', json_build_object('document_id', ${uuid(`'proof ' || n`)}, 'bytes', 1000, 'uploaded_at', '${AT}', 'sha256', ${sealed},
        'key', ${sealed}), 'registered_at', '${AT}')`,
  });
  return categories + products + tracked + users;
}

/** Orders of three lines from block `first` on, and what becomes of them. @returns how many events */
export async function appendOrders(db: pg.Pool, log: BulkLog, first: number, blocks: number): Promise<number> {
  const most = Math.floor(AT_ONCE / BLOCK);
  for (let done = 0; done < blocks; done += most) {
    const from = first + done;
    const order = `(${from} + (n - 1) / ${BLOCK}) * ${ORDERS} + (n - 1) % ${BLOCK} % ${ORDERS}`;
    const nth = `(n - 1) % ${BLOCK}`;
    await appendBulk(db, {
      count: Math.min(most, blocks - done) * BLOCK,
      stream: `'order-' || ${uuid(`'order ' || (${order})`)}`,
      revision: `case when ${nth} < ${ORDERS} then 0 else 1 end`,
      type: `case when ${nth} < ${ORDERS} then 'OrderPlaced' when ${nth} < ${ORDERS + CANCELLED} then 'OrderPaid' else 'OrderCancelled' end`,
      schemaVersion: '2',
      data: `case when ${nth} < ${ORDERS} then ${placed(log, `(${order})`)} when ${nth} < ${ORDERS + CANCELLED}
        then ${paid(log, `(${order})`)} else ${cancelled(log, `(${order})`)} end`,
    });
  }
  return blocks * BLOCK;
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
  const order = `(${open} / 2 * ${ORDERS} + ${CLOSED} + ${open} % 2)`;
  await appendBulk(db, {
    count: share.count,
    stream: `'order-' || ${uuid(`'order ' || ${order}`)}`,
    revision: '1',
    type: `'OrderPaid'`,
    schemaVersion: '2',
    data: paid(log, order),
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
export async function withoutIndexes(db: pg.Pool, write: () => Promise<void>): Promise<void> {
  const { rows } = await db.query<{ name: string; definition: string }>(
    `select conname as name, pg_get_constraintdef(oid) as definition from pg_constraint
     where conrelid = 'orderlog.events'::regclass and contype = 'u'`,
  );
  for (const { name } of rows) await db.query(`alter table orderlog.events drop constraint ${name}`);
  await write();
  for (const { name, definition } of rows)
    await db.query(`alter table orderlog.events add constraint ${name} ${definition}`);
  await db.query('vacuum analyze orderlog.events');
}

function userOf({ users }: BulkLog, order: string): string {
  return uuid(`'user ' || case when ${order} % ${HEAVY} = 0 then 1 else 1 + ${order} * 7919 % ${users} end`);
}

function placed(log: BulkLog, order: string): string {
  const sold = log.products - TRACKED;
  const line = (i: number): string => {
    const product = `1 + (${order} * 31 + ${i} * 977 + ${order} / 32) % ${sold}`;
    return `json_build_object('line', ${i}, 'product_id', ${product}, 'sku', 'SKU-' || (${product}), 'name', 'Product ' || (${product}),
      'quantity', 1 + ${order} % 9, 'unit_price', 100)`;
  };
  return `json_build_object('order_id', ${uuid(`'order ' || ${order}`)}, 'user_id', ${userOf(log, order)}, 'number', ${order} + 1,
    'external_reference', null, 'external_reference_hash', md5('reference ' || ${order}), 'currency', 'EUR',
    'items', json_build_array(${[1, 2, 3].map(line).join(', ')}), 'total', 300 * (1 + ${order} % 9), 'reserved', '[]'::json,
    'placed_at', to_char(timestamp '2026-01-01' + ${order} * interval '1 second', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'))`;
}

function paid(log: BulkLog, order: string): string {
  return `json_build_object('order_id', ${uuid(`'order ' || ${order}`)}, 'user_id', ${userOf(log, order)}, 'reference', null,
    'reserved', '[]'::json, 'paid_at', '2027-01-01T00:00:00Z')`;
}

function cancelled(log: BulkLog, order: string): string {
  return `json_build_object('order_id', ${uuid(`'order ' || ${order}`)}, 'user_id', ${userOf(log, order)}, 'reason', null,
    'reserved', '[]'::json, 'cancelled_at', '2027-01-01T00:00:00Z')`;
}
