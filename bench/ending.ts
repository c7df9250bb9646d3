/**
 * The folders and embedded servers of a benchmark. A signal ends at once what runs, removes the folders, and ends this process: with 130
 * after Ctrl-C. A second signal ends it without waiting.
 */
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Embedded, startEmbedded } from '../src/embedded-postgres/embedded.js';
import { clusterOf } from '../src/embedded-postgres/place.js';
import { stopServers } from './processes.js';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/** A server that is still ending writes into its folder. */
const RETRIES = 20;

const folders = new Set<string>();
const ends = new Set<() => Promise<unknown>>();
const over = new AbortController();

export function temporaryFolder(prefix: string): string {
  const folder = mkdtempSync(join(tmpdir(), prefix));
  listen();
  folders.add(folder);
  return folder;
}

/** With the clusters of the data folders in it, which lie elsewhere if the server's user can't reach it. */
export function remove(folder: string): void {
  if (!existsSync(folder)) return;
  const inside = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  for (const dir of [folder, ...inside.map(({ name }) => join(folder, name))]) erase(clusterOf(dir));
  erase(folder);
}

/** The embedded Postgres of a data folder. */
export function startServer(dataDir: string): Promise<Embedded> {
  const starting = startEmbedded(dataDir, { signal: over.signal });
  endAtSignal(async () => (await starting.catch(() => null))?.stop());
  return starting;
}

/** @param end runs while the work is still under way. It may have run already */
export function endAtSignal(end: () => Promise<unknown>): void {
  listen();
  ends.add(end);
}

function listen(): void {
  for (const signal of SIGNALS) if (!process.listeners(signal).includes(interrupt)) process.on(signal, interrupt);
}

function interrupt(signal: NodeJS.Signals): void {
  const code = 128 + constants.signals[signal];
  if (over.signal.aborted) process.exit(code);
  console.error(`${signal}: cleaning up`);
  over.abort(new Error('the benchmark ends'));
  // What the work waits for fails now, all of it.
  for (const event of ['unhandledRejection', 'uncaughtException']) process.on(event, () => undefined);
  void endAll()
    .catch((error: unknown) => console.error(error))
    .finally(() => process.exit(code));
}

async function endAll(): Promise<void> {
  await stopServers();
  await Promise.all([...ends].map((end) => end()));
  for (const folder of folders) remove(folder);
}

function erase(folder: string): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: RETRIES });
}
