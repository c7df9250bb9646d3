/** One server process over a data cluster: reaching it, starting it, stopping it. To be used under the lock only. */
import { closeSync, existsSync, openSync, readFileSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { EMBEDDED_NAME, passwordOf, spawnBinary } from './cluster.js';
import { type Connection, postgres } from '../engine/index.js';
import { hasSocket, makeSocketFolder, type Place, socketFolder } from './place.js';
import { dropStalePid, isStartingUp, pidFileOf, runs, serverOf } from './process.js';

type Session = ReturnType<typeof postgres.sessionTo>;

/** How long a server may take that says it is starting or ending: it may have much to recover. */
const BUSY_MS = 300_000;
/** How long one is tried that ends at once, or does nothing: another may still be ending, or have been killed a moment ago. */
const STALE_MS = 10_000;
/** What no waiting mends: a setting, a version, an owner or a mode that is wrong. */
const HOPELESS =
  /FATAL: .*(?:contains errors|invalid value for parameter|incompatible with server|wrong ownership|invalid permissions)/;
const STOP_MS = 20_000;
const QUIT_MS = 7_000;
const RETRY_MS = 25;
const LOG_BYTES = 10 * 1024 * 1024;
const WRONG_PASSWORD = '28P01';
/** SQLSTATE of a server that starts, recovers or ends. */
const NOT_NOW = '57P03';

interface Started {
  /** Null while it runs. */
  end: string | null;
}

interface Refused {
  readonly code: string;
  readonly message: string;
}

export class EmbeddedServer {
  readonly #log: string;
  #started: Started | null = null;

  constructor(
    private readonly dataDir: string,
    private readonly place: Place,
    private readonly settings: Readonly<Record<string, string>>,
  ) {
    this.#log = join(dataDir, 'postgres.log');
  }

  connection(database: string): Exclude<Connection, string> {
    const { cluster } = this.place;
    const to = { host: socketFolder(cluster), port: 5432, database, folder: cluster };
    return { ...to, user: EMBEDDED_NAME, password: passwordOf(this.dataDir) };
  }

  /**
   * A keeper connection to the server that runs, or that is started for it. On failure no server is left that was started here.
   * @throws Error with what the server said and what to do, and the signal's reason
   */
  async reach(signal: AbortSignal): Promise<Session> {
    try {
      return await this.#reach(signal);
    } catch (error) {
      await this.stopOwn();
      throw error;
    }
  }

  async #reach(signal: AbortSignal): Promise<Session> {
    const begun = Date.now();
    let idleSince: number | null = null;
    for (;;) {
      signal.throwIfAborted();
      const found = await this.#connect();
      if (found instanceof postgres.Session) return found;
      const waited = Date.now() - begun;
      if (waited > BUSY_MS)
        throw new Error(`the embedded Postgres did not answer for ${BUSY_MS / 1000} s (${this.#told(found)})`);
      const idle = this.#idleServer(found);
      if (idle === null) idleSince = null;
      else if (Date.now() - (idleSince ??= Date.now()) > STALE_MS) await this.#end(idle);
      if (found === 'absent' && (this.#started === null || this.#started.end !== null)) {
        if (this.#started?.end && (waited > STALE_MS || HOPELESS.test(this.#started.end))) {
          const { cluster } = this.place;
          throw new Error(
            `the embedded Postgres in ${cluster} does not start (free space? memory?):\n${this.#started.end}`,
          );
        }
        if (this.#started) await delay(RETRY_MS * 10);
        this.#started = this.#start();
      }
      await delay(RETRY_MS);
    }
  }

  /** Disconnects everybody, writes everything down and ends. */
  async stop(): Promise<void> {
    const pid = serverOf(this.place.cluster);
    if (pid === null) return;
    kill(pid, 'SIGINT');
    await this.#gone(pid, STOP_MS);
  }

  /** Ends the server if it was started here. */
  async stopOwn(): Promise<void> {
    if (this.#started?.end === null) await this.stop();
  }

  /** Ends at once; the next start recovers from the log. */
  async stopAtOnce(): Promise<void> {
    const pid = serverOf(this.place.cluster);
    if (pid !== null) await this.#end(pid);
  }

  async #end(pid: number): Promise<void> {
    kill(pid, 'SIGQUIT');
    // A server ends its processes by force after five seconds; one that does not is beyond that.
    if (!(await this.#gone(pid, QUIT_MS))) kill(pid, 'SIGKILL');
  }

  async #gone(pid: number, withinMs: number): Promise<boolean> {
    // The file goes a moment before the process does.
    const isThere = (): boolean => existsSync(pidFileOf(this.place.cluster)) || runs(pid) === true;
    for (const until = Date.now() + withinMs; isThere(); await delay(RETRY_MS)) if (Date.now() > until) return false;
    return true;
  }

  /**
   * A server that lives on and takes nobody in, though it neither starts nor ends: so may one be whose recovery has failed, on a
   * full disk say. It does not try again by itself.
   */
  #idleServer(found: Refused | 'absent'): number | null {
    if (found !== 'absent' && (found.code !== NOT_NOW || found.message.includes('shutting down'))) return null;
    const pid = serverOf(this.place.cluster);
    return pid !== null && isStartingUp(pid) === false ? pid : null;
  }

  /** `absent` where nobody listens; refused by one that starts, ends or has no room just now. @throws what no waiting mends */
  async #connect(): Promise<Session | Refused | 'absent'> {
    if (!hasSocket(socketFolder(this.place.cluster))) return 'absent';
    const client = postgres.sessionTo(this.connection('postgres'), { kind: 'keep', applicationName: postgres.keeper });
    try {
      await client.connect();
      return client;
    } catch (error) {
      await client.end().catch(() => undefined);
      const { code = '', message } = error as { code?: string; message: string };
      if (code === 'ECONNREFUSED' || code === 'ENOENT') return 'absent';
      if (code === WRONG_PASSWORD || code === 'EACCES') {
        throw new Error(
          `the embedded database in ${this.place.cluster} does not let us in: postgres.password in ${this.dataDir} is of ` +
            'another one, or of another user',
          { cause: error },
        );
      }
      if (postgres.isUnavailable(error)) return { code, message };
      throw new Error(`the embedded Postgres refuses a connection: ${message} (its log: ${this.#log})`, {
        cause: error,
      });
    }
  }

  #told(found: Refused | 'absent'): string {
    return `${found === 'absent' ? 'it does not listen' : found.message}; its log: ${this.#log}`;
  }

  #start(): Started {
    makeSocketFolder(this.place);
    dropStalePid(this.place.cluster);
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
}

/** It may have ended by itself meanwhile. */
function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
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
