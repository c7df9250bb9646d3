/**
 * What a seal covers of an event: its digest and its time of recording. Both are of what a reader of the log gets, so they are the same
 * on every log. The position is in neither: it belongs to one log.
 */
import { hash } from 'node:crypto';
import { isArray, type JsonValue, type RecordedEvent } from '../core/message.js';

export const DIGEST_BYTES = 32;
export const TIME_BYTES = 8;

/** Of stream, revision, id, type, data and metadata. Personal data are digested as they are stored: encrypted. */
export function digestOf({ stream, revision, id, type, data, metadata }: RecordedEvent): Buffer {
  const text = JSON.stringify([stream, revision, id, type, data, metadata]);
  // JSON.stringify writes null for a number that is too large, and no event that was appended has one.
  const isStrange = text.includes('null') && (hasInfinity(data) || hasInfinity(metadata));
  return sha256(isStrange ? `${text} with infinity` : text);
}

/** Milliseconds since 1970; NaN for a time that no log writes. */
export function timeOf({ recordedAt }: Pick<RecordedEvent, 'recordedAt'>): number {
  return Date.parse(recordedAt);
}

export function sha256(content: string | Buffer): Buffer {
  return hash('sha256', content, 'buffer');
}

/** Loops, for it is asked of every event. */
function hasInfinity(value: JsonValue): boolean {
  if (typeof value === 'number') return !Number.isFinite(value);
  if (typeof value !== 'object' || value === null) return false;
  if (isArray(value)) {
    for (const item of value) if (hasInfinity(item)) return true;
    return false;
  }
  for (const name in value) if (hasInfinity(value[name] as JsonValue)) return true;
  return false;
}
