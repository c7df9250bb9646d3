import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import pg from 'pg';
import t, { type Test } from 'tap';
import { startEmbedded } from '../../src/embedded-postgres/embedded.js';

/** A folder for data; what lies elsewhere for its sake goes with it. */
export function dataFolder(t: Test, mode = 0o711): string {
  const folder = mkdtempSync(join(tmpdir(), 'orderlog-embedded-'));
  chmodSync(folder, mode);
  t.teardown(() => {
    const location = locationOf(folder);
    const pid = serverPid(location);
    if (pid !== null) process.kill(pid, 'SIGQUIT');
    rmSync(location, { recursive: true, force: true, maxRetries: 20 });
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

let template: Promise<string> | null = null;

/** A data folder whose database has been made already, by a start that ended well. A copy: making one takes seconds. */
export async function madeFolder(test: Test): Promise<string> {
  template ??= (async (): Promise<string> => {
    const made = dataFolder(t);
    await inDatabase(made, (client) => client.query('SELECT 1'));
    return made;
  })();
  const from = await template;
  const folder = dataFolder(test);
  // With owners and modes.
  execFileSync('cp', ['-Rp', join(from, 'postgres'), join(from, 'postgres.password'), folder]);
  return folder;
}

export function locationOf(folder: string): string {
  const note = join(folder, 'postgres.location');
  return existsSync(note) ? readFileSync(note, 'utf8').trim() : join(folder, 'postgres');
}

/** The running server of a cluster, or null. */
export function serverPid(location: string): number | null {
  const file = join(location, 'postmaster.pid');
  return existsSync(file) ? Number(readFileSync(file, 'utf8').split('\n')[0]) : null;
}

/** How many servers run over a cluster, by the list of all processes. */
export function serversOver(location: string): number {
  const all = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return all.filter((pid) => {
    try {
      const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
      return line[1] === '-D' && line[2] === location;
    } catch {
      // It has ended since the list was made.
      return false;
    }
  }).length;
}

/** No server runs over a cluster any more; one that has let go of its data may take a moment to end. */
export async function ended(test: Test, location: string): Promise<void> {
  for (const until = Date.now() + 60_000; serversOver(location) > 0 && Date.now() < until;) {
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  test.equal(serversOver(location), 0, 'no server runs any more');
}

/** Joins, does something in the database and leaves. */
export async function inDatabase<T>(folder: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const server = await startEmbedded(folder);
  const client = new pg.Client(server.config);
  try {
    await client.connect();
    return await work(client);
  } finally {
    await client.end();
    await server.stop();
  }
}

export interface User {
  readonly child: ChildProcess;
  /** Milliseconds until it had its server. */
  readonly took: number;
  readonly location: string;
  /** Gives a command and waits for the line that answers it. */
  say(command: 'query' | 'stop'): Promise<string>;
  /** The next line that it says. */
  next(): Promise<string>;
  kill(): Promise<void>;
}

/** A process that uses the server, in a group of its own. */
export async function startUser(t: Test, folder: string): Promise<User> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'embedded-user.js'), folder], {
    stdio: ['pipe', 'pipe', 'inherit'],
    detached: true,
  });
  t.teardown(() => child.kill('SIGKILL'));
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const next = async (): Promise<string> => String((await lines.next()).value);
  const [word, took = '', location = ''] = (await next()).split(' ');
  t.equal(word, 'ready');
  return {
    child,
    took: Number(took),
    location,
    next,
    say: (command) => {
      child.stdin.write(`${command}\n`);
      return next();
    },
    kill: async () => {
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}
