import type { AllStreamRecordedEvent, RecordedEvent as ClientEvent } from '@eventstore/db-client';
import { type Filter, matches } from '../../core/event-store.js';
import type { JsonObject, RecordedEvent } from '../../core/message.js';
import { positionOf, type LogPosition, revisionOf } from './position.js';

/** The server's own streams, and links to events: not part of our log, whatever a filter says. */
function isSystem(event: Pick<ClientEvent, 'streamId' | 'type'>): boolean {
  return event.streamId.startsWith('$') || event.type.startsWith('$');
}

/** Whether a record is an event of the log, and one that a filter lets through. */
export function passes(
  record: { readonly streamId: string; readonly type: string },
  filter: Filter | undefined,
): boolean {
  return !isSystem(record) && matches({ stream: record.streamId, type: record.type }, filter);
}

/** Of a record of a stream or of $all; one whose position the server did not send has none. */
export function logPositionOf(event: { readonly position?: LogPosition | undefined }): LogPosition {
  if (!event.position) throw new TypeError('an event came without its position');
  return event.position;
}

/**
 * An event as the port gives it. One that is no JSON comes with a text as its data, which no schema takes: it is told of
 * where it is read, and is not passed over.
 */
export function recordedFrom(
  event: ClientEvent | AllStreamRecordedEvent,
  position = positionOf(logPositionOf(event)),
): RecordedEvent {
  return {
    position,
    stream: event.streamId,
    revision: revisionOf(event.revision),
    id: event.id.toLowerCase(),
    type: event.type,
    data: jsonOf(event.data),
    metadata: jsonOf(event.metadata),
    recordedAt: event.created.toISOString(),
  };
}

function jsonOf(value: unknown): JsonObject {
  return (value instanceof Uint8Array ? Buffer.from(value).toString('base64') : (value ?? null)) as JsonObject;
}
