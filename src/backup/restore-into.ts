import type { EventStore, Progress } from '../engine/index.js';
import type { DocumentStore } from '../documents/document-store.js';
import { destroyKeys } from '../crypto/user-keys.js';
import { contentOf, entriesOf } from './archive-reader.js';
import { documentOf } from './check.js';
import { type CaughtUp, catchUpWith, destroyErased } from './later-events.js';
import type { Manifest } from './manifest.js';
import type { Importing, TableImport } from './tables.js';
import { type Contents, refuseUnlessEmpty } from './target.js';

const MOST_PART_BYTES = 64 * 1024 * 1024;

export interface RestoreTarget {
  readonly tables: TableImport;
  readonly documents: DocumentStore;
  /** The log, where it is on another server; null where it is in the backup. */
  readonly store: EventStore | null;
  /** Users who were erased since the backup. */
  readonly erased: readonly string[];
}

/**
 * Everything that is in the backup, in one transaction; the documents are on the disk before it is committed.
 * @throws WrongUse where the target is not empty, and Error when other processes work with it; then nothing was changed
 */
export async function restoreInto(
  { tables, documents, store, erased }: RestoreTarget,
  manifest: Manifest,
  file: string,
  { progress, signal }: { readonly progress: Progress; readonly signal: AbortSignal },
): Promise<CaughtUp> {
  const check = (contents: Contents): void => {
    refuseUnlessEmpty(contents, manifest);
  };
  return tables.replace(check, async (into) => {
    // 1. Tables, then documents, as they stand in the file.
    progress.start('events', manifest.events);
    await restoreEntries(into, documents, manifest, file, { progress, signal });
    // 2. What was erased is erased.
    const destroyed = await destroyKeys(into.client, erased);
    const caughtUp = store ? await catchUpWith(into, store, signal) : await destroyErased(into, signal);
    return { ...caughtUp, destroyed: destroyed + caughtUp.destroyed };
  });
}

async function restoreEntries(
  into: Importing,
  documents: DocumentStore,
  { tables, documents: { count } }: Manifest,
  file: string,
  { progress, signal }: { readonly progress: Progress; readonly signal: AbortSignal },
): Promise<void> {
  const tableOf = new Map(tables.flatMap((table) => table.parts.map(({ name }) => [name, table] as const)));
  let stored = 0;
  for await (const entry of entriesOf(file)) {
    signal.throwIfAborted();
    const table = tableOf.get(entry.name);
    const id = documentOf(entry.name);
    if (table) {
      const rows = await into.copy(table, await contentOf(entry, MOST_PART_BYTES));
      if (table.name === 'events') progress.advance(rows);
    } else if (id !== null) {
      if (stored++ === 0) progress.start('documents', count);
      await documents.writeStored(id, entry.content);
      progress.advance();
    }
  }
}
