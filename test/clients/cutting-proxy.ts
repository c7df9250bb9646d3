/** A way to a server that breaks connections: before a request, after it, or in the middle of its answer. */
import { once } from 'node:events';
import net from 'node:net';
import type { AddressInfo } from 'node:net';
import type { Test } from 'tap';

const WAYS = ['before the request', 'after the request', 'in the answer'] as const;
type Way = (typeof WAYS)[number];

export interface CuttingProxy {
  readonly url: string;
  readonly cuts: Readonly<Record<Way, number>>;
  /** Where connections lead from now on. */
  leadTo(port: number): void;
}

/** @param random from 0 to 1: two of three requests are carried, the others are cut in one of the ways */
export async function cuttingProxy(t: Test, port: number, random: () => number): Promise<CuttingProxy> {
  const cuts: Record<Way, number> = { 'before the request': 0, 'after the request': 0, 'in the answer': 0 };
  const sockets = new Set<net.Socket>();
  let target = port;
  const listener = net.createServer((client) => {
    const server = net.connect({ port: target, host: '127.0.0.1' });
    let way = choose(random);
    const cut = (): void => {
      if (way) cuts[way] += 1;
      client.destroy();
      server.destroy();
    };
    client.on('data', (data) => {
      if (way === 'before the request') cut();
      else server.write(data);
    });
    server.on('data', (data) => {
      if (way === 'after the request') return cut();
      if (way === 'in the answer') return void client.write(data.subarray(0, data.length / 2), cut);
      client.write(data);
      way = choose(random);
    });
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    listener.close();
  });
  const url = `http://127.0.0.1:${(listener.address() as AddressInfo).port}`;
  return { url, cuts, leadTo: (next) => (target = next) };
}

function choose(random: () => number): Way | undefined {
  return random() < 2 / 3 ? undefined : WAYS[Math.floor(random() * WAYS.length)];
}

/** The same numbers from 0 to 1 in each run. */
export function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
