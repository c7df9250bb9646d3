import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import t from 'tap';
import { appendLarge } from '../../bench/large-log.js';
import { PostgresEventStore } from '../../src/engine/log/postgres/store.js';
import { testDatabase } from '../support/database.js';

/**
 * Orders of about 490 KiB, fifty MiB together and several times that as objects: a heap that has room for a few of them, for each of the
 * models that project at the same time.
 */
const HEAP_MB = 96;
const ORDERS = 100;
const LARGE = { orders: ORDERS, lines: 2_000, name: 155 };
/** Every second one is paid. */
const EVENTS = ORDERS + ORDERS / 2;
/** One for the order, one for each of its products. */
const ROWS = ORDERS + ORDERS * 200;

void t.test('each work on a log of large orders has some of them in memory, not all', async (t) => {
  const { pool, config, connectionString } = await testDatabase(t);
  const store = new PostgresEventStore(pool, config);
  t.teardown(() => store.close());
  const events = (await appendLarge(store, LARGE)) + (await logOpened(store));
  for (const [work, wanted] of [
    ['read', events],
    ['project', null],
    ['rebuild', [{ name: 'category-tree' }, {}, { name: 'user-orders', events: EVENTS, rows: ROWS }, {}, {}, {}]],
    ['verify', { ok: true, differences: [] }],
    ['as-of', EVENTS],
  ] as const) {
    const { code, output, errors } = await inSmallHeap(connectionString, work);
    t.equal(code, 0, `${work} ends well: ${errors.slice(0, 400)}`);
    t.match(JSON.parse(output || '"nothing"'), wanted, work);
  }
  const { rows } = await pool.query('select from orderlog.quarantine');
  t.same(rows, [], 'no order is to blame');
});

async function logOpened(store: PostgresEventStore): Promise<number> {
  await store.logId();
  return 1;
}

async function inSmallHeap(
  connection: string,
  work: string,
): Promise<{ code: number | null; output: string; errors: string }> {
  const script = join(import.meta.dirname, '../support/large-work.js');
  const heap = `--max-old-space-size=${HEAP_MB}`;
  const child = spawn(process.execPath, [heap, script, connection, work], { stdio: ['ignore', 'pipe', 'pipe'] });
  let [output, errors] = ['', ''];
  child.stdout.on('data', (piece: Buffer) => (output += piece.toString()));
  child.stderr.on('data', (piece: Buffer) => (errors += piece.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, output, errors };
}
