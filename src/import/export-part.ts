/** The folder of an export, and the one it writes into until it is whole. That holds personal data in the clear, so none may stay behind. */
import { mkdir, readdir, realpath, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { makeFolders } from '../documents/make-folders.js';
import { unusablePath, WrongUse } from '../commands/output.js';

/**
 * The folder to write, which a symbolic link may lead to.
 * @throws WrongUse for a file, for a folder that holds something, and for one that no other can take the place of
 */
export async function requireEmpty(dir: string): Promise<string> {
  const names = await readdir(dir).catch((error: unknown) => {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return null;
    if (code === 'ENOTDIR') throw new WrongUse(`${dir} is or leads through a file: name a new or an empty folder`);
    throw unusablePath(error, dir, 'read');
  });
  if (names === null) return dir;
  if (names.length > 0) throw new WrongUse(`${dir} is not empty: name a new or an empty folder`);
  const real = await realpath(dir);
  const [{ dev }, { dev: above }] = [await stat(real), await stat(dirname(real))];
  if (dev !== above) throw new WrongUse(`${dir} is a file system of its own: name a new folder in it`);
  return real;
}

/** Makes the folder to write into. @returns it, and what to tell of those that other exports left @throws WrongUse */
export async function makePart(dir: string): Promise<{ readonly part: string; readonly notes: string[] }> {
  const part = partOf(dir);
  try {
    makeFolders(dirname(dir));
    const notes = await removeLeftovers(dir);
    await mkdir(part, { mode: 0o700 });
    return { part, notes };
  } catch (error) {
    throw unusablePath(error, dir, 'written');
  }
}

/** Names the process that writes it, on this machine. */
export function partOf(dir: string): string {
  return `${dir}.part-${hostname()}-${process.pid}`;
}

/**
 * Removes what exports to this folder left when they were killed. A folder stays if a process of that number runs, or if it is of another
 * machine. @returns what to tell of each
 */
export async function removeLeftovers(dir: string): Promise<string[]> {
  const prefix = `${basename(dir)}.part-`;
  const notes: string[] = [];
  for (const name of (await readdir(dirname(dir))).filter((one) => one.startsWith(prefix)).sort()) {
    const path = join(dirname(dir), name);
    const [, host, pid] = /^(.+)-(\d+)$/.exec(name.slice(prefix.length)) ?? [];
    if (host === hostname() && !runs(Number(pid))) {
      await rm(path, { recursive: true, force: true });
      notes.push(`${path} was removed: an export that was killed had left it`);
    } else {
      notes.push(
        `${path} is of another export: if that no longer runs, delete it, it holds personal data in the clear`,
      );
    }
  }
  return notes;
}

function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Another user's process runs too.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
