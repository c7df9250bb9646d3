/**
 * `npm run bench:large -- [orders] [lines] [name]`: a log of large orders, by default 1,085 of 2,000 lines with long names.
 * Prints as JSON what the processes that work on it have in memory at most, and what others wait for during an as-of build.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { PostgresEventStore } from '../src/engine/log/postgres/store.js';
import { migrations } from '../migrations/index.js';
import { migrate } from '../src/engine/postgres/migrate.js';
import { createPool } from '../src/engine/postgres/pool.js';
import { appendLarge } from './large-log.js';
import { remove, startServer, temporaryFolder } from './ending.js';
import { childrenOf, peakOf, runWatched, seconds } from './peak.js';
import { type Running, serve, stopServers } from './processes.js';

const [orders = 1_085, lines = 2_000, name = 155] = process.argv.slice(2).map(Number);
const LISTS = 24;

const folder = temporaryFolder('orderlog-large-');
const settings = { ORDERLOG_DATA_DIR: folder, SEED: 'none', HOME: folder };
const server = await startServer(folder);
const pool = createPool(server.config, { max: 5, applicationName: 'bench' });
try {
  await migrate(server.config, migrations);
  const store = new PostgresEventStore(pool, server.config);
  const events = await appendLarge(store, { orders, lines, name });
  const head = await store.head();
  await store.close();
  // The user's data can't be opened: verify takes that only from a key that was destroyed.
  await pool.query(
    `insert into orderlog.user_keys (user_id, destroyed_at)
     select substr(stream, 6)::uuid, now() from orderlog.events where type = 'UserRegistered'`,
  );
  await pool.query('vacuum analyze orderlog.events');
  console.error(`${events} events`);
  const figures: Record<string, object> = {};
  const told = (what: string, figure: object): void => {
    figures[what] = figure;
    console.error(what, JSON.stringify(figure));
  };
  const running = await serve(settings);
  told('catching up', await caughtUp(running, head));
  told('lists', await lists(running));
  told('as of', await asOf(running));
  await running.stop();
  told('rebuild', await runWatched(settings, ['rebuild']));
  told('verify', await runWatched(settings, ['verify']));
  process.stdout.write(`${JSON.stringify({ events, ...figures }, null, 2)}\n`);
} finally {
  await stopServers();
  await pool.end();
  await server.stop();
  remove(folder);
}

async function caughtUp({ pid }: Running, head: string): Promise<object> {
  const begun = performance.now();
  for (;;) {
    const { rows } = await pool.query<{ behind: boolean }>(
      `select count(*) filter (where position >= $1 or state = 'stopped') < 5 as behind from orderlog.checkpoints`,
      [head],
    );
    if (!rows[0]?.behind) break;
    await sleep(100);
  }
  return { seconds: seconds(begun), peak_mb: peakOf(pid) };
}

async function lists({ url, pid }: Running): Promise<object> {
  const begun = performance.now();
  const answers = await Promise.all(
    Array.from({ length: LISTS }, async () => {
      const answer = await fetch(`${url}/v1/orders?limit=100`);
      return { status: answer.status, bytes: (await answer.arrayBuffer()).byteLength };
    }),
  );
  const statuses = [...new Set(answers.map(({ status }) => status))];
  return { seconds: seconds(begun), statuses, bytes: answers[0]?.bytes, peak_mb: peakOf(pid) };
}

/** With one small request after the other beside it. */
async function asOf({ url, pid }: Running): Promise<object> {
  const begun = performance.now();
  const quiet = await latencies(url, sleep(2_000));
  let child = 0;
  const watch = setInterval(() => (child = Math.max(child, ...childrenOf(pid).map(peakOf))), 50);
  const point = new Date().toISOString();
  const built = (async (): Promise<number[]> => {
    const statuses: number[] = [];
    for (const path of ['/v1/orders?limit=1&', '/v1/categories/1/order-counts?']) {
      const headers = { prefer: 'wait=30' };
      for (let tries = 0; tries < 10; tries++) {
        const answer = await fetch(`${url}${path}as_of=${point}`, { headers });
        await answer.arrayBuffer();
        statuses.push(answer.status);
        if (answer.status !== 503) break;
      }
    }
    return statuses;
  })();
  const others = await latencies(url, built);
  clearInterval(watch);
  return { seconds: seconds(begun), statuses: await built, quiet, others, peak_mb: peakOf(pid), child_peak_mb: child };
}

async function latencies(url: string, until: Promise<unknown>): Promise<object> {
  const took: number[] = [];
  let over = false;
  void until.finally(() => (over = true));
  while (!over) {
    const begun = performance.now();
    await (await fetch(`${url}/v1/categories/1`)).arrayBuffer();
    took.push(performance.now() - begun);
    await sleep(5);
  }
  took.sort((a, b) => a - b);
  const at = (share: number): number => Math.round((took[Math.floor(took.length * share)] ?? 0) * 10) / 10;
  return { p50_ms: at(0.5), p99_ms: at(0.99), max_ms: at(1 - 1e-9) };
}
