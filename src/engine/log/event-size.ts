import { EventTooLarge, MAX_EVENT_BYTES } from '../core/errors.js';
import type { NewEvent } from '../core/message.js';

/** Data and metadata of an event as JSON, checked against the limit. @throws EventTooLarge */
export function serialized(stream: string, event: NewEvent): { readonly data: string; readonly metadata: string } {
  const data = JSON.stringify(event.data);
  const metadata = JSON.stringify(event.metadata);
  // Most events are far from the limit even if every character took three bytes.
  if ((data.length + metadata.length) * 3 > MAX_EVENT_BYTES) {
    const bytes = Buffer.byteLength(data) + Buffer.byteLength(metadata);
    if (bytes > MAX_EVENT_BYTES) throw new EventTooLarge(stream, bytes);
  }
  return { data, metadata };
}

/** @throws EventTooLarge */
export function checkSizes(stream: string, events: readonly NewEvent[]): void {
  for (const event of events) serialized(stream, event);
}
