/** A process that does one kind of work on a log, to be started with a small heap: the database's URL, and which work. */
import { projections } from '../../projections/index.js';
import { PostgresEventStore } from '../../src/engine/log/postgres/store.js';
import { CheckpointWatch } from '../../src/engine/projecting/watch.js';
import { startProjectors } from '../../src/engine/projecting/projector.js';
import { AsOfBuilds } from '../../src/engine/builds/as-of-builds.js';
import { haveReached } from '../../src/engine/projecting/status.js';
import { createPool } from '../../src/engine/postgres/pool.js';
import { verify } from '../../src/engine/verifying/verify.js';
import { rebuildAll } from '../engine/builds/rebuilding.js';
import { witnessedStreams } from '../../src/streams.js';

const [connection = '', work = ''] = process.argv.slice(2);
const nothing = (): void => undefined;
const log = { info: nothing, warn: console.error, error: console.error };
const pool = createPool(connection, { max: 5, applicationName: 'large-work' });
const store = new PostgresEventStore(pool, connection);
const watch = new CheckpointWatch(pool);
const head = await store.head();

const works: Record<string, () => Promise<unknown>> = {
  async project() {
    const projectors = startProjectors({ pool, store, watch, log, projections });
    while (!(await haveReached({ pool, store, projections }, head))) await new Promise((done) => setTimeout(done, 50));
    await projectors.stop();
  },
  rebuild: () => rebuildAll({ pool, store, watch }),
  async verify() {
    const options = { signal: new AbortController().signal, stretch: nothing, done: nothing };
    const { ok, models, checks } = await verify({ pool, store, streams: witnessedStreams }, projections, options);
    return { ok, differences: models.flatMap(({ differences }) => differences), checks };
  },
  async 'as-of'() {
    const keep = { keepSeconds: 60, maxBytes: 10 ** 9 };
    const snapshots = new AsOfBuilds({ pool, store, projections, keep, log });
    const { build } = await snapshots.at('user-orders', head, 600_000);
    await snapshots.close();
    return build.events;
  },
  async read() {
    let events = 0;
    for await (const _ of store.readAll()) events++;
    return events;
  },
};
const result = (await works[work]?.()) ?? null;
await watch.close();
await store.close();
await pool.end();
process.stdout.write(JSON.stringify(result));
