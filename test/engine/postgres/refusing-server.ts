/** Stands in for a server whose recovery has failed: it listens in the folder given, and says that it is starting up. */
import { createServer } from 'node:net';
import { join } from 'node:path';

// By this name a server is known.
process.title = 'postgres';
const fields = ['SFATAL', 'VFATAL', 'C57P03', 'Mthe database system is not yet accepting connections'];
const body = Buffer.from(`${fields.map((field) => `${field}\0`).join('')}\0`);
const length = Buffer.alloc(4);
length.writeInt32BE(body.length + 4);
const refusal = Buffer.concat([Buffer.from('E'), length, body]);
const server = createServer((socket) => {
  socket.on('error', () => undefined);
  socket.once('data', () => socket.end(refusal));
});
server.listen(join(process.argv[2] ?? '', '.s.PGSQL.5432'), () => {
  console.log('listening');
});
