/** A folder imported into a data folder of its own and served: what the checks of data compare with. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as pause } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { parse } from 'csv-parse/sync';

const CLI = fileURLToPath(new URL('../src/cli.js', import.meta.url));
const READY_WITHIN_MS = 120_000;
const TRIES = 10;

export type Table = Record<string, string>[];

export interface Answer {
  readonly data: unknown;
  readonly next?: string | null;
}

export class Api {
  constructor(
    readonly origin: string,
    private readonly signal: AbortSignal,
  ) {}

  /** The caller says of what type the data are. */
  async get(path: string): Promise<Answer> {
    return JSON.parse(await this.text(path, 'application/json')) as Answer;
  }

  /** Tries again while a busy machine makes the server answer 503. */
  async text(path: string, accept: string): Promise<string> {
    for (let tries = 1; ; tries++) {
      // A signal on each of so many requests would pile up listeners; a server that is gone ends them anyway.
      this.signal.throwIfAborted();
      const response = await fetch(this.origin + path, { headers: { accept } }).catch((error: unknown) => {
        this.signal.throwIfAborted();
        throw error;
      });
      const text = await response.text();
      if (response.ok) return text;
      const isOver = response.status !== 503 || tries === TRIES;
      if (isOver) throw new Error(`GET ${path} answered ${response.status}: ${text}`);
      await pause(1_000 * Number(response.headers.get('retry-after') ?? 1));
    }
  }

  async *list<T>(path: string): AsyncGenerator<T> {
    for (let next: string | null = path; next !== null;) {
      const page: Answer = await this.get(next);
      yield* page.data as readonly T[];
      next = page.next ?? null;
    }
  }
}

/** Runs the work with a new data folder, and deletes it. The signal says that the caller was told to end. */
export async function inDataFolder<T>(work: (data: string, signal: AbortSignal) => Promise<T>): Promise<T> {
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const)
    process.once(name, () => stop.abort(new Error(`stopped by ${name}`)));
  const folder = await mkdtemp(join(tmpdir(), 'orderlog-check-'));
  // The embedded database runs as another user when this is run as root.
  await chmod(folder, 0o755);
  try {
    return await work(join(folder, 'data'), stop.signal);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export async function importInto(data: string, dir: string, signal: AbortSignal): Promise<void> {
  const { appended, skipped, seconds } = (await run(['import', dir], data, signal)) as Record<string, number>;
  console.log(`imported in ${seconds} s: ${appended} events appended, ${skipped} rows skipped`);
}

/** Runs a command to its end. @returns its document */
export async function run(
  args: readonly string[],
  data: string,
  signal: AbortSignal,
): Promise<Readonly<Record<string, unknown>>> {
  const child = orderlog([...args, '--json'], [`ORDERLOG_DATA_DIR=${data}`], ['ignore', 'pipe', 'inherit']);
  const chunks: Buffer[] = [];
  child.stdout?.on('data', (chunk: Buffer) => chunks.push(chunk));
  const end = (): boolean => child.kill('SIGTERM');
  signal.addEventListener('abort', end);
  const [code] = (await once(child, 'close')) as [number | null];
  signal.removeEventListener('abort', end);
  const printed = Buffer.concat(chunks).toString();
  signal.throwIfAborted();
  if (code !== 0) throw new Error(`orderlog ${args[0]} ended with ${code}: ${printed.slice(0, 2_000)}`);
  return JSON.parse(printed) as Record<string, unknown>;
}

/** Runs the server for as long as the work takes, from when it is ready. */
export async function serving<T>(data: string, signal: AbortSignal, work: (api: Api) => Promise<T>): Promise<T> {
  const port = await freePort();
  // The server's lines are not the result.
  const server = orderlog(['serve'], [`ORDERLOG_DATA_DIR=${data}`, 'HOST=127.0.0.1', `PORT=${port}`], ['ignore', 2, 2]);
  const ended = new AbortController();
  server.once('close', (code) => ended.abort(new Error(`the server ended with ${code}`)));
  try {
    const api = new Api(`http://127.0.0.1:${port}`, AbortSignal.any([signal, ended.signal]));
    await untilReady(api.origin, AbortSignal.any([signal, ended.signal]));
    return await work(api);
  } finally {
    if (!ended.signal.aborted) {
      const closed = once(server, 'close');
      server.kill('SIGTERM');
      const timer = setTimeout(() => server.kill('SIGKILL'), 20_000);
      await closed;
      clearTimeout(timer);
    }
  }
}

/** Ready says that every read model has passed the head of the log that was found at start. */
async function untilReady(origin: string, signal: AbortSignal): Promise<void> {
  const deadline = Date.now() + READY_WITHIN_MS;
  let last = '';
  while (Date.now() < deadline) {
    signal.throwIfAborted();
    try {
      const response = await fetch(`${origin}/health/ready`);
      last = await response.text();
      if (response.ok) return;
    } catch (error) {
      last = String(error);
    }
    await pause(200);
  }
  throw new Error(`the server was not ready in time: ${last}`);
}

/** `env` sets what must be set and passes on the rest. */
function orderlog(
  args: readonly string[],
  settings: readonly string[],
  stdio: ['ignore', 'pipe' | number, 'inherit' | number],
): ChildProcess {
  return spawn('env', ['SEED=none', 'LOG_LEVEL=warn', ...settings, process.execPath, CLI, ...args], { stdio });
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/** Null where there is neither the file nor its compressed form. */
export async function readCsv(path: string): Promise<Table | null> {
  for (const [name, unpack] of [
    [path, (bytes: Buffer) => bytes],
    [`${path}.gz`, gunzipSync],
  ] as const) {
    if (existsSync(name)) return parse(unpack(await readFile(name)), { columns: true, bom: true });
  }
  return null;
}

/** Runs a check of the folder that the command line names, and sets the exit code. */
export async function checkFolder(name: string, check: (dir: string) => Promise<number>): Promise<void> {
  const [dir] = process.argv.slice(2);
  if (dir === undefined) {
    console.error(`usage: npm run ${name} -- DIR`);
    process.exitCode = 2;
    return;
  }
  try {
    process.exitCode = await check(resolve(dir));
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
