/**
 * `npm run soak -- --minutes N`: an installation with an API process, a projecting process and one live tail under a constant mixed
 * load, well below what it can do. A rebuild and a verification run in between. Writes a sample every few seconds to a file, and at the
 * end a report and a plot. Exit code 1 if anything failed, grew, or did not come back (bench/soak-verdict.ts).
 *
 *   --minutes N   how long the load lasts; 30 by default
 *   --rate N      requests a second; 40 by default
 *   --out DIR     where samples, report and plot go; bench/results by default
 */
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type pg from 'pg';
import { createPool } from '../src/engine/postgres/pool.js';
import { writeCatalog } from './catalog.js';
import { atFixedRate } from './fixed-rate.js';
import { svg } from './plot.js';
import { remove, startServer, temporaryFolder } from './ending.js';
import { orderlog, type Running, serve, type Settings, stopServers } from './processes.js';
import { SoakLoad } from './soak-load.js';
import { soakPlots } from './soak-plots.js';
import { afterWarmUp, type End, faultsOf, perHour, type ProcessSample, type Sample } from './soak-verdict.js';
import { percentile } from './statistics.js';

const SAMPLE_EVERY_MS = 5_000;
const PRODUCTS = 500;
const USERS = 200;
const TRACKED = 20;
const CATCH_UP_SECONDS = 30;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '30' },
    rate: { type: 'string', default: '40' },
    out: { type: 'string', default: join(import.meta.dirname, '../../bench/results') },
  },
});
const [minutes, rate] = [Number(values.minutes), Number(values.rate)];
if (!(minutes > 0 && rate > 0)) throw new Error('usage: npm run soak -- --minutes N [--rate N] [--out DIR]');
const date = new Date().toISOString().slice(0, 10);
mkdirSync(values.out, { recursive: true });
const file = (ending: string): string => join(values.out, `${date}-soak${ending}`);

const folder = temporaryFolder('orderlog-soak-');
const dataDir = join(folder, 'data');
// Otherwise the build before the rebuild follows the log to the end, and what it takes looks like growth.
const settings: Settings = { ORDERLOG_DATA_DIR: dataDir, SEED: 'none', HOME: folder, KEEP_BUILD_SECONDS: '30' };
const embedded = await startServer(dataDir);
const pool = createPool(embedded.config, { max: 2, applicationName: 'soak' });
try {
  await writeCatalog(join(folder, 'shop'), { products: PRODUCTS, users: USERS });
  await orderlog(settings, 'import', join(folder, 'shop'));
  // The API is not ready before something projects.
  const [projectors, api] = await Promise.all([serve(settings, '--projectors-only'), serve(settings, '--api-only')]);
  const load = new SoakLoad(api.url, await users(api.url), PRODUCTS, TRACKED);
  for (let id = 1; id <= TRACKED; id++) await countStock(api.url, id);
  await run(load, { api, projectors });
} finally {
  await stopServers();
  await pool.end();
  await embedded.stop();
  remove(folder);
}

async function run(load: SoakLoad, processes: Readonly<Record<'api' | 'projectors', Running>>): Promise<void> {
  const over = new AbortController();
  const tailing = tail(load, processes.api.url, over.signal);
  const samples: Sample[] = [];
  const begun = performance.now();
  const seconds = (): number => Math.round((performance.now() - begun) / 100) / 10;
  writeFileSync(file('.ndjson'), '');
  const sampling = (async (): Promise<void> => {
    for (let n = 1; !over.signal.aborted; n++) {
      await sleep(Math.max(0, begun + n * SAMPLE_EVERY_MS - performance.now()));
      const sample = await sampleOf(seconds(), load, processes, pool).catch((error: unknown) => {
        load.fault(`sample: ${String(error)}`);
        return null;
      });
      if (!sample) continue;
      samples.push(sample);
      appendFileSync(file('.ndjson'), `${JSON.stringify(sample)}\n`);
    }
  })();
  const between = (async (): Promise<readonly Between[]> => {
    const done: Between[] = [];
    for (const [what, share] of [
      ['rebuild', 0.35],
      ['verify', 0.65],
    ] as const) {
      await sleep(Math.max(0, begun + share * minutes * 60_000 - performance.now()));
      const began = seconds();
      const ok = await command(load, what);
      done.push({ what, from: began, to: seconds(), ok });
    }
    return done;
  })();
  await atFixedRate({ perSecond: rate, seconds: minutes * 60 }, (n, due) => load.send(n, due));
  const caught_up_seconds = await caughtUp(processes.projectors.url);
  const commands = await between;
  // The tail tells of an order as soon as it is recorded.
  for (let n = 0; n < 50 && load.untold.size > 0; n++) await sleep(100);
  over.abort();
  await Promise.all([tailing, sampling]);
  const verified = await command(load, 'verify');
  const end: End = { errors: load.errors, caught_up_seconds, verified, untold: load.untold.size };
  report(samples, commands, end);
}

interface Between {
  readonly what: string;
  readonly from: number;
  readonly to: number;
  readonly ok: boolean;
}

async function command(load: SoakLoad, what: 'rebuild' | 'verify'): Promise<boolean> {
  try {
    await orderlog(settings, what);
    return true;
  } catch (error) {
    load.fault(`orderlog ${what}: ${String(error).slice(0, 500)}`);
    return false;
  }
}

function report(samples: readonly Sample[], commands: readonly Between[], end: End): void {
  const judged = afterWarmUp(samples);
  const names = Object.keys(samples[0]?.processes ?? {});
  const processes = Object.fromEntries(
    names.map((name) => {
      const of = (what: keyof ProcessSample): (readonly [number, number])[] =>
        judged.map((one) => [one.seconds, one.processes[name]?.[what] ?? NaN] as const);
      const most = Math.max(...samples.map((one) => one.processes[name]?.rss_mb ?? 0));
      const hourly = (what: keyof ProcessSample): number => Math.round(perHour(of(what)) * 10) / 10;
      return [
        name,
        {
          most_rss_mb: most,
          rss_mb_per_hour: hourly('rss_mb'),
          heap_mb_per_hour: hourly('heap_mb'),
          files_per_hour: hourly('files'),
        },
      ];
    }),
  );
  const faults = faultsOf(samples, end);
  const summary = {
    ...{ date, cpu: cpus()[0]?.model, cores: cpus().length, node: process.versions.node, minutes, rate },
    requests: samples.reduce((sum, { requests }) => sum + requests, 0),
    median_ms_of_samples: {
      ...{ write_p50: middle('write_p50'), write_p99: middle('write_p99') },
      ...{ read_p50: middle('read_p50'), read_p99: middle('read_p99') },
    },
    ...{ most_lag_events: Math.max(...samples.map(({ lag_events }) => lag_events)), processes, commands, end, faults },
  };
  writeFileSync(file('.json'), `${JSON.stringify(summary, null, 2)}\n`);
  writeFileSync(file('.svg'), svg(soakPlots(samples)));
  process.stdout.write(`${JSON.stringify(summary, null, 2)}\n`);
  process.exitCode = faults.length === 0 ? 0 : 1;

  function middle(what: 'write_p50' | 'write_p99' | 'read_p50' | 'read_p99'): number {
    return percentile(
      samples.map((one) => one[what]),
      0.5,
    );
  }
}

async function sampleOf(
  seconds: number,
  load: SoakLoad,
  processes: Readonly<Record<string, Running>>,
  db: pg.Pool,
): Promise<Sample> {
  const [{ rows }, ...metrics] = await Promise.all([
    db.query<{ n: number }>(
      `select count(*)::integer as n from pg_stat_activity where backend_type = 'client backend'`,
    ),
    ...Object.values(processes).map(({ url }) => metricsOf(url)),
  ]);
  const { requests, writes, reads } = load.taken();
  const at = (of: readonly number[], share: number): number => Math.round(percentile(of, share) * 10) / 10;
  const mb = (bytes: number | undefined): number => Math.round((bytes ?? NaN) / 1_024 ** 2);
  return {
    seconds,
    processes: Object.fromEntries(
      Object.keys(processes).map((name, n) => {
        const of = metrics[n] as ReadonlyMap<string, number>;
        const [rss, heap] = [of.get('process_resident_memory_bytes'), of.get('nodejs_heap_size_used_bytes')];
        return [name, { rss_mb: mb(rss), heap_mb: mb(heap), files: of.get('process_open_fds') ?? NaN }];
      }),
    ),
    sessions: rows[0]?.n ?? 0,
    lag_events: mostLag(metrics),
    requests,
    ...{ write_p50: at(writes, 0.5), write_p99: at(writes, 0.99), read_p50: at(reads, 0.5), read_p99: at(reads, 0.99) },
  };
}

function mostLag(metrics: readonly ReadonlyMap<string, number>[]): number {
  const lags = metrics.flatMap((of) => [...of].filter(([name]) => name.startsWith('orderlog_read_model_lag_events')));
  if (lags.length === 0) throw new Error('no process reports the lag');
  return Math.max(...lags.map(([, value]) => value));
}

async function metricsOf(url: string): Promise<ReadonlyMap<string, number>> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]),
  );
}

/** Seconds until no read model has anything left to apply; null if that does not come. */
async function caughtUp(url: string): Promise<number | null> {
  const begun = performance.now();
  while (performance.now() - begun < CATCH_UP_SECONDS * 1_000) {
    if (mostLag([await metricsOf(url)]) === 0) return Math.round((performance.now() - begun) / 100) / 10;
    await sleep(100);
  }
  return null;
}

/** Follows the log as a screen does, and tells the load of each order that was placed. */
async function tail(load: SoakLoad, url: string, signal: AbortSignal): Promise<void> {
  try {
    const headers = { accept: 'text/event-stream' };
    const answer = await fetch(`${url}/v1/log?stream=order-&types=OrderPlaced`, { headers, signal });
    let rest = '';
    for await (const piece of (answer.body ?? []) as AsyncIterable<Uint8Array>) {
      const frames = (rest + Buffer.from(piece).toString()).split('\n\n');
      rest = frames.pop() ?? '';
      for (const frame of frames) {
        const data = /^data: (.*)$/m.exec(frame)?.[1];
        if (data !== undefined) load.tell((JSON.parse(data) as { stream: string }).stream.slice('order-'.length));
      }
    }
    if (!signal.aborted) load.fault('the live tail ended');
  } catch (error) {
    if (!signal.aborted) load.fault(`the live tail: ${String(error)}`);
  }
}

async function users(url: string): Promise<string[]> {
  const found: string[] = [];
  for (let next: string | null = '/v1/users?limit=100'; next !== null;) {
    const page = (await (await fetch(url + next)).json()) as { data: { user_id: string }[]; next: string | null };
    found.push(...page.data.map(({ user_id }) => user_id));
    next = page.next;
  }
  return found;
}

async function countStock(url: string, product: number): Promise<void> {
  const body = JSON.stringify({ on_hand: 10_000 });
  const headers = { 'content-type': 'application/json' };
  const { ok, status } = await fetch(`${url}/v1/products/${product}/stock/count`, { method: 'POST', headers, body });
  if (!ok) throw new Error(`counting the stock was answered with ${status}`);
}
