/** A Postgres server that is nobody's embedded one: the same binaries, on a TCP port, gone when it is stopped. */
import { type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, mkdirSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { accountFor } from '../src/embedded-postgres/account.js';
import { spawnBinary } from '../src/embedded-postgres/cluster.js';
import { sessionTo } from '../src/engine/postgres/session.js';

export interface PlainPostgres {
  readonly url: string;
  stop(): Promise<void>;
}

const START_MS = 60_000;

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** @param folder an empty one, which other users may enter */
export async function startPlainPostgres(folder: string): Promise<PlainPostgres> {
  const account = accountFor(null);
  const cluster = join(folder, 'cluster');
  mkdirSync(cluster, { mode: 0o700 });
  chmodSync(folder, 0o711);
  if (account) chownSync(cluster, account.uid, account.gid);
  const initdb = spawnBinary('initdb', ['-D', cluster, '-U', 'orderlog', '--auth=trust', '--encoding=UTF8'], account);
  const said = output(initdb);
  const [code] = (await once(initdb, 'close')) as [number | null];
  if (code !== 0) throw new Error(`initdb ended with ${code}: ${said()}`);
  const port = await freePort();
  const settings = ['listen_addresses=127.0.0.1', `port=${port}`, 'unix_socket_directories=', 'fsync=off'];
  const server = spawnBinary('postgres', ['-D', cluster, ...settings.flatMap((one) => ['-c', one])], account);
  const log = output(server);
  const url = `postgres://orderlog@127.0.0.1:${port}/postgres`;
  const stop = async (): Promise<void> => {
    if (server.exitCode !== null || server.signalCode !== null) return;
    const exit = once(server, 'exit');
    // Fast shutdown: sessions are ended.
    server.kill('SIGINT');
    await exit;
  };
  try {
    await answered(url, server);
  } catch (cause) {
    await stop();
    throw new Error(`Postgres does not start: ${log()}`, { cause });
  }
  return { url, stop };
}

async function answered(url: string, server: ChildProcess): Promise<void> {
  for (const end = Date.now() + START_MS; ; await new Promise((resolve) => setTimeout(resolve, 100))) {
    const client = sessionTo(url, { kind: 'request', applicationName: 'orderlog-check' });
    try {
      await client.connect();
      return;
    } catch (error) {
      if (server.exitCode !== null || Date.now() > end) throw error;
    } finally {
      await client.end();
    }
  }
}

function output(child: ChildProcess): () => string {
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (piece: Buffer) => (text += piece.toString()));
  return () => text;
}
