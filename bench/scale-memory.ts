/** What each process has in memory at most: a log of any length, with events of 512 KiB among the others. */
import { join } from 'node:path';
import {
  appendBulk,
  appendCatalog,
  appendOrders,
  BLOCK,
  type BulkLog,
  payOld,
  uuid,
  withoutIndexes,
  withoutKeys,
} from './bulk-log.js';
import { announce, type Installation, withInstallation } from './installation.js';
import { childrenOf, peakOf, runWatched } from './peak.js';
import { serve } from './processes.js';

export interface MemoryFigures {
  readonly events: number;
  readonly large_events: number;
  /** In the log. */
  readonly large_bytes: number;
  /** Most resident MB of each process. */
  readonly peak_mb: Readonly<Record<string, number>>;
}

const CATALOG = { categories: 780, width: 5, products: 3_000 };
/** Stretches of the log, with large events behind each of them and in the tail. */
const STRETCHES = 10;
const LARGE = 25;
const TAIL = { blocks: 2_000, old: 500 };
/** Lines of an order that takes nearly 512 KiB, with names that do not compress. */
const LINES = 2_000;
const AT_ONCE = 8;

export function measureMemory(events: number): Promise<MemoryFigures> {
  return withInstallation(async (installation) => {
    const { settings, pool, folder, store } = installation;
    const log: BulkLog = { ...CATALOG, users: Math.round(events / 100) };
    const blocks = Math.floor((events - 4_000 - log.users) / BLOCK / STRETCHES);
    await withoutIndexes(pool, async () => {
      await appendCatalog(pool, log);
      for (let n = 0; n < STRETCHES; n++) {
        await appendOrders(pool, log, n * blocks, blocks);
        await appendLarge(installation, n);
      }
    });
    await pool.query(`insert into orderlog.id_sequences (name, last) values ('order', $1)`, [events]);
    await withoutKeys(pool);
    const peak_mb: Record<string, number> = {};
    const command = async (...args: string[]): Promise<void> => {
      const { code, peak_mb: most, stderr, seconds } = await runWatched(settings, ...args);
      if (code !== 0) throw new Error(`orderlog ${args.join(' ')} ended with ${code}: ${stderr}`);
      peak_mb[args[0] ?? ''] = most;
      console.error(`${args[0]}: ${most} MB, ${seconds} s`);
    };
    await command('rebuild');
    await command('verify');
    await command('replay', '--until', new Date().toISOString(), 'user-orders');
    await command('backup', join(folder, 'backup.tar'));
    await serving(installation, log, blocks * STRETCHES, peak_mb);
    const { rows } = await pool.query<{ events: number; large: number; bytes: number }>(
      `select count(*)::integer as events, count(*) filter (where is_large)::integer as large,
         coalesce(avg(bytes) filter (where is_large), 0)::integer as bytes
       from (select octet_length(data::text) as bytes, octet_length(data::text) > 100000 as is_large from orderlog.events) as e`,
    );
    const [found] = rows;
    await store.head();
    return { events: found?.events ?? 0, large_events: found?.large ?? 0, large_bytes: found?.bytes ?? 0, peak_mb };
  });
}

/** API and projectors in two processes: a tail is applied, and lists of large orders are read at the same time. */
async function serving(
  { settings, pool, store }: Installation,
  log: BulkLog,
  blocks: number,
  peak: Record<string, number>,
): Promise<void> {
  const [projectors, api] = await Promise.all([serve(settings, '--projectors-only'), serve(settings, '--api-only')]);
  const children: number[] = [];
  const watch = setInterval(
    () => children.push(...[api, projectors].flatMap(({ pid }) => childrenOf(pid)).map(peakOf)),
    50,
  );
  const events = await appendOrders(pool, log, blocks, TAIL.blocks);
  await payOld(pool, log, blocks, { nth: 0, of: 1, count: TAIL.old });
  await appendLarge({ pool }, STRETCHES);
  await announce(pool, events + TAIL.old + LARGE);
  const head = await store.head();
  let isBehind = true;
  const reading = Array.from({ length: AT_ONCE }, async () => {
    while (isBehind) await (await fetch(`${api.url}/v1/orders?limit=100&sort=-total`)).arrayBuffer();
  });
  while (isBehind) {
    const { rows } = await pool.query<{ behind: boolean }>(
      'select count(*) filter (where position >= $1) < count(*) as behind from orderlog.checkpoints',
      [head],
    );
    isBehind = rows[0]?.behind ?? true;
  }
  await Promise.all(reading);
  clearInterval(watch);
  Object.assign(peak, { 'serve --api-only': peakOf(api.pid), 'serve --projectors-only': peakOf(projectors.pid) });
  if (children.length > 0) peak['children of serve'] = Math.max(...children);
  await Promise.all([api.stop(), projectors.stop()]);
}

function appendLarge({ pool }: Pick<Installation, 'pool'>, nth: number): Promise<void> {
  const order = `'large ' || (${nth * LARGE} + n)`;
  // 128 characters of a name.
  const name = `(select string_agg(md5(n || ' ' || line || ' ' || part), '') from generate_series(1, 4) as p (part))`;
  return appendBulk(pool, {
    count: LARGE,
    stream: `'order-' || ${uuid(order)}`,
    type: `'OrderPlaced'`,
    schemaVersion: '2',
    data: `json_build_object('order_id', ${uuid(order)}, 'user_id', ${uuid(`'user 1'`)}, 'number', 100000000 + ${nth * LARGE} + n,
      'external_reference', null, 'external_reference_hash', null, 'currency', 'EUR',
      'items', (select json_agg(json_build_object('line', line, 'product_id', 1 + line % 2000, 'sku', 'SKU-' || (1 + line % 2000),
        'name', 'Product ' || ${name}, 'quantity', 1, 'unit_price', 100)) from generate_series(1, ${LINES}) as l (line)),
      'total', ${LINES * 100}, 'reserved', '[]'::json, 'placed_at', '2026-06-01T00:00:00Z')`,
  });
}
