import net from 'node:net';
import type pg from 'pg';
import type { Test } from 'tap';

/** A way to the database that can lose answers and fall silent. */
export interface LossyProxy {
  readonly config: pg.PoolConfig;
  /** The next answer is lost, and a moment later the connection with it; settles when that has happened. */
  loseNextAnswer(): Promise<void>;
  /** From now on nothing comes through, and no connection is closed. */
  freeze(): void;
}

/** Long enough for a statement to be finished that is under way. */
const AFTERWARDS_MS = 150;

export async function lossyProxy(t: Test, config: pg.PoolConfig): Promise<LossyProxy> {
  const { host = 'localhost', port = 5432 } = config;
  const place = host.startsWith('/') ? { path: `${host}/.s.PGSQL.${port}` } : { host, port };
  const sockets = new Set<net.Socket>();
  let frozen = false;
  let lost: (() => void) | null = null;

  const server = net.createServer((client) => {
    const database = net.connect(place);
    for (const [from, to] of [
      [client, database],
      [database, client],
    ] as const) {
      sockets.add(from);
      from.on('error', () => to.destroy());
      from.on('close', () => to.destroy());
    }
    client.on('data', (data) => {
      if (!frozen) database.write(data);
    });
    let losing = false;
    database.on('data', (data) => {
      if (lost && !losing) {
        losing = true;
        setTimeout(() => {
          client.destroy();
          lost?.();
          lost = null;
        }, AFTERWARDS_MS);
      }
      if (!frozen && !losing) client.write(data);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return {
    config: { ...config, host: '127.0.0.1', port: (server.address() as net.AddressInfo).port },
    loseNextAnswer: () => new Promise((resolve) => (lost = resolve)),
    freeze: () => (frozen = true),
  };
}
