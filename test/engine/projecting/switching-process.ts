/** Tries to switch to a build that does not get to its place, until it is stopped. */
import { createPool } from '../../../src/engine/postgres/pool.js';
import { switchTo } from '../../../src/engine/builds/switch.js';

const [connection = '', name = ''] = process.argv.slice(2);
const pool = createPool(connection, { max: 1, applicationName: 'orderlog-switching', kind: 'work' });
for (;;) await switchTo(pool, { name, build: 2, version: 1 }, 60);
