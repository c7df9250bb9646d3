import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, linkSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const KEY_BYTES = 32;

/**
 * The master key of a data folder, made at the first call. If the file is lost, all personal data are lost.
 * @throws Error when the file is not such a key
 */
export function loadOrCreateMasterKey(dataDir: string): Buffer {
  const file = masterKeyFile(dataDir);
  const draft = `${file}.${process.pid}.${randomBytes(4).toString('hex')}`;
  mkdirSync(dataDir, { recursive: true, mode: 0o711 });
  try {
    writeFileSync(draft, `${randomBytes(KEY_BYTES).toString('base64')}\n`, { mode: 0o600, flush: true });
    // Appears whole or not at all, and never in place of another.
    linkSync(draft, file);
    syncFolder(dataDir);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(draft, { force: true });
  }
  return readMasterKey(dataDir);
}

export function masterKeyFile(dataDir: string): string {
  return join(dataDir, 'master.key');
}

/** @throws Error when there is no such file, or it is not such a key */
export function readMasterKey(dataDir: string): Buffer {
  const file = masterKeyFile(dataDir);
  const key = Buffer.from(readFileSync(file, 'utf8').trim(), 'base64');
  if (key.length !== KEY_BYTES)
    throw new Error(`${file} is not ${KEY_BYTES} bytes in base64: restore it from where it was kept`);
  return key;
}

/** The name of a file is on the disk only when its folder is. */
function syncFolder(folder: string): void {
  const handle = openSync(folder, 'r');
  fsyncSync(handle);
  closeSync(handle);
}
