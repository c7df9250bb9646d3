import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Makes a folder and those above it that are missing. Node's own way (`recursive`) tries for ever, deaf to signals, where a file system
 * makes no folder and says that there is none, as `/proc` does.
 * @returns whether it was missing @throws the file system's error, which names the path
 */
export function makeFolders(folder: string, mode = 0o777): boolean {
  try {
    return makeOne(folder, mode);
  } catch (error) {
    const above = dirname(folder);
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    if (!isMissing || above === folder || statSync(above, { throwIfNoEntry: false })) throw error;
    makeFolders(above, mode);
    return makeOne(folder, mode);
  }
}

function makeOne(folder: string, mode: number): boolean {
  try {
    mkdirSync(folder, { mode });
    return true;
  } catch (error) {
    // A symbolic link that leads nowhere has the name, too: then this throws.
    const isThere = (error as NodeJS.ErrnoException).code === 'EEXIST' && statSync(folder).isDirectory();
    if (isThere) return false;
    throw error;
  }
}
