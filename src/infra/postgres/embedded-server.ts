/** One server process over a data cluster: reaching it, starting it, stopping it. To be used under the lock only. */
import { closeSync, existsSync, openSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type pg from 'pg';
import { EMBEDDED_NAME, passwordOf, spawnBinary } from './embedded-cluster.js';
import { hasSocket, makeSocketFolder, type Place, socketFolder } from './embedded-place.js';
import { Session, sessionTo } from './session.js';

/** Connections that say that a process uses the server. */
export const KEEPER = 'orderlog-keeper';

/** How long a server may take that says it is starting or ending: it may have much to recover. */
const BUSY_MS = 300_000;
/** How long one is tried that ends at once: another may still be ending, or have been killed a moment ago. */
const STALE_MS = 10_000;
/** What no waiting mends: a setting, a version, an owner or a mode that is wrong. */
const HOPELESS =
  /FATAL: .*(?:contains errors|invalid value for parameter|incompatible with server|wrong ownership|invalid permissions)/;
const STOP_MS = 20_000;
const RETRY_MS = 25;
const LOG_BYTES = 10 * 1024 * 1024;
/** Where the system tells of processes. */
const OWN_STATE = '/proc/self/stat';
const WRONG_PASSWORD = '28P01';

interface Started {
  /** Null while it runs. */
  end: string | null;
}

export class EmbeddedServer {
  readonly #log: string;

  constructor(
    private readonly dataDir: string,
    private readonly place: Place,
    private readonly settings: Readonly<Record<string, string>>,
  ) {
    this.#log = join(dataDir, 'postgres.log');
  }

  connection(database: string): pg.PoolConfig {
    const user = EMBEDDED_NAME;
    return { host: socketFolder(this.place.cluster), port: 5432, user, password: passwordOf(this.dataDir), database };
  }

  /**
   * A keeper connection to the server that runs, or that is started for it.
   * @throws Error with what the server said and what to do
   */
  async reach(): Promise<Session> {
    const begun = Date.now();
    let started: Started | null = null;
    for (;;) {
      const found = await this.#connect();
      if (found instanceof Session) return found;
      const waited = Date.now() - begun;
      if (waited > BUSY_MS)
        throw new Error(`the embedded Postgres did not answer for ${BUSY_MS / 1000} s: see ${this.#log}`);
      if (found === 'absent' && (started === null || started.end !== null)) {
        if (started?.end && (waited > STALE_MS || HOPELESS.test(started.end))) {
          throw new Error(`the embedded Postgres does not start (free space? memory?):\n${started.end}`);
        }
        if (started) await delay(RETRY_MS * 10);
        started = this.#start();
      }
      await delay(RETRY_MS);
    }
  }

  /** Lets go on those who are connected no longer, writes everything down and ends. */
  async stop(): Promise<void> {
    const pidFile = this.#pidFile();
    const pid = serverOf(pidFile);
    if (pid === null) return;
    process.kill(pid, 'SIGINT');
    // The file goes a moment before the process does.
    const isThere = (): boolean => existsSync(pidFile) || runs(pid) === true;
    for (const until = Date.now() + STOP_MS; isThere() && Date.now() < until;) await delay(RETRY_MS);
  }

  /** `busy` is one that starts, ends or has no place just now. */
  async #connect(): Promise<Session | 'busy' | 'absent'> {
    if (!hasSocket(socketFolder(this.place.cluster))) return 'absent';
    const client = sessionTo(this.connection('postgres'), { kind: 'keep', applicationName: KEEPER });
    try {
      await client.connect();
      return client;
    } catch (error) {
      await client.end().catch(() => undefined);
      const { code } = error as { code?: string };
      if (code === 'ECONNREFUSED' || code === 'ENOENT') return 'absent';
      if (code !== WRONG_PASSWORD && code !== 'EACCES') return 'busy';
      throw new Error(
        `the embedded database in ${this.place.cluster} does not let us in: postgres.password in ${this.dataDir} is of ` +
          'another one, or of another user',
        { cause: error },
      );
    }
  }

  #start(): Started {
    makeSocketFolder(this.place);
    dropStalePid(this.#pidFile());
    const settings = { ...this.settings, unix_socket_directories: socketFolder(this.place.cluster) };
    const options = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const said = sizeOf(this.#log);
    if (said > LOG_BYTES) renameSync(this.#log, `${this.#log}.1`);
    const from = said > LOG_BYTES ? 0 : said;
    const log = openSync(this.#log, 'a', 0o600);
    const started: Started = { end: null };
    const child = spawnBinary('postgres', ['-D', this.place.cluster, ...options], this.place.account, log);
    closeSync(log);
    child.on('error', (error) => (started.end = error.message));
    child.on('exit', () => (started.end = textFrom(this.#log, from) || 'it said nothing'));
    child.unref();
    return started;
  }

  #pidFile(): string {
    return join(this.place.cluster, 'postmaster.pid');
  }
}

/**
 * After a kill of everything the number in the file may be that of any process of the same user by now, which Postgres would
 * take for a server. It finds one that is really there by its shared memory as well.
 */
function dropStalePid(pidFile: string): void {
  if (existsSync(OWN_STATE) && existsSync(pidFile) && serverOf(pidFile) === null) rmSync(pidFile, { force: true });
}

/** The process of the server that has the file, if it runs. */
function serverOf(pidFile: string): number | null {
  if (!existsSync(pidFile)) return null;
  const pid = Number(readFileSync(pidFile, 'utf8').split('\n')[0]);
  if (!Number.isSafeInteger(pid) || pid <= 0) return null;
  return runs(pid) === false ? null : pid;
}

/** Whether a server runs under this number; null where the system does not tell of processes. */
function runs(pid: number): boolean | null {
  if (!existsSync(OWN_STATE)) return null;
  try {
    // Not one that was killed and waits for somebody to ask for its exit code.
    return /\(postgres\) [^Z]/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

/** Empty if the file is gone: the data folder may have been deleted. */
function textFrom(file: string, from: number): string {
  return existsSync(file) ? readFileSync(file).subarray(from).toString().trim() : '';
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
