/** What the log holds: events with their data and metadata. The terms are in docs/glossary.md. */
import type { Position } from './position.js';

export type JsonValue = string | number | boolean | null | readonly JsonValue[] | { readonly [key: string]: JsonValue };
export type JsonObject = { readonly [key: string]: JsonValue };

/** Who asked: `anonymous` without access control, `import` for the import, otherwise the role and its holder. */
export interface Actor {
  readonly kind: string;
  readonly id: string | null;
}

/** The storage format of an event's metadata. */
export interface EventMetadata {
  readonly schema_version: number;
  readonly command_id: string;
  readonly fingerprint: string;
  readonly correlation_id: string;
  readonly causation_id: string;
  readonly actor: Actor;
}

/** An event that is not in the log yet. */
export interface NewEvent {
  /** UUID; the same id appended again under the same expectation adds nothing. */
  readonly id: string;
  readonly type: string;
  readonly data: JsonObject;
  readonly metadata: JsonObject;
}

/** An event as the log holds it. */
export interface RecordedEvent {
  readonly position: Position;
  readonly stream: string;
  readonly revision: number;
  readonly id: string;
  readonly type: string;
  readonly data: JsonObject;
  readonly metadata: JsonObject;
  /** ISO 8601 UTC, by the clock of the log. */
  readonly recordedAt: string;
}

/** What a decider decides: a fact without its envelope. */
export interface Fact {
  readonly type: string;
  readonly data: object;
}

/** A fact together with where, when and by whom it was recorded. */
export type Envelope<F extends Fact> = F & {
  readonly id: string;
  readonly stream: string;
  readonly revision: number;
  readonly position: Position;
  readonly recordedAt: string;
  readonly metadata: EventMetadata;
};

/**
 * Reads the metadata of a recorded event.
 * @throws TypeError naming the field that is missing or of the wrong type
 */
export function readMetadata(metadata: JsonObject): EventMetadata {
  if (typeof metadata !== 'object' || metadata === null) throw new TypeError('metadata is no object');
  const text = (name: string): string => {
    const value = metadata[name];
    if (typeof value !== 'string') throw new TypeError(`metadata.${name} is not a string`);
    return value;
  };
  const version = metadata['schema_version'];
  if (typeof version !== 'number' || !Number.isInteger(version)) {
    throw new TypeError('metadata.schema_version is not an integer');
  }
  const actor = metadata['actor'] as JsonObject | null | undefined;
  const kind = actor?.['kind'];
  const id = actor?.['id'];
  if (typeof kind !== 'string' || (typeof id !== 'string' && id !== null)) {
    throw new TypeError('metadata.actor is not {kind, id}');
  }
  return {
    schema_version: version,
    command_id: text('command_id'),
    fingerprint: text('fingerprint'),
    correlation_id: text('correlation_id'),
    causation_id: text('causation_id'),
    actor: { kind, id },
  };
}

/** Data that are none, as of an event that others have written, have no fields. */
export function objectOf(value: JsonValue): JsonObject {
  return typeof value === 'object' && value !== null && !isArray(value) ? value : {};
}

export function isArray(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}
