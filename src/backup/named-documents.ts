import type { DocumentStore } from '../documents/document-store.js';
import type { EventStore, Position } from '../engine/index.js';
import { witnessedStreams } from '../streams.js';

const TYPES = ['UserRegistered', 'IdProofReplaced', 'UserErased'];

/**
 * The documents that the log names up to a position, and that are not stored: the proof that each user has by then, not one that
 * was replaced, nor that of an erased user.
 */
export async function missingDocuments(
  store: EventStore,
  until: Position,
  documents: Pick<DocumentStore, 'has'>,
  signal: AbortSignal,
): Promise<string[]> {
  const missing = new Map<string, string>();
  for await (const { stream, data } of store.readAll({ filter: { types: TYPES }, until, signal })) {
    missing.delete(stream);
    for (const id of witnessedStreams.references(data)) if (!(await documents.has(id))) missing.set(stream, id);
  }
  signal.throwIfAborted();
  return [...missing.values()];
}
