import { type KeyObject, randomBytes } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type pg from 'pg';
import { errors, Refusal, type Sealed, type Vault } from '../engine/index.js';
import { Batch } from './batch.js';
import { openText, type SealedContext, sealText } from './sealed-text.js';
import { MasterKeys } from './master-keys.js';
import { followRotation } from './secrets.js';
import { destroyKey, type KeyRow, loadKeys, makeKeys, undestroyed } from './user-keys.js';
import { KEY_BYTES } from './wrapped-key.js';

/** A user's key, in the clear in this process's memory only; null when it has been destroyed. */
interface UserKey {
  readonly key: KeyObject | null;
}

export interface KeyCacheOptions {
  /** How many keys are kept in memory. */
  readonly max?: number;
  /** For how long at most: a key destroyed by another process is in use here no longer than this. */
  readonly ttlMs?: number;
}

const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/;
const OWNERS_PER_QUERY = 5_000;

/** The users' keys in Postgres, wrapped by the master key; a user's key is made when it is first needed. */
export class PgKeyStore implements Vault {
  readonly #pool: pg.Pool;
  readonly #masters: MasterKeys;
  readonly #cache: LRUCache<string, UserKey>;
  readonly #found = new Batch((owners) => inParts(owners, (part) => this.#load(part)));
  readonly #made = new Batch((owners) => inParts(owners, (part) => this.#loadOrMake(part)));
  /** How often keys were forgotten: what was asked for before is not kept. */
  #forgotten = 0;

  constructor(pool: pg.Pool, masterKey: Uint8Array | MasterKeys, options: KeyCacheOptions = {}) {
    this.#pool = pool;
    this.#masters = MasterKeys.of(masterKey);
    const { max = 50_000, ttlMs = 600_000 } = options;
    this.#cache = new LRUCache({ max, ttl: ttlMs, ttlResolution: Math.min(1_000, ttlMs) });
  }

  async seal(owner: string, place: SealedContext & { readonly eventId: string }, text: string): Promise<Sealed> {
    const id = owner.toLowerCase();
    const found = this.#cache.get(id) ?? (await this.#ask(this.#made, id));
    if (!found) throw new Error(`the key of user ${id} could not be made`);
    if (!found.key)
      throw new Refusal('user-erased', 'The user has been erased: nothing personal of this user can be stored.');
    return sealText(found.key, place, text);
  }

  async open(owner: string, place: SealedContext, sealed: Sealed): Promise<string | null> {
    const id = owner.toLowerCase();
    const found = this.#cache.get(id) ?? (await this.#ask(this.#found, id));
    if (!found)
      throw new errors.Unopened(`the key store holds no key of user ${id}, with which ${place.stream} was sealed`);
    return found.key && openText(found.key, place, sealed);
  }

  async prefetch(owners: readonly string[]): Promise<void> {
    await this.#askAll(this.#found, owners);
  }

  async createKeys(owners: readonly string[]): Promise<void> {
    await this.#askAll(this.#made, owners);
  }

  /** Destroys the user's key for good, in every process. @returns when it was destroyed first */
  async destroy(owner: string): Promise<string> {
    const id = owner.toLowerCase();
    if (!UUID.test(id)) throw notUuid();
    const at = await destroyKey(this.#pool, id);
    this.forget(id);
    return at;
  }

  /** Drops a key from memory: it was destroyed. Null drops all of them: which ones were destroyed is not known. */
  forget(owner: string | null): void {
    this.#forgotten += 1;
    if (owner === null) this.#cache.clear();
    else this.#cache.delete(owner);
  }

  /** Those of the users whose key is still there. */
  undestroyed(owners: readonly string[]): Promise<string[]> {
    return undestroyed(this.#pool, owners);
  }

  async #askAll(batch: Batch<UserKey>, owners: readonly string[]): Promise<void> {
    const ids = owners.map((owner) => owner.toLowerCase());
    await Promise.all(ids.filter((id) => !this.#cache.has(id)).map((id) => this.#ask(batch, id)));
  }

  #ask(batch: Batch<UserKey>, id: string): Promise<UserKey | undefined> {
    // Alone, so that a wrong one does not fail the query of the others.
    if (!UUID.test(id)) return Promise.reject(notUuid());
    return batch.get(id);
  }

  async #load(owners: readonly string[]): Promise<Map<string, UserKey>> {
    const asked = this.#forgotten;
    return this.#keep(await loadKeys(this.#pool, owners), asked);
  }

  /** Keys of all these owners; one that another process makes at the same moment is taken from there. */
  async #loadOrMake(owners: readonly string[]): Promise<Map<string, UserKey>> {
    // Sorted: two processes that make the same keys wait for each other in one order.
    const ids = [...owners].sort();
    const asked = this.#forgotten;
    const made = ids.map((user_id) => ({ user_id, wrapped: this.#masters.wrap(user_id, randomBytes(KEY_BYTES)) }));
    const keys = this.#keep(await makeKeys(this.#pool, made, this.#masters.active.id), asked);
    // The statement does not see rows that were committed after it began; the next one does.
    const elsewhere = ids.filter((id) => !keys.has(id));
    if (elsewhere.length > 0) for (const [id, key] of await this.#load(elsewhere)) keys.set(id, key);
    // Nothing is made with a master key that has been replaced meanwhile.
    const refused = elsewhere.filter((id) => !keys.has(id));
    if (refused.length > 0 && (await followRotation(this.#pool, this.#masters)))
      for (const [id, key] of await this.#loadOrMake(refused)) keys.set(id, key);
    return keys;
  }

  /** @param asked `#forgotten` before the query: a key that was destroyed since may be among the rows */
  #keep(rows: readonly KeyRow[], asked: number): Map<string, UserKey> {
    const keys = new Map<string, UserKey>();
    for (const { user_id, wrapped } of rows) {
      const key = { key: wrapped && this.#masters.unwrap(user_id, wrapped) };
      if (asked === this.#forgotten) this.#cache.set(user_id, key);
      keys.set(user_id, key);
    }
    return keys;
  }
}

function notUuid(): TypeError {
  return new TypeError('the owner of a key is named by a UUID');
}

async function inParts(
  owners: readonly string[],
  load: (part: readonly string[]) => Promise<ReadonlyMap<string, UserKey>>,
): Promise<ReadonlyMap<string, UserKey>> {
  if (owners.length <= OWNERS_PER_QUERY) return load(owners);
  const all = new Map<string, UserKey>();
  for (let from = 0; from < owners.length; from += OWNERS_PER_QUERY) {
    for (const [id, key] of await load(owners.slice(from, from + OWNERS_PER_QUERY))) all.set(id, key);
  }
  return all;
}
