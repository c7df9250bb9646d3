import type { KeyObject } from 'node:crypto';
import { errors, type Sealed, type Vault } from '../engine/index.js';
import { decrypt, encrypt } from './aes-gcm.js';
import { uuidOf } from './derive.js';

/** Where a sealed text stands. */
export type SealedContext = Parameters<Vault['open']>[1];

// This is the storage format: '1.' and base64url of event id (16 bytes), iv (12), tag (16), ciphertext.
const VERSION = '1.';
const ID_BYTES = 16;

/** Seals a text with its owner's key for one field of one event. */
export function sealText(key: KeyObject, place: SealedContext & { readonly eventId: string }, text: string): Sealed {
  const eventId = place.eventId.toLowerCase();
  const id = Buffer.from(eventId.replaceAll('-', ''), 'hex');
  if (id.length !== ID_BYTES) throw new TypeError('an event id is a UUID');
  const box = encrypt(key, boundTo(eventId, place), text);
  return (VERSION + Buffer.concat([id, box]).toString('base64url')) as Sealed;
}

/** @throws errors.Unopened naming the place, never the text, when it was sealed elsewhere, with another key, or was changed */
export function openText(key: KeyObject, place: SealedContext, sealed: Sealed): string {
  try {
    if (!sealed.startsWith(VERSION)) throw new Error('unknown version');
    const bytes = Buffer.from(sealed.slice(VERSION.length), 'base64url');
    const eventId = uuidOf(bytes.subarray(0, ID_BYTES));
    if (place.eventId !== undefined && place.eventId.toLowerCase() !== eventId) throw new Error('another event');
    return decrypt(key, boundTo(eventId, place), bytes.subarray(ID_BYTES)).toString('utf8');
  } catch {
    throw new errors.Unopened(
      `the sealed text in ${place.stream}, ${place.field}, does not open: changed, or sealed elsewhere`,
    );
  }
}

function boundTo(eventId: string, place: SealedContext): string {
  return `${eventId}|${place.stream}|${place.field}`;
}
