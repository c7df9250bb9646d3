/** Names that follow from other names. All are HMACs: who does not hold the hash key can't compute or guess one. */
import { createHmac, type KeyObject } from 'node:crypto';
import { canonicalJson } from './canonical-json.js';

/** A UUIDv8 that follows from purpose and parts: the same for the same, and unguessable. */
export function deriveUuid(hashKey: KeyObject, purpose: string, ...parts: readonly string[]): string {
  const bytes = digest(hashKey, ['uuid', purpose, ...parts]);
  bytes[6] = ((bytes[6] as number) & 0x0f) | 0x80;
  bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80;
  return uuidOf(bytes);
}

/** The first 16 bytes as the text of a UUID. */
export function uuidOf(bytes: Buffer): string {
  const hex = bytes.toString('hex', 0, 16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** The form in which e-mail addresses compare: trimmed, NFC, lower-cased. */
export function comparableEmail(email: string): string {
  // Some letters leave NFC when they are lower-cased.
  return email.trim().normalize('NFC').toLowerCase().normalize('NFC');
}

/** Keyed hash of the comparable address: 32 hex digits, the id of its claim stream. */
export function emailHash(hashKey: KeyObject, email: string): string {
  return digest(hashKey, ['email', comparableEmail(email)]).toString('hex', 0, 16);
}

/**
 * The id of the order that a user has under a reference of another system. The order's own stream, which begins at revision `none`,
 * so sees to it that there is one. An id under which no order can be placed any more is given up for that of the next attempt.
 * @param attempt from 0
 */
export function orderIdFor(hashKey: KeyObject, userId: string, reference: string, attempt: number): string {
  return deriveUuid(hashKey, 'order-of-reference', userId, reference, String(attempt));
}

/** Keyed hash of such a reference, whose ever it is: 32 hex digits. */
export function referenceHash(hashKey: KeyObject, reference: string): string {
  return digest(hashKey, ['order-reference', reference]).toString('hex', 0, 16);
}

/** Keyed digest of what a command asks for, 22 characters; the order of an object's keys makes no difference. */
export function fingerprint(hashKey: KeyObject, commandType: string, content: unknown): string {
  return digest(hashKey, ['fingerprint', commandType, canonicalJson(content)]).toString('base64url', 0, 16);
}

/** Each part with its length before it, so that no two lists of parts read the same. */
function digest(hashKey: KeyObject, parts: readonly string[]): Buffer {
  let text = '';
  for (const part of parts) text += `${part.length}:${part}`;
  return createHmac('sha256', hashKey).update(text).digest();
}
