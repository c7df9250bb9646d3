import { writeFileSync, type WriteFileOptions } from 'node:fs';

/** As `writeFileSync`, whose error of a full disk does not say which file has no room: the cluster may not be in the data folder. */
export function writeFile(file: string, text: string, options: WriteFileOptions = {}): void {
  try {
    writeFileSync(file, text, options);
  } catch (error) {
    throw Object.assign(error as Error, { path: file });
  }
}
