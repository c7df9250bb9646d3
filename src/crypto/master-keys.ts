/** The master keys that a process holds: one, and during a rotation the next one as well. */
import { createHmac, type KeyObject } from 'node:crypto';
import { loadOrCreateMasterKey, readMasterKeys } from './master-key.js';
import { masterKeyOf, unwrapKey, wrapKey, WrongMasterKey } from './wrapped-key.js';

export interface MasterKey {
  /** Names the key and reveals nothing of it: 16 bytes. */
  readonly id: Buffer;
  readonly bytes: Uint8Array;
  readonly key: KeyObject;
}

/** @throws TypeError unless it has 32 bytes */
export function masterKey(bytes: Uint8Array): MasterKey {
  const key = masterKeyOf(bytes);
  return { id: createHmac('sha256', key).update('orderlog master key').digest().subarray(0, 16), bytes, key };
}

export class MasterKeys {
  readonly #read: () => readonly Uint8Array[];
  #held: readonly MasterKey[];
  #active: MasterKey;

  /**
   * @param read the keys as they are now, the one that wraps first. It is called again when none of them opens a key: another
   * process may have put the next one into the data folder.
   */
  constructor(read: () => readonly Uint8Array[]) {
    this.#read = read;
    this.#held = read().map(masterKey);
    const [first] = this.#held;
    if (!first) throw new TypeError('there is no master key');
    this.#active = first;
  }

  static of(given: Uint8Array | MasterKeys): MasterKeys {
    return given instanceof MasterKeys ? given : new MasterKeys(() => [given]);
  }

  /** The one that wraps. */
  get active(): MasterKey {
    return this.#active;
  }

  /** @throws WrongMasterKey unless this process holds the key of this id */
  activate(id: Buffer): void {
    const found = this.#find(id) ?? (this.#readAgain(), this.#find(id));
    if (!found) throw new WrongMasterKey();
    this.#active = found;
  }

  wrap(holder: string, key: Buffer): Buffer {
    return wrapKey(this.#active.key, holder, key);
  }

  /** @throws WrongMasterKey when none of them has wrapped it */
  unwrap(holder: string, wrapped: Buffer): KeyObject {
    const key = this.#unwrapWithAny(holder, wrapped);
    if (key) return key;
    this.#readAgain();
    const other = this.#unwrapWithAny(holder, wrapped);
    if (!other) throw new WrongMasterKey();
    return other;
  }

  #unwrapWithAny(holder: string, wrapped: Buffer): KeyObject | null {
    for (const { key } of this.#held) {
      const unwrapped = unwrapWith(key, holder, wrapped);
      if (unwrapped) return unwrapped;
    }
    return null;
  }

  #find(id: Buffer): MasterKey | undefined {
    return this.#held.find((one) => one.id.equals(id));
  }

  #readAgain(): void {
    this.#held = this.#read().map(masterKey);
  }
}

/** Those that the configuration names; without any, those in the data folder. @throws Error when a file is not such a key */
export function openMasterKeys(config: {
  readonly masterKey: Uint8Array | null;
  readonly nextMasterKey: Uint8Array | null;
  readonly dataDir: string;
}): MasterKeys {
  const { masterKey, nextMasterKey, dataDir } = config;
  if (masterKey) return new MasterKeys(() => (nextMasterKey ? [masterKey, nextMasterKey] : [masterKey]));
  loadOrCreateMasterKey(dataDir);
  return new MasterKeys(() => readMasterKeys(dataDir));
}

/** Null unless it was wrapped by this master key. */
export function unwrapWith(master: KeyObject, holder: string, wrapped: Buffer): KeyObject | null {
  try {
    return unwrapKey(master, holder, wrapped);
  } catch (error) {
    if (error instanceof WrongMasterKey) return null;
    throw error;
  }
}
