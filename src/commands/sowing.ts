/** The master data goes into an empty log only, but then whole: an interrupted sowing is resumed. */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolders } from '../documents/make-folders.js';

export interface Sowing<Result> {
  readonly dataDir: string;
  /** Of the log that is sown into; the data folder may have been used with another one. */
  readonly logId: string;
  readonly isEmpty: () => Promise<boolean>;
  /** Idempotent. */
  readonly sow: () => Promise<Result>;
}

/** In the data folder while it is being sown. */
const NOTE = 'sowing';

/** @returns null when there is nothing to do */
export async function sowOnce<Result>({ dataDir, logId, isEmpty, sow }: Sowing<Result>): Promise<Result | null> {
  const note = join(dataDir, NOTE);
  const isInterrupted = existsSync(note) && readFileSync(note, 'utf8') === logId;
  if (!isInterrupted && !(await isEmpty())) return null;
  makeFolders(dataDir, 0o711);
  writeFileSync(note, logId, { flush: true });
  const result = await sow();
  rmSync(note, { force: true });
  return result;
}
