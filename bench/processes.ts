/** The processes of a benchmark: started, waited for, ended. */
import { type ChildProcess, spawn, type SpawnOptions } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import type { Load, LoadResult } from './load.js';
import type { OpenLoad, Timed } from './open-load.js';

const dist = join(import.meta.dirname, '..');
const children = new Set<ChildProcess>();
const LOOK_MS = 50;
/** What a server may take to end. */
const STOP_MS = 15_000;

export interface Running {
  readonly url: string;
  readonly pid: number;
  stop(): Promise<void>;
}

export type Settings = Readonly<Record<string, string>>;

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

/** Runs `orderlog` with `--json` to its end and gives its document. */
export async function orderlog<T>(settings: Settings, ...args: string[]): Promise<T> {
  return JSON.parse(await output(command(settings, args))) as T;
}

/** Runs a command of `orderlog` to its end, and looks at its process meanwhile. */
export async function watched(settings: Settings, name: string, look: (pid: number) => void): Promise<void> {
  const child = command(settings, [name]);
  const timer = setInterval(() => look(child.pid as number), LOOK_MS);
  await output(child).finally(() => clearInterval(timer));
}

function command(settings: Settings, args: readonly string[]): ChildProcess {
  const env = { PATH: '/usr/bin:/bin', ...settings };
  return started([join(dist, 'src/cli.js'), ...args, '--json'], { env, stdio: ['ignore', 'pipe', 'inherit'] });
}

/** Runs a file of this build, and remembers it for `stopServers`. */
export function started([file, ...args]: readonly [string, ...string[]], options: SpawnOptions): ChildProcess {
  const child = spawn(process.execPath, [file, ...args], options);
  children.add(child);
  child.once('close', () => children.delete(child));
  return child;
}

/** Starts `orderlog serve` and waits until it is ready. */
export async function serve(settings: Settings, ...args: string[]): Promise<Running> {
  const port = await freePort();
  const env = { PATH: '/usr/bin:/bin', ...settings, PORT: String(port), LOG_LEVEL: 'warn' };
  const child = started([join(dist, 'src/cli.js'), 'serve', ...args], { env, stdio: ['ignore', 'ignore', 'inherit'] });
  const url = `http://127.0.0.1:${port}`;
  for (;;) {
    if (child.exitCode !== null || child.signalCode !== null)
      throw new Error(`orderlog serve ended with ${child.exitCode ?? child.signalCode}`);
    const answer = await fetch(`${url}/health/ready`).catch(() => null);
    if (answer?.ok) break;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return { url, pid: child.pid as number, stop: () => stop(child) };
}

/** Starts a service of bench/peers on the database. */
export async function peerOf(
  name: 'crud' | 'emmett' | 'tree',
  connection: object,
  ...args: string[]
): Promise<Running> {
  const file = join(dist, `bench/peers/${name}.js`);
  const child = started([file, JSON.stringify(connection), ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  const line = await Promise.race([
    once(child.stdout as Readable, 'data').then(([data]) => String(data)),
    once(child, 'exit').then(([code]) => `ended with ${String(code)}`),
  ]);
  const port = /listening (\d+)/.exec(line)?.[1];
  if (port === undefined) throw new Error(`the peer ${name} does not listen: ${line}`);
  return { url: `http://127.0.0.1:${port}`, pid: child.pid as number, stop: () => stop(child) };
}

export async function run(load: Load): Promise<LoadResult> {
  const child = started([join(dist, 'bench/load.js'), JSON.stringify(load)], { stdio: ['ignore', 'pipe', 'inherit'] });
  return JSON.parse(await output(child)) as LoadResult;
}

/** @throws Error if a request failed */
export async function openLoad(load: OpenLoad): Promise<Timed> {
  const child = started([join(dist, 'bench/open-load.js')], { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin?.end(JSON.stringify(load));
  return JSON.parse(await output(child)) as Timed;
}

async function output(child: ChildProcess): Promise<string> {
  let text = '';
  child.stdout?.on('data', (piece: Buffer) => (text += piece.toString()));
  const [code] = (await once(child, 'close')) as [number];
  if (code !== 0) throw new Error(`a process ended with ${code}: ${text}`);
  return text;
}

/** Also after a failure nothing is left running. */
export async function stopServers(): Promise<void> {
  await Promise.all([...children].map(stop));
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  const late = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
  await once(child, 'exit');
  clearTimeout(late);
}
