/**
 * `npm run bench:rebuild -- [events]`: a made-up log, by default of a million events, projected event by event, then rebuilt and
 * verified by the bulk path. Prints the figures as JSON. Or of an installation that is there: ORDERLOG_DATA_DIR.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { projections } from '../projections/index.js';
import { PostgresEventStore } from '../src/infra/event-store/postgres.js';
import { startEmbedded } from '../src/infra/postgres/embedded.js';
import { migrate } from '../src/infra/postgres/migrate.js';
import { createPool } from '../src/infra/postgres/pool.js';
import { CheckpointWatch } from '../src/infra/projector/checkpoint-watch.js';
import { startProjectors } from '../src/infra/projector/projector.js';
import { haveReached } from '../src/infra/projector/status.js';
import { appendSynthetic } from './synthetic-log.js';

const MILLION = 1_000_000;
const quiet = { info: () => undefined, warn: console.error, error: console.error };

const wanted = Number(process.argv[2] ?? MILLION);
const given = process.env['ORDERLOG_DATA_DIR'];
const folder = given ?? mkdtempSync(join(tmpdir(), 'orderlog-bench-'));
const server = await startEmbedded(folder);
const pool = createPool(server.config, { max: 10, applicationName: 'bench' });
try {
  await migrate(server.config);
  const store = new PostgresEventStore(pool, server.config);
  const events =
    given === undefined
      ? await appendSynthetic(store, wanted)
      : (await store.distance('' as never, {}, 10 ** 9)).events;
  await pool.query('vacuum analyze orderlog.events');
  console.error(`${events} events`);
  const oneByOne = given === undefined ? await eventByEvent(store) : null;
  const rebuild = await command('rebuild');
  const verify = await command('verify');
  const rate = (seconds: number): number => Math.round(events / seconds);
  const figures = {
    ...{ events, cpu: cpus()[0]?.model, cores: cpus().length, node: process.versions.node },
    ...(oneByOne !== null && { event_by_event: { seconds: oneByOne, events_per_second: rate(oneByOne) } }),
    rebuild: { ...rebuild, events_per_second: rate(rebuild.seconds) },
    verify: { ...verify, events_per_second: rate(verify.seconds) },
  };
  process.stdout.write(`${JSON.stringify(figures, null, 2)}\n`);
  await store.close();
} finally {
  await pool.end();
  await server.stop();
  if (given === undefined) {
    rmSync(server.location, { recursive: true, force: true });
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Seconds until all read models are at the head. */
async function eventByEvent(store: PostgresEventStore): Promise<number> {
  const watch = new CheckpointWatch(pool);
  const head = await store.head();
  const begun = performance.now();
  const projectors = startProjectors({ pool, store, watch, log: quiet, projections });
  while (!(await haveReached({ pool, store, projections }, head)))
    await new Promise((resolve) => setTimeout(resolve, 100));
  const seconds = (performance.now() - begun) / 1_000;
  await projectors.stop();
  await watch.close();
  return Math.round(seconds * 10) / 10;
}

/** Runs a command as its users do; its start is part of the time. */
async function command(name: string): Promise<{ seconds: number; peak_mb: number }> {
  const begun = performance.now();
  const env = { ...process.env, ORDERLOG_DATA_DIR: folder, SEED: 'none' };
  const child = spawn(
    '/usr/bin/env',
    ['time', '-f', 'peak %M', process.execPath, join(import.meta.dirname, '../src/cli.js'), name, '--json'],
    {
      env,
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );
  let stderr = '';
  child.stderr.on('data', (piece: Buffer) => (stderr += piece.toString()));
  const [code] = (await once(child, 'close')) as [number];
  if (code !== 0) throw new Error(`orderlog ${name} ended with ${code}: ${stderr}`);
  const peak = Number(/peak (\d+)/.exec(stderr)?.[1] ?? 0);
  return { seconds: Math.round((performance.now() - begun) / 100) / 10, peak_mb: Math.round(peak / 1_024) };
}
