/** What each process has in memory at most: a log of any length, with events of 512 KiB among the others. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
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
import { peakOf, runWatched, watchMemory } from './peak.js';
import { serve } from './processes.js';
import { step } from './progress.js';

/** Members of `peak_mb` are there as soon as they are measured. */
export interface MemoryFigures {
  readonly events: number;
  readonly large_events: number;
  /** In the log, of one of them. */
  readonly large_bytes: number;
  /** Most resident MB of each process. */
  readonly peak_mb: Readonly<Record<string, number>>;
}

interface Peaks {
  add(process: string, mb: number): void;
}

const CATALOG = { categories: 780, width: 5, products: 3_000 };
/** Stretches of the log, with large events behind each of them and in the tail. */
const STRETCHES = 10;
const LARGE = 25;
const TAIL = { blocks: 2_000, old: 500 };
/** Lines of an order that takes nearly 512 KiB, with names that do not compress. */
const LINES = 2_000;
const AT_ONCE = 8;
const LOOK_MS = 50;

export function measureMemory(events: number, quick: boolean, keep: (figures: MemoryFigures) => void): Promise<void> {
  // Also so that a system without /proc does not measure for long, and find nothing.
  if (peakOf(process.pid) === 0) throw new Error('The memory of processes is read from /proc: run this on Linux.');
  return withInstallation(async (installation) => {
    const { settings, pool, folder } = installation;
    const log: BulkLog = { ...CATALOG, users: Math.max(100, Math.round(events / 100)) };
    const blocks = await step(`writing a log of ${events} events`, (tell) => writeLog(installation, log, events, tell));
    const written = await sizes(pool);
    const peak_mb: Record<string, number> = {};
    const peaks: Peaks = {
      add: (process, mb) => {
        if (mb > 0) peak_mb[process] = mb;
        keep({ ...written, peak_mb: { ...peak_mb } });
      },
    };
    const command = async (...args: string[]): Promise<void> => {
      const name = `orderlog ${args[0]}`;
      const ran = await step(name, (tell) => runWatched(settings, args, tell));
      peaks.add(name, ran.peak_mb);
      peaks.add(`children of ${name}`, ran.children_mb);
    };
    await command('rebuild');
    await command('verify');
    await command('replay', '--until', new Date().toISOString(), 'user-orders');
    await command('backup', join(folder, 'backup.tar'));
    const tail = { blocks: quick ? 50 : TAIL.blocks, old: Math.min(TAIL.old, blocks) };
    await step('orderlog serve', () => serving(installation, log, blocks, tail, peaks));
  });
}

/** @returns the blocks of orders in it */
async function writeLog(
  { pool }: Installation,
  log: BulkLog,
  events: number,
  tell: (text: string) => void,
): Promise<number> {
  const blocks = Math.max(
    1,
    Math.floor((events - CATALOG.categories - CATALOG.products - log.users) / BLOCK / STRETCHES),
  );
  await withoutIndexes(
    pool,
    async () => {
      await appendCatalog(pool, log, tell);
      for (let nth = 0; nth < STRETCHES; nth++) {
        tell(`stretch ${nth + 1} of ${STRETCHES}`);
        await appendOrders(pool, log, nth * blocks, blocks);
        await appendLarge(pool, nth);
      }
    },
    tell,
  );
  await pool.query(`insert into orderlog.id_sequences (name, last) values ('order', $1)`, [events]);
  await withoutKeys(pool);
  return blocks * STRETCHES;
}

async function sizes(pool: Installation['pool']): Promise<Omit<MemoryFigures, 'peak_mb'>> {
  const { rows } = await pool.query<{ events: number; large: number; bytes: number }>(
    `select count(*)::integer as events, count(*) filter (where is_large)::integer as large,
       coalesce(avg(bytes) filter (where is_large), 0)::integer as bytes
     from (select octet_length(data::text) as bytes, octet_length(data::text) > 100000 as is_large from orderlog.events) as e`,
  );
  const [found] = rows;
  return { events: found?.events ?? 0, large_events: found?.large ?? 0, large_bytes: found?.bytes ?? 0 };
}

/** API and projectors in two processes: a tail is applied, and lists of large orders are read at the same time. */
async function serving(
  { settings, pool, store }: Installation,
  log: BulkLog,
  blocks: number,
  tail: typeof TAIL,
  peaks: Peaks,
): Promise<void> {
  const [projectors, api] = await Promise.all([serve(settings, '--projectors-only'), serve(settings, '--api-only')]);
  const watches = { '--api-only': watchMemory(api.pid), '--projectors-only': watchMemory(projectors.pid) };
  const events = await appendOrders(pool, log, blocks, tail.blocks);
  await payOld(pool, log, blocks, { nth: 0, of: 1, count: tail.old });
  await appendLarge(pool, STRETCHES);
  await announce(pool, events + tail.old + LARGE);
  const head = await store.head();
  let isBehind = true;
  const following = (async (): Promise<void> => {
    for (; isBehind; await sleep(LOOK_MS)) {
      const { rows } = await pool.query<{ behind: boolean }>(
        `select count(*) filter (where c.position >= $1) < count(*) as behind from orderlog.checkpoints c
         join orderlog.builds b on b.model = c.model and b.number = c.build and b.state = 'active'`,
        [head],
      );
      isBehind = rows[0]?.behind ?? true;
    }
  })();
  const reading = Array.from({ length: AT_ONCE }, async () => {
    do {
      const answer = await fetch(`${api.url}/v1/orders?limit=100&sort=-total`);
      await answer.arrayBuffer();
      if (!answer.ok) throw new Error(`a list of orders was answered with ${answer.status}`);
    } while (isBehind);
  });
  await Promise.all([following, ...reading]);
  for (const [option, watch] of Object.entries(watches)) {
    const { peak_mb, children_mb } = await watch.stop();
    peaks.add(`orderlog serve ${option}`, peak_mb);
    peaks.add(`children of orderlog serve ${option}`, children_mb);
  }
  await Promise.all([api.stop(), projectors.stop()]);
}

function appendLarge(pool: Installation['pool'], nth: number): Promise<void> {
  const order = `'large ' || (${nth * LARGE} + n)`;
  // 128 characters of a name.
  const name = `(select string_agg(md5(n || ' ' || line || ' ' || part), '') from generate_series(1, 4) as p (part))`;
  return appendBulk(pool, {
    count: LARGE,
    stream: `'order-' || ${uuid(order)}`,
    type: `'OrderPlaced'`,
    schemaVersion: 2,
    data: `json_build_object('order_id', ${uuid(order)}, 'user_id', ${uuid(`'user 1'`)}, 'number', 100000000 + ${nth * LARGE} + n,
      'external_reference', null, 'external_reference_hash', null, 'currency', 'EUR',
      'items', (select json_agg(json_build_object('line', line, 'product_id', 1 + line % 2000, 'sku', 'SKU-' || (1 + line % 2000),
        'name', 'Product ' || ${name}, 'quantity', 1, 'unit_price', 100)) from generate_series(1, ${LINES}) as l (line)),
      'total', ${LINES * 100}, 'reserved', '[]'::json, 'placed_at', '2026-06-01T00:00:00Z')`,
  });
}
