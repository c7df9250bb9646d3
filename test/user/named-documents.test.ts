import { randomUUID } from 'node:crypto';
import t from 'tap';
import { CommandHandler } from '../../src/engine/core/command-handler.js';
import { MemoryEventStore } from '../../src/engine/log/memory.js';
import { testContext } from '../../src/engine/testing.js';
import type { IdProof } from '../../src/user/commands.js';
import { namedDocuments } from '../../src/user/named-documents.js';
import { userStream } from '../../src/user/stream.js';
import { MemoryVault } from '../support/memory-vault.js';

const at = '2026-01-02T00:00:00.000Z';
const { signal } = new AbortController();

function proof(sha256 = 'aa'): IdProof {
  return { document_id: randomUUID(), bytes: 9, uploaded_at: at, sha256, key: 'k' };
}

t.test('a document is named by each event that holds it, until its user is erased', async (t) => {
  const store = new MemoryEventStore();
  const handler = new CommandHandler(store, new MemoryVault());
  const register = async (id_proof: IdProof | null): Promise<string> => {
    const user_id = randomUUID();
    const details = { user_id, name: 'Ada', email: 'ada@example.org', email_hash: user_id };
    await handler.execute(userStream, user_id, { type: 'ImportUser', ...details, id_proof, at }, testContext());
    return user_id;
  };
  const [first, second, gone, stranger] = [proof('aa'), proof('bb'), proof(), proof()];
  const user = await register(first);
  await handler.execute(userStream, user, { type: 'ReplaceIdProof', id_proof: second, at }, testContext());
  await register(null);
  const erased = await register(gone);
  const data = { user_id: erased, email_claim: 'userEmail-h', erased_at: at };
  const event = { id: randomUUID(), type: 'UserErased', data, metadata: {} };
  await store.append(userStream.name(erased), [event], 'any');
  const ids = new Set([first, second, gone, stranger].map(({ document_id }) => document_id));
  const named = await namedDocuments(store, ids, signal);
  t.same([...named].sort(), [first.document_id, second.document_id].sort());
});

t.test('a reading that is cut short, or meets an event that it can not read, names nothing', async (t) => {
  const store = new MemoryEventStore();
  await t.rejects(namedDocuments(store, new Set(), AbortSignal.abort(new Error('enough'))), { message: 'enough' });
  const event = { id: randomUUID(), type: 'IdProofReplaced', data: { later: true }, metadata: {} };
  await store.append('user-1', [event], 'none');
  await t.rejects(namedDocuments(store, new Set([randomUUID()]), signal), { name: 'UnreadableEvent' });
});
