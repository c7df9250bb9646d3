/** The process that makes as-of builds: it is asked by its parent, and ends with it. */
import { projections } from '../projections/index.js';
import type { EventStore } from './engine/core/event-store.js';
import { giveWay } from './engine/postgres/background.js';
import { createPool } from './engine/postgres/pool.js';
import type { Bulk } from './engine/builds/bulk.js';
import type { AnyProjection } from './engine/projecting/projection.js';
import { makeAsOfBuild } from './engine/builds/as-of-build.js';
import { type BuildAnswer, type BuildQuestion, failedBuild, type Stores } from './engine/builds/as-of-process.js';
import type { AsOfBuild } from './engine/builds/as-of-registry.js';
import { openLog } from './open-log.js';

type Pool = ReturnType<typeof createPool>;

const CONNECTIONS = 4;

giveWay();
// A signal to the whole group is for the parent to answer: it ends this process when it ends.
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => undefined);
process.on('disconnect', () => process.exit());

let opened: Promise<{ readonly pool: Pool; readonly store: EventStore }> | null = null;

process.on('message', (question: BuildQuestion) => {
  void answer(question).then((answered) => process.send?.(answered));
});

async function answer(question: BuildQuestion): Promise<BuildAnswer> {
  try {
    return { made: await build(question) };
  } catch (error) {
    return { failed: failedBuild(error) };
  }
}

async function build({ model, place, ...stores }: BuildQuestion): Promise<AsOfBuild> {
  opened ??= open(stores);
  const { pool, store } = await opened.catch((error: unknown) => {
    opened = null;
    throw error;
  });
  const projection = projections.find(({ name }) => name === model);
  if (!projection || !hasBulk(projection)) throw new Error(`${model} has no bulk path`);
  return makeAsOfBuild({ pool, store, projection, place, signal: new AbortController().signal });
}

async function open({ connection, eventStoreUrl, embedded }: Stores): Promise<{ pool: Pool; store: EventStore }> {
  const options = {
    max: CONNECTIONS,
    applicationName: 'orderlog-as-of',
    kind: 'work',
    inBackground: embedded,
  } as const;
  const pool = createPool(connection, options);
  return { pool, store: await openLog({ eventStoreUrl }, pool, connection) };
}

function hasBulk(projection: AnyProjection): projection is AnyProjection & { readonly bulk: Bulk } {
  return projection.bulk !== undefined;
}
