/** What the log says of documents. */
import { decode, type EventStore } from '../engine/index.js';
import { userEvents } from './events.js';

const TYPES = ['UserRegistered', 'IdProofReplaced', 'UserErased'];

/**
 * Those of the documents that an event names whose user is not erased, in whatever revision of the user.
 * @throws UnreadableEvent when this release can't read an event that may name one
 */
export async function namedDocuments(
  store: EventStore,
  ids: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  const byStream = new Map<string, string[]>();
  for await (const event of store.readAll({ filter: { types: TYPES }, signal })) {
    if (event.type === 'UserErased') {
      byStream.delete(event.stream);
      continue;
    }
    const type = event.type === 'UserRegistered' ? userEvents.UserRegistered : userEvents.IdProofReplaced;
    const document = decode(event, type).data.id_proof?.document_id;
    if (document === undefined || !ids.has(document)) continue;
    byStream.set(event.stream, [...(byStream.get(event.stream) ?? []), document]);
  }
  // A reading that was cut short says nothing.
  signal.throwIfAborted();
  return new Set([...byStream.values()].flat());
}
