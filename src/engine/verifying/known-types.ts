import type { EventTypes } from '../core/event-type.js';
import { categoryOf } from '../projecting/reads.js';

/** The event types that this release knows, by stream category. */
export type KnownStreams = Readonly<Record<string, EventTypes>>;

/** Tells an event of an unknown type in a stream of a known category. Streams of other categories belong to others. */
export function unknownIn(known: KnownStreams): (event: { readonly stream: string; readonly type: string }) => boolean {
  const byCategory = new Map(Object.entries(known).map(([category, types]) => [category, new Set(Object.keys(types))]));
  return ({ stream, type }) => byCategory.get(categoryOf(stream))?.has(type) === false;
}
