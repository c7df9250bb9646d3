/** What a projection reads of the log, and what it makes of an event that it finds there (docs/decisions/0012). */
import type { Filter } from '../core/event-store.js';
import { UnreadableEvent } from '../core/event-type.js';
import type { RecordedEvent } from '../core/message.js';
import type { AnyProjection } from './projection.js';

/** What is read, and what there are handlers for, by event type. */
export interface Reading<Handler = unknown> extends Pick<AnyProjection, 'reads'> {
  readonly handlers: { readonly [type: string]: Handler };
}

/**
 * What these projections ask the log for: whole categories. By types, an event of a type that this release does not know would
 * never be seen.
 */
export function readBy(...projections: readonly Pick<AnyProjection, 'reads'>[]): Filter {
  const categories = new Set(projections.flatMap(({ reads }) => Object.keys(reads)));
  return { streamPrefixes: [...categories].map((category) => `${category}-`) };
}

/** As `readBy` asks for it: a stream without an id is in no category. */
export function categoryOf(stream: string): string {
  return stream.slice(0, Math.max(stream.indexOf('-'), 0));
}

/**
 * What an event is to a projection: one that it applies; one that it passes over, for it is known and changes nothing here, or of
 * a stream that is not read; or one of a type that this release does not know in such a stream.
 */
export function meaningOf(
  { reads, handlers }: Reading,
  { stream, type }: Pick<RecordedEvent, 'stream' | 'type'>,
): 'applied' | 'passed-over' | 'unknown' {
  const category = categoryOf(stream);
  const known = Object.hasOwn(reads, category) ? reads[category] : undefined;
  if (!known) return 'passed-over';
  if (!Object.hasOwn(known, type)) return 'unknown';
  return Object.hasOwn(handlers, type) ? 'applied' : 'passed-over';
}

/** Whether the projection has to do something about an event: apply it, or say that it can't. */
export function concerns(projection: Reading, event: Pick<RecordedEvent, 'stream' | 'type'>): boolean {
  return meaningOf(projection, event) !== 'passed-over';
}

/** The handler of an event that concerns the projection. @throws UnreadableEvent when its type is unknown */
export function handlerOf<Handler>(projection: Reading<Handler>, event: RecordedEvent): Handler {
  const handler = projection.handlers[event.type];
  if (!handler || meaningOf(projection, event) === 'unknown') throw unknownType(event);
  return handler;
}

export function unknownType(event: RecordedEvent): UnreadableEvent {
  return new UnreadableEvent(event, `${UNKNOWN_TYPE}: it was written by a newer one, or by something else`);
}

export const UNKNOWN_TYPE = 'this release knows no event of this type in such a stream';
