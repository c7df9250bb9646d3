/** The orderlog command as its users run it: a process of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';

export const CLI = join(import.meta.dirname, '../../src/cli.js');
export const sharedData = join(import.meta.dirname, '../../../../shared/data');

export type Settings = Readonly<Record<string, string>>;

/** A folder that is gone when the test is over. */
export function temporaryFolder(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'orderlog-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Settings for processes that work on a database of the test's own; `key` is the same for all of one key store. */
export function settingsFor(database: { readonly connectionString: string }, dataDir: string): Settings {
  return {
    DATABASE_URL: database.connectionString,
    ORDERLOG_DATA_DIR: dataDir,
    MASTER_KEY: Buffer.alloc(32, 7).toString('base64'),
    AUTH: 'none',
    SEED: 'none',
    LOG_LEVEL: 'warn',
    PORT: '0',
  };
}

export function start(settings: Settings, ...args: string[]): ChildProcess {
  return startUnder([], settings, ...args);
}

/** Under flags of Node that NODE_OPTIONS does not take. */
export function startUnder(flags: readonly string[], settings: Settings, ...args: string[]): ChildProcess {
  return spawn(process.execPath, [...flags, CLI, ...args], {
    // The working folder holds no .env, and nothing is taken over from the test's own environment.
    cwd: tmpdir(),
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], TMPDIR: tmpdir(), ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command to its end. */
export async function orderlog(settings: Settings, ...args: string[]): Promise<Ended> {
  return ended(start(settings, ...args));
}

export async function ended(child: ChildProcess): Promise<Ended> {
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', (piece: Buffer) => (stdout += piece.toString()));
  child.stderr?.on('data', (piece: Buffer) => (stderr += piece.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout, stderr };
}

export interface Serving {
  readonly url: string;
  readonly pid: number;
  /** All that was printed so far. */
  output(): string;
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

/** Starts `orderlog serve` and waits for its greeting; stopped at the latest when the test is over. */
export async function serving(t: Test, settings: Settings, ...args: string[]): Promise<Serving> {
  return greeted(t, start({ PORT: '0', ...settings }, 'serve', ...args));
}

/** The same of a server that was started otherwise. */
export async function greeted(t: Test, child: ChildProcess): Promise<Serving> {
  let output = '';
  const exit = once(child, 'exit') as Promise<[number | null]>;
  const url = await new Promise<string>((resolve, reject) => {
    const read = (piece: Buffer): void => {
      output += piece.toString();
      const found = /try +curl -s (http:\/\/[^/\s]+)/.exec(output);
      if (found) resolve(found[1] as string);
    };
    child.stdout?.on('data', read);
    child.stderr?.on('data', read);
    void exit.then(([code]) => reject(new Error(`orderlog serve ended with ${code}:\n${output}`)));
  });
  const stop = async (signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal);
    const [code] = await exit;
    return code;
  };
  t.teardown(() => stop('SIGKILL'));
  return { url, pid: child.pid as number, output: () => output, stop };
}

/** Waits until a question is answered with yes; a limit for what never comes, not for what is slow. */
export async function until(question: () => Promise<boolean> | boolean, withinMs = 60_000): Promise<void> {
  for (const end = Date.now() + withinMs; Date.now() < end;) {
    if (await question()) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(`it was not so within ${withinMs} ms`);
}

export async function ready(url: string): Promise<void> {
  await until(async () => (await fetch(`${url}/health/ready`).catch(() => null))?.ok ?? false, 30_000);
}
