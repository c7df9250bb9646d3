/** A process that projects or waits, to be killed by the test that forks it: connection, read model, and what to do. */
import type { Position } from '../../../src/engine/core/event-store.js';
import { PostgresEventStore } from '../../../src/engine/log/postgres/store.js';
import { CheckpointWatch } from '../../../src/engine/projecting/watch.js';
import { startProjectors } from '../../../src/engine/projecting/projector.js';
import { createPool } from '../../../src/engine/postgres/pool.js';
import { keptLog } from './running.js';
import { tally } from './tally.js';

const [connection = '', name = ''] = process.argv.slice(2);
const pool = createPool(connection, { max: 5, applicationName: 'other-process' });
const store = new PostgresEventStore(pool, connection);
const watch = new CheckpointWatch(pool);

/** Waits for a place, and says when it was reached. */
async function waitFor(position: Position): Promise<void> {
  const reached = await watch.waitFor(name, 1, position, 10_000);
  process.send?.({ reached, at: Date.now() });
}

process.on('message', (message: 'project' | { waitFor: Position }) => {
  if (message === 'project')
    startProjectors({ pool, store, watch, log: keptLog(), projections: [tally(name)], pageSize: 20 });
  else void waitFor(message.waitFor);
});
