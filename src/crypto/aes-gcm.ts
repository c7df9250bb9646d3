import { createCipheriv, createDecipheriv, type KeyObject } from 'node:crypto';
import { randomness } from './randomness.js';

const IV_BYTES = 12;
const TAG_BYTES = 16;

/** iv (12 bytes), tag (16 bytes), ciphertext. Opening it takes the same `bound`. */
export function encrypt(key: KeyObject, bound: string, plain: string | Buffer): Buffer {
  const iv = randomness(IV_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, iv);
  cipher.setAAD(Buffer.from(bound));
  const body = typeof plain === 'string' ? cipher.update(plain, 'utf8') : cipher.update(plain);
  cipher.final();
  return Buffer.concat([iv, cipher.getAuthTag(), body]);
}

/** @throws Error when the key or `bound` is another one, or the box was changed */
export function decrypt(key: KeyObject, bound: string, box: Buffer): Buffer {
  if (box.length < IV_BYTES + TAG_BYTES) throw new Error('the ciphertext is too short');
  const decipher = createDecipheriv('aes-256-gcm', key, box.subarray(0, IV_BYTES));
  decipher.setAAD(Buffer.from(bound));
  decipher.setAuthTag(box.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
  const plain = decipher.update(box.subarray(IV_BYTES + TAG_BYTES));
  decipher.final();
  return plain;
}
