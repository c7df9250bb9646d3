import type { EventType } from '../../src/engine/core/event-type.js';
import type { RecordedEvent } from '../../src/engine/core/message.js';
import type { AnyProjection, EventHandler } from '../../src/engine/projecting/projection.js';

/** The projection as if every event type had had another shape before: the whole of its data one level down, as `was`. */
export function withOlderShapes(projection: AnyProjection): AnyProjection {
  const types = new Map<EventType, EventType>();
  const older = <Page>({ eventType, apply }: EventHandler<Page>): EventHandler<Page> => {
    const known = types.get(eventType) ?? {
      ...eventType,
      version: eventType.version + 1,
      upcasters: [...eventType.upcasters, ({ was }) => was as never],
    };
    types.set(eventType, known);
    return { eventType: known, apply };
  };
  const all = <Page>(handlers: Readonly<Record<string, EventHandler<Page>>>): Record<string, EventHandler<Page>> =>
    Object.fromEntries(Object.entries(handlers).map(([type, handler]) => [type, older(handler)]));
  return { ...projection, handlers: all(projection.handlers) };
}

/** The same history as it would lie in the log: what `isOld` picks was recorded in the shape before. */
export function recordedOverTime(
  events: readonly RecordedEvent[],
  isOld: (index: number) => boolean,
): readonly RecordedEvent[] {
  return events.map((event, index) => {
    if (isOld(index)) return { ...event, data: { was: event.data } };
    const { metadata } = event;
    return { ...event, metadata: { ...metadata, schema_version: Number(metadata['schema_version']) + 1 } };
  });
}
