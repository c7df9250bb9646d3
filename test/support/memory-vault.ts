import { generateKeySync, type KeyObject } from 'node:crypto';
import { Refusal } from '../../src/engine/core/errors.js';
import { type Sealed, type SealedContext, Unopened, type Vault } from '../../src/engine/core/vault.js';
import { openText, sealText } from '../../src/crypto/sealed-text.js';

/** Users' keys in memory, the sealed form as in production. */
export class MemoryVault implements Vault {
  readonly #keys = new Map<string, KeyObject | null>();

  seal(owner: string, place: SealedContext & { readonly eventId: string }, text: string): Promise<Sealed> {
    const key = this.#made(owner);
    if (!key) return Promise.reject(new Refusal('user-erased', 'The user has been erased.'));
    return Promise.resolve(sealText(key, place, text));
  }

  async open(owner: string, place: SealedContext, sealed: Sealed): Promise<string | null> {
    const key = this.#keys.get(owner);
    if (key === undefined) throw new Unopened(`there is no key of user ${owner}`);
    return Promise.resolve(key && openText(key, place, sealed));
  }

  prefetch(): Promise<void> {
    return Promise.resolve();
  }

  createKeys(owners: readonly string[]): Promise<void> {
    for (const owner of owners) this.#made(owner);
    return Promise.resolve();
  }

  /** What was sealed for the owner reads as null from now on. */
  destroy(owner: string): void {
    this.#keys.set(owner, null);
  }

  #made(owner: string): KeyObject | null {
    const known = this.#keys.get(owner);
    if (known !== undefined) return known;
    const key = generateKeySync('aes', { length: 256 });
    this.#keys.set(owner, key);
    return key;
  }
}
