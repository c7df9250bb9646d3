import { isArray, type JsonObject } from './message.js';

/** Turns the data of an event of version n into data of version n + 1. Pure; never sees what is sealed in the clear. */
export type Upcaster = (data: JsonObject) => JsonObject;

/** An event was written by a newer release: nothing is wrong with it, and this release must leave it to a process of that one. */
export class NewerSchemaVersion extends RangeError {
  constructor(version: number, known: number) {
    super(`a newer release wrote it with schema version ${version}; this release knows versions up to ${known}`);
  }
}

/**
 * Brings data of an older version up to the current one. `upcasters[0]` leads from version 1 to 2, and so on: an event
 * type of version n has n - 1 of them.
 * @throws NewerSchemaVersion, and RangeError for what is no version
 */
export function upcast(data: JsonObject, version: number, upcasters: readonly Upcaster[]): JsonObject {
  const current = upcasters.length + 1;
  if (version > current) throw new NewerSchemaVersion(version, current);
  if (version < 1) throw new RangeError(`schema version ${version} is unknown, this code knows 1 to ${current}`);
  // The schema says what is wrong with data that are no object.
  if (typeof data !== 'object' || data === null || isArray(data)) return data;
  return upcasters.slice(version - 1).reduce((older, step) => step(older), data);
}
