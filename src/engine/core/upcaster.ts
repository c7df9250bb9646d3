import type { JsonObject } from './message.js';

/** Turns the data of an event of version n into data of version n + 1. Pure; never sees what is sealed in the clear. */
export type Upcaster = (data: JsonObject) => JsonObject;

/**
 * Brings data of an older version up to the current one. `upcasters[0]` leads from version 1 to 2, and so on: an event
 * type of version n has n - 1 of them.
 * @throws RangeError for a version that this code does not know
 */
export function upcast(data: JsonObject, version: number, upcasters: readonly Upcaster[]): JsonObject {
  const current = upcasters.length + 1;
  if (version < 1 || version > current) {
    throw new RangeError(`schema version ${version} is unknown, this code knows 1 to ${current}`);
  }
  return upcasters.slice(version - 1).reduce((older, step) => step(older), data);
}
