/** An API key as text, and what is stored of it. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

export interface ApiKeyText {
  readonly keyId: string;
  /** The whole key. */
  readonly text: string;
}

const SECRET_BYTES = 32;
const ID_BYTES = 8;
/** The prefix lets people and scanners of secrets recognize a key; the id finds its row. */
const FORM = /^olk_([\da-f]{16})_[\w-]{43}$/;

export function newApiKey(): ApiKeyText {
  const keyId = randomBytes(ID_BYTES).toString('hex');
  return { keyId, text: `olk_${keyId}_${randomBytes(SECRET_BYTES).toString('base64url')}` };
}

/** Null for what is no API key. */
export function readApiKey(text: string): ApiKeyText | null {
  const [, keyId] = FORM.exec(text) ?? [];
  return keyId === undefined ? null : { keyId, text };
}

/** No salt and no slow hash: 256 random bits can't be guessed. */
export function hashOf({ text }: ApiKeyText): Buffer {
  return createHash('sha256').update(text).digest();
}

/** In a time that does not tell how much of it is right. */
export function isHashOf(hash: Uint8Array, key: ApiKeyText): boolean {
  const own = hashOf(key);
  return hash.length === own.length && timingSafeEqual(hash, own);
}
