import { randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { makeFolders } from '../documents/make-folders.js';
import { KEY_BYTES, NoMasterKey } from './wrapped-key.js';

/**
 * The master key of a data folder, made at the first call. If the file is lost, all personal data are lost.
 * @throws NoMasterKey when the file is not such a key
 */
export function loadOrCreateMasterKey(dataDir: string): Buffer {
  return loadOrCreate(dataDir, masterKeyFile(dataDir));
}

/** The key that a rotation puts in its place, made at the first call. @throws NoMasterKey when the file is not such a key */
export function loadOrCreateNextMasterKey(dataDir: string): Buffer {
  return loadOrCreate(dataDir, nextMasterKeyFile(dataDir));
}

/** The end of a rotation: the next key is the master key from now on. */
export function replaceMasterKey(dataDir: string): void {
  renameSync(nextMasterKeyFile(dataDir), masterKeyFile(dataDir));
  syncFolder(dataDir);
}

/** Whether a rotation has begun in this folder and not ended. Until it has, a copy of `master.key` alone does not open every key. */
export function isRotating(dataDir: string): boolean {
  return existsSync(nextMasterKeyFile(dataDir));
}

/** The master key, and during a rotation the next one behind it. @throws NoMasterKey when one of the files is not such a key */
export function readMasterKeys(dataDir: string): Buffer[] {
  // In this order: a rotation that ends meanwhile makes the next one the master key.
  const following = readIfThere(nextMasterKeyFile(dataDir));
  const current = readMasterKey(dataDir);
  return following ? [current, following] : [current];
}

export function masterKeyFile(dataDir: string): string {
  return join(dataDir, 'master.key');
}

function nextMasterKeyFile(dataDir: string): string {
  return join(dataDir, 'master.key.next');
}

/** @throws Error when there is no such file, or it is not such a key */
export function readMasterKey(dataDir: string): Buffer {
  return readKey(masterKeyFile(dataDir));
}

function loadOrCreate(dataDir: string, file: string): Buffer {
  // Nothing is written where there is one: the disk may be full, or the folder not ours.
  const there = readIfThere(file);
  if (there) return there;
  const draft = `${file}.${process.pid}.${randomBytes(4).toString('hex')}`;
  makeFolders(dataDir, 0o711);
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
  return readKey(file);
}

function readIfThere(file: string): Buffer | null {
  try {
    return readKey(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

function readKey(file: string): Buffer {
  const key = Buffer.from(readFileSync(file, 'utf8').trim(), 'base64');
  if (key.length !== KEY_BYTES)
    throw new NoMasterKey(`${file} is not ${KEY_BYTES} bytes in base64: restore it from where it was kept`);
  return key;
}

/** The name of a file is on the disk only when its folder is. */
function syncFolder(folder: string): void {
  const handle = openSync(folder, 'r');
  fsyncSync(handle);
  closeSync(handle);
}
