/** Callers that leave before they are answered. */
import { once } from 'node:events';
import type { IncomingMessage, Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { until } from './orderlog.js';

/** Resolves when the caller's connection is closed: what a route does after it comes too late for the caller. */
export async function callerGone({ raw: { socket } }: { readonly raw: IncomingMessage }): Promise<void> {
  if (!socket.closed) await once(socket, 'close');
}

/** Sends requests such as `GET /` at once on one connection, and closes it when all of them have arrived: nothing is read. */
export async function sendAndLeave(
  server: Server,
  requests: readonly string[],
  headers: Readonly<Record<string, string>> = {},
): Promise<void> {
  let arrived = 0;
  const count = (): void => void (arrived += 1);
  server.on('request', count);
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const lines = Object.entries({ host: 'localhost', 'content-length': '0', ...headers }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  socket.write(requests.map((one) => `${one} HTTP/1.1\r\n${lines.join('')}\r\n`).join(''));
  await until(() => arrived === requests.length);
  server.off('request', count);
  socket.destroy();
}
