/**
 * `npm run bench:rebuild -- [events]`: a made-up log, by default of a million events, projected event by event, then rebuilt and
 * verified by the bulk path. Prints the figures as JSON. Or of an installation that is there: ORDERLOG_DATA_DIR. With
 * TEST_EVENTSTORE_URL, an empty server, the log is there, and what the bare client takes to read all of it is measured as well.
 */
import { cpus } from 'node:os';
import { EventStoreDBClient } from '@eventstore/db-client';
import { projections } from '../projections/index.js';
import type { EventStore } from '../src/engine/core/event-store.js';
import { openEventStoreDb } from '../src/engine/log/eventstoredb/store.js';
import { PostgresEventStore } from '../src/engine/log/postgres/store.js';
import { PgKeyStore } from '../src/crypto/key-store.js';
import { loadOrCreateMasterKey } from '../src/crypto/master-key.js';
import { migrations } from '../migrations/index.js';
import { migrate } from '../src/engine/postgres/migrate.js';
import { createPool } from '../src/engine/postgres/pool.js';
import { CheckpointWatch } from '../src/engine/projecting/watch.js';
import { startProjectors } from '../src/engine/projecting/projector.js';
import { haveReached } from '../src/engine/projecting/status.js';
import { remove, startServer, temporaryFolder } from './ending.js';
import { runWatched } from './peak.js';
import { stopServers } from './processes.js';
import { appendSynthetic } from './synthetic-log.js';

const MILLION = 1_000_000;
const quiet = { info: () => undefined, warn: console.error, error: console.error };

const wanted = Number(process.argv[2] ?? MILLION);
const given = process.env['ORDERLOG_DATA_DIR'];
const url = process.env['TEST_EVENTSTORE_URL'];
const folder = given ?? temporaryFolder('orderlog-bench-');
const server = await startServer(folder);
const pool = createPool(server.config, { max: 10, applicationName: 'bench' });
try {
  await migrate(server.config, migrations);
  const store = url === undefined ? new PostgresEventStore(pool, server.config) : await openEventStoreDb(url);
  const events =
    given === undefined
      ? await appendSynthetic(store, wanted, new PgKeyStore(pool, loadOrCreateMasterKey(folder)))
      : ((await store.distances([{ position: '' as never, filter: {} }], 10 ** 9))[0]?.events ?? 0);
  await pool.query('vacuum analyze orderlog.events');
  console.error(`${events} events`);
  const oneByOne = given === undefined ? await eventByEvent(store) : null;
  const bareReading = url === undefined ? null : await readingBare(url);
  const rebuild = await command('rebuild');
  const verify = await command('verify');
  const rate = (seconds: number): number => Math.round(events / seconds);
  const figures = {
    ...{ events, cpu: cpus()[0]?.model, cores: cpus().length, node: process.versions.node },
    ...(oneByOne !== null && { event_by_event: { seconds: oneByOne, events_per_second: rate(oneByOne) } }),
    ...(bareReading !== null && { bare_client: { seconds: bareReading, events_per_second: rate(bareReading) } }),
    rebuild: { ...rebuild, events_per_second: rate(rebuild.seconds) },
    verify: { ...verify, events_per_second: rate(verify.seconds) },
  };
  process.stdout.write(`${JSON.stringify(figures, null, 2)}\n`);
  await store.close();
} finally {
  await stopServers();
  await pool.end();
  await server.stop();
  if (given === undefined) remove(folder);
}

/** Seconds until all read models are at the head. */
async function eventByEvent(store: EventStore): Promise<number> {
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

/** Seconds that the client alone takes to read the log. */
async function readingBare(from: string): Promise<number> {
  const client = EventStoreDBClient.connectionString(from);
  const begun = performance.now();
  for await (const _ of client.readAll());
  const seconds = (performance.now() - begun) / 1_000;
  await client.dispose();
  return Math.round(seconds * 10) / 10;
}

/** Its start is part of the time. */
async function command(name: string): Promise<{ seconds: number; peak_mb: number }> {
  const eventStore = url === undefined ? {} : { EVENTSTORE_URL: url };
  const settings = { ORDERLOG_DATA_DIR: folder, SEED: 'none', ...eventStore };
  const { seconds, peak_mb } = await runWatched(settings, [name]);
  return { seconds, peak_mb };
}
