/** What a backup is restored into: an installation that holds nothing. */
import type { DocumentStore } from '../documents/document-store.js';
import { WrongUse } from '../commands/output.js';
import type { Checked } from './check.js';
import type { Manifest } from './manifest.js';
import type { TableImport } from './tables.js';

/** What a database holds. A log that was only opened, and secrets made at that, do not count. */
export type Contents = Awaited<ReturnType<TableImport['contents']>>;

/** @throws WrongUse */
export function refuseUnlessEmpty({ inUse, log: bound }: Contents, { log }: Manifest): void {
  if (inUse.length > 0) refuse(`the database holds ${inUse.join(' and ')}`);
  if (bound && bound.kind !== 'postgres' && bound.log_id !== log.id) {
    refuse(`the database belongs to log ${bound.log_id} on another server`);
  }
}

/** Whether the database is what the backup has made of it. */
export function isRestored({ inUse, log: bound }: Contents, { log }: Manifest): boolean {
  return inUse.length > 0 && bound?.log_id === log.id;
}

/** Those of the backup may be there, of an earlier try. @throws WrongUse */
export async function refuseOtherDocuments(documents: DocumentStore, { documentsThere }: Checked): Promise<void> {
  let there = 0;
  for await (const ids of documents.list()) there += ids.length;
  if (there > documentsThere) refuse(`its data folder holds ${there - documentsThere} other documents`);
}

function refuse(why: string): never {
  throw new WrongUse(
    `this installation is not empty: ${why}. Restore into a new one, with another DATABASE_URL or ORDERLOG_DATA_DIR; ` +
      'nothing was changed',
  );
}
