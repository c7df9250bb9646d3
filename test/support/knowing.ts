import { z } from 'zod';
import { eventType } from '../../src/engine/core/event-type.js';
import type { AnyProjection } from '../../src/engine/projecting/projection.js';

/** The projection as a newer release has it, which knows these types of events in such streams, and changes nothing by them. */
export function knowing(projection: AnyProjection, category: string, ...types: readonly string[]): AnyProjection {
  const { reads } = projection;
  const its = reads[category];
  if (!its) return projection;
  const added = Object.fromEntries(types.map((type) => [type, eventType(type, z.looseObject({}))]));
  return { ...projection, reads: { ...reads, [category]: { ...its, ...added } } };
}
