import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { test, type Test } from 'tap';
import { projections } from '../../../projections/index.js';
import type { EventStore } from '../../../src/engine/core/event-store.js';
import type { RecordedEvent } from '../../../src/engine/core/message.js';
import { type AnyProjection, schemaName } from '../../../src/engine/projecting/projection.js';
import { type Verified, verify } from '../../../src/engine/verifying/verify.js';
import { until } from '../../support/orderlog.js';
import { demo, type RunningApp, runningApp } from '../../support/running-app.js';
import { event } from '../../support/unreadable.js';
import { leftovers } from '../builds/rebuilding.js';
import { witnessedStreams } from '../../../src/streams.js';

const nothing = (): void => undefined;

function verified(
  { runtime }: Pick<RunningApp, 'runtime'>,
  models: readonly AnyProjection[] = projections,
  store: EventStore = runtime.store,
): Promise<Verified> {
  const options = { signal: new AbortController().signal, stretch: nothing, done: nothing };
  return verify({ pool: runtime.pool, store, streams: witnessedStreams }, models, options);
}

async function busyShop(t: Test): Promise<RunningApp> {
  const shop = await runningApp(t, { seed: demo });
  const user = await shop.registerUser();
  for (let i = 0; i < 4; i++) await shop.placeOrder(user.user_id, [1, 2]);
  const paid = await shop.placeOrder(user.user_id, [3]);
  await shop.http.ok('POST', `/v1/orders/${paid.order_id}/mark-paid`, { json: { reference: 'INV "1"\\' } });
  await atTheHead(shop);
  return shop;
}

/** Something for each table of the stock. */
async function reserveStock(shop: RunningApp): Promise<void> {
  const { store } = shop.runtime;
  const counted = event('StockCounted', { on_hand: 10, reason: null });
  const reserved = event('StockReserved', { order_id: randomUUID(), quantity: 3 });
  await store.append('stock-4', [counted, reserved], 'none');
  await atTheHead(shop);
}

async function atTheHead({ runtime }: RunningApp): Promise<void> {
  const head = await runtime.store.head();
  await until(async () => {
    const { rows } = await runtime.pool.query('select from orderlog.checkpoints where position >= $1 and build > 0', [
      head,
    ]);
    return rows.length === projections.length;
  });
}

interface Column {
  readonly name: string;
  readonly type: string;
  readonly isKey: boolean;
}

async function columnsOf(pool: pg.Pool, table: string): Promise<Column[]> {
  const { rows } = await pool.query<Column>(
    `select a.attname as name, format_type(a.atttypid, null) as type, coalesce(a.attnum = any (i.indkey), false) as "isKey"
     from pg_attribute a left join pg_index i on i.indrelid = a.attrelid and i.indisprimary
     where a.attrelid = $1::regclass and a.attnum > 0 and not a.attisdropped order by a.attnum`,
    [table],
  );
  return rows;
}

/** Another value of the column's type. */
function other({ name, type }: Column): string {
  if (type === 'uuid') return 'gen_random_uuid()';
  if (type === 'boolean') return `not ${name}`;
  if (type === 'json') return `'[]'::json`;
  if (type.startsWith('timestamp')) return `${name} + interval '1 millisecond'`;
  if (type === 'integer[]') return `${name} || 4711`;
  return type === 'text' ? `coalesce(${name}, '') || 'x'` : `coalesce(${name}, 0) + 4711`;
}

test('a value altered, a row removed and a row added by hand are found and named, in each table', async (outer) => {
  const shop = await busyShop(outer);
  await reserveStock(shop);
  await shop.stopProjectors();
  const { pool } = shop.runtime;
  for (const projection of projections)
    await outer.test(`of ${projection.name}`, async (t) => {
      t.match(await verified(shop, [projection]), { ok: true, models: [{ name: projection.name, differences: [] }] });
      for (const name of projection.tables) {
        const table = `${schemaName(projection.name, 1)}.${name}`;
        const columns = await columnsOf(pool, table);
        await pool.query(`create table public.saved as select * from ${table}`);
        const undone = async (): Promise<void> => {
          await pool.query(`truncate ${table}`);
          await pool.query(`insert into ${table} select * from public.saved`);
        };
        const others = columns.filter(({ isKey }) => !isKey);
        const changes = others.map((column) => `${column.name} = ${other(column)}`);
        if (changes.length > 0) {
          await pool.query(`update ${table} set ${changes.join(', ')} where ctid = (select min(ctid) from ${table})`);
          const { ok, models } = await verified(shop, [projection]);
          t.notOk(ok, `${table} altered`);
          const differences = models[0]?.differences ?? [];
          t.same(
            differences.map((one) => [one.table, one.column]),
            others.map((column) => [name, column.name]),
          );
          t.equal(new Set(differences.map(({ key }) => key)).size, 1);
          for (const one of differences) t.not(one.live, one.replayed);
          // Totals are made from all orders, the document from all categories.
          if (!['document', 'totals'].includes(name)) t.ok(differences[0]?.events.length, 'with the events of the key');
          await undone();
        }
        await pool.query(`delete from ${table} where ctid = (select min(ctid) from ${table})`);
        const removed = [{ table: name, column: '*', live: null, replayed: String }];
        t.match((await verified(shop, [projection])).models[0]?.differences, removed, `${table} removed`);
        await undone();
        if (name !== 'document') {
          const values = columns.map((column) => (column.isKey ? other(column) : column.name));
          const names = columns.map((column) => column.name);
          await pool.query(
            `insert into ${table} (${names.join(', ')}) select ${values.join(', ')} from ${table} limit 1`,
          );
          const added = [{ table: name, column: '*', live: String, replayed: null }];
          t.match((await verified(shop, [projection])).models[0]?.differences, added, `${table} added`);
          await undone();
        }
        await pool.query('drop table public.saved');
      }
      t.match(await verified(shop, [projection]), { ok: true });
    });
});

test('under constant writes only altered values differ, and a verification leaves nothing behind', async (t) => {
  const shop = await busyShop(t);
  const { pool } = shop.runtime;
  const user = await shop.registerUser();
  let writing = true;
  const writer = (async (): Promise<void> => {
    while (writing) {
      const { order_id } = await shop.placeOrder(user.user_id, [1]);
      await shop.http.ok('POST', `/v1/orders/${order_id}/cancel`, { json: { reason: 'no' } });
    }
  })();
  for (let round = 0; round < 5; round++) t.match(await verified(shop), { ok: true });
  await pool.query(`update rm_order_counts_v1.categories set paid = paid + 1 where cat_id = 1`);
  const { ok, models } = await verified(shop);
  writing = false;
  await writer;
  t.notOk(ok);
  const found = models.flatMap(({ name, differences }) => differences.map((one) => ({ name, ...one })));
  t.match(found, [{ name: 'order-counts', table: 'categories', key: '1', column: 'paid' }]);
  t.equal(found.length, 1);
  t.same(await leftovers(pool), []);
});

test('what a killed verification has left is swept by the next one', async (t) => {
  const shop = await busyShop(t);
  const { pool } = shop.runtime;
  await pool.query(
    'create schema verify_0badcafe_rm_users_v1; create table verify_0badcafe_rm_users_v1.users (one integer)',
  );
  await verified(shop, projections.slice(3, 4));
  t.same(await leftovers(pool), []);
});

/** A log out of which some events are read differently, or not at all. */
function tamperedWith(store: EventStore, tamper: (event: RecordedEvent) => RecordedEvent | null): EventStore {
  const tampered: Pick<EventStore, 'head' | 'holds' | 'read' | 'readAll'> = {
    head: () => store.head(),
    holds: (mark) => store.holds(mark),
    read: (stream) => store.read(stream),
    async *readAll(options) {
      for await (const event of store.readAll(options)) {
        const other = tamper(event);
        if (other) yield other;
      }
    },
  };
  return tampered as EventStore;
}

test('a gap in a stream, and a checkpoint ahead of the log, are findings', async (t) => {
  const shop = await busyShop(t);
  await shop.stopProjectors();
  const { store, pool } = shop.runtime;
  // One that nothing follows on: the log can be projected without it.
  let lost = '';
  const shorter = tamperedWith(store, (event) => {
    if (event.type === 'OrderPlaced' && lost === '') lost = event.stream;
    return event.stream === lost ? null : event;
  });
  const { checks, models, ok } = await verified(shop, projections, shorter);
  t.notOk(ok);
  const orders = models.find(({ name }) => name === 'user-orders');
  const lostOrders = orders?.differences.filter(({ table }) => table === 'orders');
  t.match(lostOrders, [{ table: 'orders', key: lost.slice('order-'.length), column: '*', replayed: null }]);
  t.ok(
    checks.every((check) => check.ok),
    'a stream that is missing as a whole has no gap',
  );

  const later = tamperedWith(store, (event) =>
    event.type === 'SkuClaimed' ? { ...event, revision: event.revision + 1 } : event,
  );
  const gaps = await verified(shop, projections.slice(3, 4), later);
  t.match(gaps.checks.find(({ check }) => check === 'streams')?.findings[0], /^productSku-.*not just those from 0/);

  await pool.query(`update orderlog.checkpoints set position = $1 where model = 'users'`, ['f'.repeat(16)]);
  const ahead = await verified(shop);
  t.match(ahead.checks.find(({ check }) => check === 'checkpoints')?.findings[0], /users is ahead of the log/);
  t.notOk(ahead.ok);
});

test('a table, a column and a schema that are gone are differences', async (t) => {
  const shop = await busyShop(t);
  await shop.stopProjectors();
  const { pool } = shop.runtime;
  const users = projections.filter(({ name }) => name === 'users');
  const found = async (): Promise<unknown> => {
    const { ok, models } = await verified(shop, users);
    return { ok, differences: models.flatMap(({ differences }) => differences) };
  };
  const whole = { table: 'users', key: '*', column: '*' };
  await pool.query('alter table rm_users_v1.users drop column name');
  t.match(await found(), { ok: false, differences: [{ ...whole, live: /^columns /, replayed: /name/ }] });
  await pool.query('drop table rm_users_v1.users');
  t.match(await found(), { ok: false, differences: [{ ...whole, live: 'no such table', replayed: /^columns / }] });
  await pool.query('drop schema rm_users_v1 cascade');
  t.match(await found(), { ok: false, differences: [{ ...whole, live: 'no such table' }] });
});

test('a reactor ahead of the log is a finding', async (t) => {
  const shop = await busyShop(t);
  await shop.stopProjectors();
  await shop.runtime.pool.query(
    `insert into orderlog.checkpoints (model, build, position) values ('order-stock', 0, $1)
     on conflict (model, build) do update set position = excluded.position`,
    ['f'.repeat(16)],
  );
  const { ok, checks } = await verified(shop);
  t.notOk(ok);
  t.match(checks.find(({ check }) => check === 'checkpoints')?.findings, [
    /^the reactor order-stock is ahead of the log/,
  ]);
});

test('a claim that no owner confirms is a note', async (t) => {
  const shop = await busyShop(t);
  const { store } = shop.runtime;
  let event: RecordedEvent | null = null;
  for await (const claim of store.readAll({ filter: { types: ['EmailClaimed'] }, limit: 1 })) event = claim;
  if (!event) return t.fail('no claim');
  const data = { owner: 'user-nobody', owner_revision: 0 };
  await store.append(
    'userEmail-lost',
    [{ id: randomUUID(), type: event.type, data, metadata: event.metadata }],
    'none',
  );
  const { ok, notes } = await verified(shop);
  t.ok(ok);
  t.same(notes, ['the claim userEmail-lost is not confirmed by user-nobody']);
});

test('where no read model is made yet, the log alone is looked at', async (t) => {
  const found = await verified(await runningApp(t, { seed: demo, projectors: false }));
  t.match(found, {
    ok: true,
    models: [],
    notes: projections.map(({ name }) => new RegExp(`^${name} was not compared`)),
  });
  t.match(
    found.checks.map(({ check }) => check),
    ['checkpoints', 'streams', 'types', 'recount'],
  );
});

test('a model that has stopped was compared up to there, which is a finding', async (t) => {
  const shop = await busyShop(t);
  await shop.stopProjectors();
  await shop.runtime.pool.query(
    `update orderlog.checkpoints set state = 'stopped', error = '{"stream": "product-1", "revision": 2, "message": "no such product"}' where model = 'products'`,
  );
  const found = await verified(shop);
  t.equal(found.ok, false);
  t.same(found.checks.find(({ check }) => check === 'checkpoints')?.findings, [
    'build 1 of products was compared up to where it has stopped: at product-1@2: no such product',
  ]);
  t.same(
    found.models.flatMap(({ differences }) => differences),
    [],
  );
});
