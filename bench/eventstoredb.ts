/**
 * `npm run bench:eventstore`: Orderlog beside the bare client, on the server at TEST_EVENTSTORE_URL. Nothing is deleted there.
 */
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { EventStoreDBClient } from '@eventstore/db-client';
import { measureAdapter } from './eventstore-adapter.js';
import { measureImport, measurePlacing } from './eventstore-orders.js';

const USAGE = `npm run bench:eventstore -- [--quick]         the adapter beside the bare client
npm run bench:eventstore -- placing [--quick] orders over HTTP beside bare appends; the server must be empty
npm run bench:eventstore -- import FOLDER     an import beside bare appends; the server must be empty

The variable TEST_EVENTSTORE_URL names the server, esdb://127.0.0.1:2113?tls=false say.`;

const { values, positionals } = parseArgs({ allowPositionals: true, options: { quick: { type: 'boolean' } } });
const [variant, folder] = positionals;
const url = process.env['TEST_EVENTSTORE_URL'];
const isKnown = variant === undefined || variant === 'placing' || (variant === 'import' && folder !== undefined);
if (!url || !isKnown) {
  console.error(USAGE);
  process.exit(2);
}
const quick = values.quick ?? false;
const client = EventStoreDBClient.connectionString(url);
const [cpu] = cpus();
console.log(`${cpus().length} × ${cpu?.model ?? 'unknown'}, Node ${process.versions.node}`);
if (variant === 'placing') await measurePlacing(url, client, quick);
else if (variant === 'import') await measureImport(url, client, folder as string);
else await measureAdapter(url, client, quick);
await client.dispose();
// The client keeps its connection, and the process with it.
process.exit(0);
