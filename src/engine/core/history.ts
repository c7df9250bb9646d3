/** Events as a history shows them. No history ends at an event that this code can't read: it is shown as it is stored, and marked. */
import { type EventTypes, fieldAt, UnreadableEvent, withoutSecrets } from './event-type.js';
import { type Fact, isArray, type JsonObject, type JsonValue, objectOf, type RecordedEvent } from './message.js';
import type { StreamAccess } from './stream-access.js';
import { looksSealed } from './vault.js';

export interface HistoryEvent {
  /** Personal fields in the clear, or null once the key is gone. */
  readonly data: JsonObject;
  /** Of an event that can't be read, whatever is there. */
  readonly metadata: JsonObject;
  /** Why it can't be read, in one line; null for all that can. */
  readonly unreadable: string | null;
}

/** @throws what the servers say, and WrongMasterKey: never for the event's sake */
export async function historyEvent(
  streams: Pick<StreamAccess, 'open'>,
  recorded: RecordedEvent,
  types: EventTypes,
): Promise<HistoryEvent> {
  try {
    const { data, metadata } = await streams.open<Fact>(recorded, types);
    const shown = withoutSecrets(data, types[recorded.type]);
    return { data: shown, metadata: { ...metadata } as unknown as JsonObject, unreadable: null };
  } catch (error) {
    if (!(error instanceof UnreadableEvent)) throw error;
    const data = withoutHidden(withoutSealed(recorded.data), types);
    return { data, metadata: objectOf(withoutSealed(recorded.metadata)), unreadable: error.reason };
  }
}

/** Whatever looks sealed becomes null: it may stand anywhere in a shape that is not known here, and its key may be there still. */
function withoutSealed(value: JsonValue): JsonValue {
  if (typeof value === 'string') return looksSealed(value) ? null : value;
  if (typeof value !== 'object' || value === null) return value;
  if (isArray(value)) return value.map(withoutSealed);
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, withoutSealed(member)]));
}

/** What any event of the category hides stays hidden, in whatever form it stands there. */
function withoutHidden(value: JsonValue, types: EventTypes): JsonObject {
  const data = objectOf(value) as Record<string, JsonValue>;
  for (const path of Object.values(types).flatMap(({ personal }) => personal)) {
    const { parent, last } = fieldAt(data, path);
    if (typeof parent === 'object' && parent !== null && Object.hasOwn(parent, last)) parent[last] = null;
  }
  return Object.values(types).reduce<JsonObject>(withoutSecrets, data);
}
