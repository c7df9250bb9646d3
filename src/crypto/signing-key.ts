/** The installation's signature, Ed25519. The stored secret is the seed of the key pair (RFC 8032). */
import { createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto';

export interface SigningKey {
  /** 32 bytes, base64url. */
  readonly publicKey: string;
  sign(text: string): Buffer;
}

/** What stands before the seed of an Ed25519 key in PKCS #8 (RFC 8410). */
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');

export function signingKeyOf(seed: KeyObject): SigningKey {
  const key = createPrivateKey({ key: Buffer.concat([PKCS8, seed.export()]), format: 'der', type: 'pkcs8' });
  const { x } = createPublicKey(key).export({ format: 'jwk' });
  return { publicKey: x as string, sign: (text) => sign(null, Buffer.from(text), key) };
}
