import { constants } from 'node:fs';
import { access, type FileHandle, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type DocumentStorage, isDocumentId, requireDocumentId } from './document-storage.js';
import { makeFolders } from './make-folders.js';

/** Documents as files `<folder>/<two digits>/<document id>` that only their owner may read. */
export class FolderStorage implements DocumentStorage {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** The file is on the same disk, and synced. */
  async keep(documentId: string, file: string): Promise<void> {
    const path = this.path(documentId);
    await makeFolder(dirname(path));
    await rename(file, path);
    await syncFolder(dirname(path));
  }

  async open(documentId: string): Promise<FileHandle | null> {
    try {
      return await open(this.path(documentId), 'r');
    } catch (error) {
      if (isMissing(error)) return null;
      throw error;
    }
  }

  async has(documentId: string): Promise<boolean> {
    return (await stat(this.path(documentId)).catch(() => null)) !== null;
  }

  async remove(documentId: string): Promise<void> {
    const path = this.path(documentId);
    await rm(path, { force: true });
    await syncFolder(dirname(path)).catch((error: unknown) => {
      if (!isMissing(error)) throw error;
    });
  }

  async *list({ before }: { readonly before?: Date } = {}): AsyncGenerator<readonly string[]> {
    for (const folder of (await namesIn(this.#folder)).sort()) {
      const path = join(this.#folder, folder);
      const ids = (await namesIn(path)).filter(isDocumentId);
      const wanted = before ? await storedBefore(path, ids, before) : ids;
      if (wanted.length > 0) yield wanted;
    }
  }

  async check(): Promise<void> {
    await makeFolder(this.#folder);
    await access(this.#folder, constants.R_OK | constants.W_OK | constants.X_OK);
  }

  path(documentId: string): string {
    requireDocumentId(documentId);
    return join(this.#folder, documentId.slice(0, 2), documentId);
  }
}

async function storedBefore(folder: string, ids: readonly string[], before: Date): Promise<string[]> {
  const old: string[] = [];
  for (const id of ids) {
    const found = await stat(join(folder, id)).catch(() => null);
    if (found && found.mtime < before) old.push(id);
  }
  return old;
}

/** None where there is no such folder. */
export async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return [];
    throw error;
  }
}

/** Only its owner may look into it, unless the mode says otherwise. */
export async function makeFolder(folder: string, mode = 0o700): Promise<void> {
  const found = await stat(folder).catch(() => null);
  if (!found?.isDirectory() && makeFolders(folder, mode)) await syncFolder(dirname(folder));
}

/** Makes a new or removed name in a folder survive a loss of power. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
