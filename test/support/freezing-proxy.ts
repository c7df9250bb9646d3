/** A way to the database whose connections can fall silent, as behind a switch that lost power or a NAT that forgot them. */
import net from 'node:net';
import type pg from 'pg';
import type { Test } from 'tap';

export type Direction = 'to-server' | 'to-client';

export interface FreezingProxy {
  readonly port: number;
  readonly config: pg.PoolConfig;
  /** As a URL. */
  readonly connectionString: string;
  /** The connections that are there carry nothing any more, in one direction or in both; new ones do. */
  freeze(...directions: Direction[]): void;
  /** The same, and neither end is told when the other one closes. */
  forget(): void;
  /** From now on no new connection is answered either; or again. */
  silence(silent: boolean): void;
  /** How many have been made through it so far. */
  readonly made: number;
}

interface Pair {
  readonly client: net.Socket;
  readonly server: net.Socket;
  readonly stopped: Set<Direction>;
  isForgotten: boolean;
}

export async function freezingProxy(t: Test, config: pg.PoolConfig): Promise<FreezingProxy> {
  const { host = 'localhost', port = 5432, user = '', password = '', database = '' } = config;
  const place = host.startsWith('/') ? { path: `${host}/.s.PGSQL.${port}` } : { host, port };
  const pairs = new Set<Pair>();
  let isSilent = false;
  let made = 0;

  const listener = net.createServer({ allowHalfOpen: true }, (client) => {
    made += 1;
    const server = net.connect({ ...place, allowHalfOpen: true });
    const pair: Pair = { client, server, stopped: new Set(), isForgotten: false };
    if (isSilent) pair.stopped.add('to-server').add('to-client');
    pairs.add(pair);
    carry(pair, client, server, 'to-server');
    carry(pair, server, client, 'to-client');
  });
  const carry = (pair: Pair, from: net.Socket, to: net.Socket, direction: Direction): void => {
    from.on('data', (data) => {
      if (!pair.stopped.has(direction)) to.write(data);
    });
    from.on('error', () => undefined);
    from.on('close', () => {
      if (!pair.isForgotten) to.destroy();
    });
    from.on('end', () => {
      if (!pair.isForgotten) to.end();
    });
  };
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    for (const { client, server } of pairs) {
      client.destroy();
      server.destroy();
    }
    listener.close();
  });
  const own = (listener.address() as net.AddressInfo).port;
  return {
    port: own,
    config: { ...config, host: '127.0.0.1', port: own },
    connectionString: `postgres://${user}:${encodeURIComponent(password as string)}@127.0.0.1:${own}/${database}`,
    freeze: (...directions) => {
      const stopped: readonly Direction[] = directions.length > 0 ? directions : ['to-server', 'to-client'];
      for (const pair of pairs) for (const direction of stopped) pair.stopped.add(direction);
    },
    forget: () => {
      for (const pair of pairs) {
        pair.isForgotten = true;
        pair.stopped.add('to-server').add('to-client');
      }
    },
    silence: (silent) => (isSilent = silent),
    get made() {
      return made;
    },
  };
}
