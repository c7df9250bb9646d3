/** Making the data cluster of the embedded server. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chownSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Account } from './account.js';
import { binariesFor } from './binaries.js';
import { notePlace, type Place } from './place.js';
import { writeFile } from './write-file.js';

/** Name of the role and of the database. */
export const EMBEDDED_NAME = 'orderlog';
const PASSWORD = 'postgres.password';
const INITDB = ['--auth=scram-sha-256', '--encoding=UTF8', '--locale=C', '--data-checksums'];

/** @throws Error when the file is gone or not for this user */
export function passwordOf(dataDir: string): string {
  const file = join(dataDir, PASSWORD);
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (cause) {
    throw new Error(`the password of the embedded database can not be read from ${file}: bring that file back`, {
      cause,
    });
  }
}

/** @throws Error with what initdb said, and the signal's reason */
export async function makeCluster(dataDir: string, place: Place, signal: AbortSignal): Promise<void> {
  const { cluster, account } = place;
  const password = randomBytes(24).toString('base64url');
  dropUnfinished(cluster);
  // Made whole and then named. By a name of its own: an initdb whose process was killed may still write to the last one.
  const unfinished = `${cluster}.unfinished-${randomBytes(4).toString('hex')}`;
  const passwordFile = `${unfinished}.password`;
  mkdirSync(unfinished, { mode: 0o700 });
  writeFile(passwordFile, password, { mode: 0o600 });
  if (account) {
    chownSync(unfinished, account.uid, account.gid);
    chownSync(passwordFile, account.uid, account.gid);
  }
  try {
    const args = ['-D', unfinished, '-U', EMBEDDED_NAME, `--pwfile=${passwordFile}`, ...INITDB];
    const { code, output } = await ended(spawnBinary('initdb', args, account), signal);
    if (code !== 0) throw new Error(whyNotMade(cluster, output.trim()));
    writeFile(join(dataDir, PASSWORD), password, { mode: 0o600, flush: true });
    renameSync(unfinished, cluster);
    notePlace(dataDir, place);
  } finally {
    rmSync(passwordFile, { force: true });
    rmSync(unfinished, { recursive: true, force: true });
  }
}

export function whyNotMade(cluster: string, output: string): string {
  const [, uid] = /could not look up effective user ID (\d+)/.exec(output) ?? [];
  if (uid === undefined) return `the embedded database can not be made in ${cluster} (free space?):\n${output}`;
  return (
    `the embedded database can not be made: the user id ${uid} has no entry in /etc/passwd, and initdb of Postgres needs one. ` +
    `Add one ("orderlog:x:${uid}:${String(process.getgid?.())}::/:/bin/false"), start orderlog as a user that has one, or set DATABASE_URL`
  );
}

/** What a crash left of earlier attempts. */
function dropUnfinished(cluster: string): void {
  const prefix = `${basename(cluster)}.unfinished`;
  for (const name of readdirSync(dirname(cluster)).filter((one) => one.startsWith(prefix))) {
    try {
      rmSync(join(dirname(cluster), name), { recursive: true, force: true });
    } catch {
      // Still being written to; it goes next time.
    }
  }
}

/**
 * Runs a binary of the server, in a session of its own: a Ctrl-C for us is none for the server, which is stopped last.
 * @param log file descriptor for what it prints; otherwise that is piped
 */
export function spawnBinary(
  name: string,
  args: readonly string[],
  account: Account | null,
  log?: number,
): ChildProcess {
  const command = join(binariesFor(account), 'bin', name);
  if (!existsSync(command)) throw new Error(`${command} is missing: run npm ci again`);
  return spawn(command, args, {
    ...account,
    cwd: dirname(command),
    env: { LC_ALL: 'C', TZ: 'UTC' },
    detached: true,
    stdio: ['ignore', log ?? 'pipe', log ?? 'pipe'],
  });
}

async function ended(child: ChildProcess, signal: AbortSignal): Promise<{ code: number | null; output: string }> {
  let output = '';
  // It passes SIGTERM on to the server that it runs, and removes what it has made.
  const end = (): boolean => child.kill('SIGTERM');
  signal.addEventListener('abort', end, { once: true });
  child.stdout?.on('data', (piece: Buffer) => (output += piece.toString()));
  child.stderr?.on('data', (piece: Buffer) => (output += piece.toString()));
  const code = await new Promise<number | null>((resolve, reject) => child.on('close', resolve).on('error', reject));
  signal.removeEventListener('abort', end);
  signal.throwIfAborted();
  return { code, output };
}
