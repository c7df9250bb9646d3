import type { FileHandle } from 'node:fs/promises';

/**
 * Where documents are kept in their encrypted form. A document is stored once under a random id and never changes. This port
 * has two adapters: a folder and an S3 bucket.
 */
export interface DocumentStorage {
  /** Takes over a file. When this resolves, the document is there to stay. When it rejects, it may be there all the same. */
  keep(documentId: string, file: string): Promise<void>;
  /** Opens a document; the caller closes it. Null if it is not there. What is open can be read after a removal. */
  open(documentId: string): Promise<FileHandle | null>;
  has(documentId: string): Promise<boolean>;
  /** A document that is not there counts as removed. */
  remove(documentId: string): Promise<void>;
  /** The ids of all documents in pages; only of those stored before a time if one is given. */
  list(options?: { readonly before?: Date }): AsyncIterable<readonly string[]>;
  /** Rejects with the reason when documents can't be stored, read and removed now. */
  check(): Promise<void>;
}

/** The storage of documents does not answer, or does not do what it is asked. The caller may try again later. */
export class DocumentsUnavailable extends Error {
  override readonly name = 'DocumentsUnavailable';
}

const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/;

export function isDocumentId(text: string): boolean {
  return UUID.test(text);
}

/** @throws TypeError unless the id is a UUID in lower case: nothing else becomes a path or a key */
export function requireDocumentId(text: string): void {
  if (!isDocumentId(text)) throw new TypeError('a document id is a UUID');
}
