/** The list of erased users in the data folder. No backup holds it, so that a restore knows of erasures since the backup. */
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { WrongUse } from '../commands/output.js';
import { makeFolder, syncFolder } from '../documents/folder-storage.js';

const LINE = /^([\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12})(?: |$)/;

/** An empty line, or the beginning of an id. */
const CUT_OFF = /^[\da-f-]{0,35}$/;

export function erasedListFile(dataDir: string): string {
  return join(dataDir, 'erased-users.txt');
}

/**
 * Adds a user, one line each: id and time. On the disk when this resolves. Makes the data folder: a machine with `DATABASE_URL` and
 * `MASTER_KEY` has none before its first upload.
 */
export async function listErased(dataDir: string, userId: string, erasedAt: string): Promise<void> {
  await makeFolder(dataDir, 0o711);
  const file = await open(erasedListFile(dataDir), 'a', 0o600);
  try {
    // On a line of its own, even if a crash has cut off the one before.
    await file.appendFile(`\n${userId} ${erasedAt}\n`);
    await file.sync();
    await syncFolder(dataDir);
  } finally {
    await file.close();
  }
}

/**
 * The ids in a list. What is not an id at the start of a line is left out.
 * @param isNamed a list that the caller has named must be there, and hold nothing but such lines and what a crash has cut off: users in
 * another file would come back to life unnoticed @throws WrongUse
 */
export async function readErased(file: string, isNamed = false): Promise<string[]> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' && !isNamed) return '';
    throw isNamed ? new WrongUse(`${file} can not be read (${code ?? 'error'})`, { cause: error }) : error;
  });
  const lines = text.split('\n').map((line) => line.trim().toLowerCase());
  const strange = isNamed ? lines.findIndex((line) => !LINE.test(line) && !CUT_OFF.test(line)) : -1;
  if (strange >= 0) {
    throw new WrongUse(
      `${file} is no list of erased users: line ${strange + 1} does not begin with the id of a user and a space. ` +
        'Name the erased-users.txt of the data folder, or a file with one id a line',
    );
  }
  const ids = lines.map((line) => LINE.exec(line)?.[1]);
  return [...new Set(ids.filter((id) => id !== undefined))];
}
