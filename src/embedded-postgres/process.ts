/** What the system tells of the embedded server's process. */
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Where the system tells of processes. */
const OWN_STATE = '/proc/self/stat';

/** The process of the server that runs over a cluster; null if none does. */
export function serverOf(cluster: string): number | null {
  const pid = Number(linesOfPidFile(cluster)?.[0]);
  if (!Number.isSafeInteger(pid) || pid <= 0) return null;
  return runs(pid) === false || isElsewhere(pid, cluster) ? null : pid;
}

/** The cluster for which the server was started that wrote the pid file; null without such a file. */
export function clusterInPidFile(cluster: string): string | null {
  return linesOfPidFile(cluster)?.[1] ?? null;
}

export function pidFileOf(cluster: string): string {
  return join(cluster, 'postmaster.pid');
}

/**
 * After a kill of everything the number in the file may be that of any process of the same user by now, which Postgres would
 * take for a server. It finds one that is really there by its shared memory as well.
 */
export function dropStalePid(cluster: string): void {
  if (existsSync(OWN_STATE) && serverOf(cluster) === null) rmSync(pidFileOf(cluster), { force: true });
}

/** Whether a server runs under this number; null where the system does not tell of processes. */
export function runs(pid: number): boolean | null {
  if (!existsSync(OWN_STATE)) return null;
  // Not one that was killed and waits for somebody to ask for its exit code.
  return /\(postgres\) [^Z]/.test(textOf(`/proc/${pid}/stat`));
}

/** Whether a server has a process that starts or recovers it; null where the system does not tell. */
export function isStartingUp(server: number): boolean | null {
  if (!existsSync(OWN_STATE)) return null;
  return readdirSync('/proc').some(
    (pid) =>
      /^\d+$/.test(pid) &&
      new RegExp(`\\(postgres\\) [^Z] ${server} `).test(textOf(`/proc/${pid}/stat`)) &&
      textOf(`/proc/${pid}/cmdline`).startsWith('postgres: startup'),
  );
}

/** Whether two paths lead to the same folder. */
export function isSameFolder(one: string, other: string): boolean {
  const [first, second] = [one, other].map((path) => statSync(path, { throwIfNoEntry: false }));
  return first !== undefined && first.ino === second?.ino && first.dev === second.dev;
}

/** A server works in its cluster's folder. The pid file of a copied cluster names the server of the original. */
function isElsewhere(pid: number, cluster: string): boolean {
  try {
    return !isSameFolder(`/proc/${pid}/cwd`, cluster);
  } catch {
    return false;
  }
}

function linesOfPidFile(cluster: string): string[] | null {
  const file = pidFileOf(cluster);
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n') : null;
}

/** Empty if there is no such file, or it is not ours to read. */
function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
