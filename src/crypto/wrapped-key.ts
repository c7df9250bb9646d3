import { createSecretKey, type KeyObject } from 'node:crypto';
import { decrypt, encrypt } from './aes-gcm.js';

// This is the storage format: version (one byte), then iv, tag and ciphertext of the key's 32 bytes.
const VERSION = Buffer.of(1);
export const KEY_BYTES = 32;

/** A file that holds a master key does not. */
export class NoMasterKey extends Error {
  override readonly name = 'NoMasterKey';
}

export class WrongMasterKey extends Error {
  override readonly name = 'WrongMasterKey';
  /** @param file where the key was generated; null where it was set */
  constructor(file: string | null = null) {
    super(
      file === null
        ? 'MASTER_KEY does not open the keys in the database. Set MASTER_KEY (or MASTER_KEY_FILE) to the key that this ' +
            'database was set up with; a generated one lies in the data folder and belongs to this database alone. During a ' +
            'rotation of the master key, set MASTER_KEY_NEXT as well.'
        : `The key in ${file} does not open the keys in the database. Put the one there that this database was set up ` +
            'with, from where it was kept, or set MASTER_KEY (or MASTER_KEY_FILE) to it.',
    );
  }
}

/** The master key as an object that is ready for use. @throws TypeError unless it has 32 bytes */
export function masterKeyOf(bytes: Uint8Array): KeyObject {
  if (bytes.length !== KEY_BYTES) throw new TypeError(`MASTER_KEY has ${bytes.length} bytes, not ${KEY_BYTES}`);
  return createSecretKey(bytes);
}

/** Encrypts a key with the master key, bound to the name of its holder. */
export function wrapKey(master: KeyObject, holder: string, key: Buffer): Buffer {
  return Buffer.concat([VERSION, encrypt(master, holder, key)]);
}

/** @throws WrongMasterKey when it was wrapped by another master key, for another holder, or was changed */
export function unwrapKey(master: KeyObject, holder: string, wrapped: Buffer): KeyObject {
  if (wrapped[0] !== VERSION[0]) throw new Error(`the key of ${holder} is stored in a format that is not known here`);
  try {
    return createSecretKey(decrypt(master, holder, wrapped.subarray(1)));
  } catch {
    throw new WrongMasterKey();
  }
}
