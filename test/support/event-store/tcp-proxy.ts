import net from 'node:net';
import type { Test } from 'tap';

/** A way to a server that can be cut, closed and held up. */
export interface TcpProxy {
  readonly port: number;
  /** Breaks every connection; new ones get through. */
  cut(): void;
  /** From now on nothing gets through, and no connection is closed; until it is thawed. */
  freeze(): void;
  thaw(): void;
  /** Whether new connections are refused. */
  refuse(refused: boolean): void;
  readonly connections: number;
}

export async function tcpProxy(t: Test, port: number, host = '127.0.0.1'): Promise<TcpProxy> {
  const sockets = new Set<net.Socket>();
  let refused = false;
  let frozen = false;
  const server = net.createServer((client) => {
    if (refused) {
      client.destroy();
      return;
    }
    const target = net.connect({ host, port });
    for (const [from, to] of [
      [client, target],
      [target, client],
    ] as const) {
      sockets.add(from);
      from.on('error', () => to.destroy());
      from.on('close', () => {
        sockets.delete(from);
        to.destroy();
      });
      from.pipe(to);
      if (frozen) from.pause();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  t.teardown(() => {
    cut();
    server.close();
  });
  return {
    port: (server.address() as net.AddressInfo).port,
    cut,
    freeze: () => {
      frozen = true;
      for (const socket of sockets) socket.pause();
    },
    thaw: () => {
      frozen = false;
      for (const socket of sockets) socket.resume();
    },
    refuse: (value) => (refused = value),
    get connections() {
      return sockets.size / 2;
    },
  };
}
