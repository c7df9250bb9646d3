import type pg from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import type { DocumentStore } from '../documents/document-store.js';

/** The proof that each user has now, by the log: not one that was replaced, nor that of an erased user. */
const NAMED = `
  select e.data->'id_proof'->>'document_id' from orderlog.events e
  where e.type in ('UserRegistered', 'IdProofReplaced') and e.data->'id_proof'->>'document_id' is not null
    and not exists (select from orderlog.events l where l.stream = e.stream and l.revision > e.revision
                    and l.type in ('IdProofReplaced', 'UserErased'))`;

/** The documents that the log names, in the snapshot of this client, and that are not stored. */
export async function missingDocuments(client: pg.ClientBase, documents: DocumentStore): Promise<string[]> {
  const missing: string[] = [];
  let rest = '';
  for await (const piece of client.query(copyTo(`copy (${NAMED}) to stdout`)) as AsyncIterable<Buffer>) {
    const lines = `${rest}${piece.toString('utf8')}`.split('\n');
    rest = lines.pop() ?? '';
    for (const id of lines) if (!(await documents.has(id))) missing.push(id);
  }
  return missing;
}
