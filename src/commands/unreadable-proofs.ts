/** The users' proofs of identity that are missing, or do not open as they were stored. */
import { Refusal } from '../engine/index.js';
import { DocumentsUnavailable } from '../documents/document-storage.js';
import type { DocumentStore } from '../documents/document-store.js';

interface ListedUser {
  readonly user_id: string;
  readonly id_proof: { readonly document_id: string } | null;
}

/** The read model of users, as far as it is needed here. */
export interface ProofList<Key> {
  newest(options: {
    readonly after: Key | null;
    readonly limit: number;
  }): Promise<{ readonly users: readonly ListedUser[]; readonly next: Key | null }>;
  idProof(userId: string): Promise<{ readonly idProof: { readonly document_id: string; readonly key: string } | null }>;
}

const PAGE = 200;

/** Reads every document from end to end. Each finding names user and document, and says what is wrong. */
export async function* unreadableProofs<Key>(
  users: ProofList<Key>,
  documents: Pick<DocumentStore, 'check'>,
  signal: AbortSignal,
): AsyncGenerator<string> {
  let after: Key | null = null;
  do {
    const page: Awaited<ReturnType<ProofList<Key>['newest']>> | null = await pageOf(users, after);
    if (page === null) return;
    for (const { user_id, id_proof } of page.users) {
      signal.throwIfAborted();
      const fault = id_proof && (await faultOf(users, documents, user_id));
      if (fault !== null) yield `the proof of user ${user_id}: ${fault}`;
    }
    after = page.next;
  } while (after !== null);
}

/** Null where the read model is not there yet, which other checks report. */
function pageOf<Key>(
  users: ProofList<Key>,
  after: Key | null,
): Promise<Awaited<ReturnType<ProofList<Key>['newest']>> | null> {
  return users.newest({ after, limit: PAGE }).catch((error: unknown) => {
    if (error instanceof Refusal && error.code === 'read-model-behind') return null;
    throw error;
  });
}

async function faultOf<Key>(
  users: ProofList<Key>,
  documents: Pick<DocumentStore, 'check'>,
  userId: string,
): Promise<string | null> {
  for (let tried: string | null = null; ;) {
    const { idProof } = await users.idProof(userId);
    if (!idProof) return null;
    try {
      await documents.check(idProof.document_id, idProof.key);
      return null;
    } catch (error) {
      // Of all documents the same, and no fault of this one.
      if (error instanceof DocumentsUnavailable) throw error;
      const { message, cause } = error as Error;
      const why = cause instanceof Error ? `${message} (${cause.message})` : message;
      // It may have been replaced a moment ago.
      if (tried === idProof.document_id) return `document ${idProof.document_id}: ${why}`;
      tried = idProof.document_id;
    }
  }
}
