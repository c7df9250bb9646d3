/**
 * A process that uses the embedded server of the folder given. Says `ready <milliseconds> <location>`, then does as told on
 * standard input: `query`, `stop`. On SIGINT and SIGTERM it asks once more, to see that the server is still there, and stops.
 */
import { createInterface } from 'node:readline';
import pg from 'pg';
import { startEmbedded } from '../../src/embedded-postgres/embedded.js';

const begun = Date.now();
const server = await startEmbedded(process.argv[2] ?? '');
const took = Date.now() - begun;

async function query(): Promise<void> {
  const client = new pg.Client(server.config);
  await client.connect();
  await client.query('SELECT 1');
  await client.end();
  console.log('answered');
}

async function stop(): Promise<void> {
  await server.stop();
  console.log('stopped');
  process.exit();
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void query().then(stop));
// Only now: who hears it may send a signal at once.
console.log(`ready ${took} ${server.location}`);
for await (const line of createInterface(process.stdin)) await (line === 'stop' ? stop() : query());
