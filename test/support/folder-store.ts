import { join } from 'node:path';
import { DocumentStore } from '../../src/documents/document-store.js';
import { FolderStorage } from '../../src/documents/folder-storage.js';

/** Documents in a folder, as an installation has them without DOCUMENTS_URL. */
export function folderStore(folder: string): DocumentStore {
  return new DocumentStore(join(folder, 'drafts'), new FolderStorage(folder));
}

/** Where a document lies. */
export function pathIn(folder: string, documentId: string): string {
  return new FolderStorage(folder).path(documentId);
}
