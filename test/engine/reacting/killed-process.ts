/** A process that runs the reactor of noting.ts, and kills itself when the effect of an event is there but not its checkpoint. */
import { CommandHandler } from '../../../src/engine/core/command-handler.js';
import { PostgresEventStore } from '../../../src/engine/log/postgres/store.js';
import { createPool } from '../../../src/engine/postgres/pool.js';
import { CheckpointWatch } from '../../../src/engine/projecting/watch.js';
import { startReactors } from '../../../src/engine/reacting/reactors.js';
import { MemoryVault } from '../../../src/engine/testing.js';
import { keptLog } from '../projecting/running.js';
import { noting } from './noting.js';

const [connection = '', killedAt = ''] = process.argv.slice(2);
const pool = createPool(connection, { max: 5, applicationName: 'killed-process' });
const store = new PostgresEventStore(pool, connection);
const reactor = noting({
  after(n) {
    if (n === Number(killedAt)) process.kill(process.pid, 'SIGKILL');
  },
});
startReactors({
  ...{ pool, store, handler: new CommandHandler(store, new MemoryVault()), watch: new CheckpointWatch(pool) },
  ...{ log: keptLog(), reactors: [reactor] },
});
