/**
 * A lock between processes, in a folder of numbered turns. The highest number is the turn that counts: its file names the
 * process that has it and when that started, or is empty once it is over. A turn whose process is gone, killed or not, is
 * over too. The next process makes the next number, which only one can.
 */
import { linkSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolders } from '../documents/make-folders.js';

const WAIT_MS = 300_000;
const RETRY_MS = 25;

/**
 * Runs something while no other process, and nothing else in this one, does so under the same folder.
 * @throws Error when the lock is not free within five minutes, and the signal's reason
 */
export async function withProcessLock<T>(folder: string, work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  makeFolders(folder, 0o700);
  const turn = await takeTurn(folder, signal);
  try {
    return await work();
  } finally {
    endTurn(turn);
  }
}

async function takeTurn(folder: string, signal?: AbortSignal): Promise<string> {
  for (const until = Date.now() + WAIT_MS; ;) {
    signal?.throwIfAborted();
    const last = Math.max(0, ...turns(folder));
    const holder = last === 0 ? '' : read(join(folder, String(last)));
    // No longer there: somebody has gone on to a later turn since.
    if (holder === null) continue;
    if (isRunning(holder)) {
      if (Date.now() > until) throw new Error(`${folder} has been locked for five minutes by process ${holder}`);
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      continue;
    }
    const own = join(folder, String(last + 1));
    if (!makeWhole(folder, own)) continue;
    const all = turns(folder);
    // A turn is only removed when there is a later one: then this number had been had already.
    const isLate = Math.max(...all) > last + 1;
    if (isLate) rmSync(own, { force: true });
    else {
      for (const earlier of all.filter((turn) => turn <= last)) rmSync(join(folder, String(earlier)), { force: true });
      return own;
    }
  }
}

function turns(folder: string): number[] {
  return readdirSync(folder)
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

/** Makes a file that appears with its content; false if there is one of its name. */
function makeWhole(folder: string, file: string): boolean {
  const draft = join(folder, `draft-${process.pid}`);
  writeFileSync(draft, `${process.pid} ${startOf(process.pid) ?? ''}`);
  try {
    linkSync(draft, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

function endTurn(file: string): void {
  try {
    truncateSync(file);
  } catch (error) {
    // The whole folder may have been deleted meanwhile.
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

function isRunning(holder: string): boolean {
  const [pid = '', start = ''] = holder.split(' ');
  return pid !== '' && startOf(Number(pid)) === start;
}

function read(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** When a process started, where the system tells; null if there is no such process. */
function startOf(pid: number): string | null {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return null;
  }
  try {
    // Field 22; the second one, the command in brackets, may hold blanks.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    // Killed, though nobody has asked for its exit code yet.
    if (fields[0] === 'Z') return null;
    return fields[19] ?? '';
  } catch {
    return '';
  }
}
