import { type KeyObject, randomBytes } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type pg from 'pg';
import { errors, Refusal, type Sealed, type SealedContext, type Vault } from '../engine/index.js';
import { Batch } from './batch.js';
import { openText, sealText } from './sealed-text.js';
import { KEY_BYTES, masterKeyOf, unwrapKey, wrapKey } from './wrapped-key.js';

/** A user's key, in the clear in this process's memory only; null when it has been destroyed. */
interface UserKey {
  readonly key: KeyObject | null;
}

interface KeyRow {
  readonly user_id: string;
  readonly wrapped: Buffer | null;
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
  readonly #master: KeyObject;
  readonly #cache: LRUCache<string, UserKey>;
  readonly #found = new Batch((owners) => inParts(owners, (part) => this.#load(part)));
  readonly #made = new Batch((owners) => inParts(owners, (part) => this.#loadOrMake(part)));

  constructor(pool: pg.Pool, masterKey: Uint8Array, options: KeyCacheOptions = {}) {
    this.#pool = pool;
    this.#master = masterKeyOf(masterKey);
    const { max = 50_000, ttlMs = 600_000 } = options;
    this.#cache = new LRUCache({ max, ttl: ttlMs, ttlResolution: Math.min(1_000, ttlMs) });
  }

  async seal(owner: string, place: SealedContext & { readonly eventId: string }, text: string): Promise<Sealed> {
    const id = owner.toLowerCase();
    const found = this.#cache.get(id) ?? (await this.#ask(this.#made, id));
    if (!found) throw new Error(`the key of user ${id} could not be made`);
    if (!found.key) throw new Refusal('user-erased', 'The user has been erased.');
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

  async #askAll(batch: Batch<UserKey>, owners: readonly string[]): Promise<void> {
    const ids = owners.map((owner) => owner.toLowerCase());
    await Promise.all(ids.filter((id) => !this.#cache.has(id)).map((id) => this.#ask(batch, id)));
  }

  #ask(batch: Batch<UserKey>, id: string): Promise<UserKey | undefined> {
    // Alone, so that a wrong one does not fail the query of the others.
    if (!UUID.test(id)) return Promise.reject(new TypeError('the owner of a key is named by a UUID'));
    return batch.get(id);
  }

  async #load(owners: readonly string[]): Promise<Map<string, UserKey>> {
    const { rows } = await this.#pool.query<KeyRow>({
      name: 'user-keys-load',
      text: 'select user_id, wrapped from orderlog.user_keys where user_id = any($1::uuid[])',
      values: [owners],
    });
    return this.#keep(rows);
  }

  /** Keys of all these owners; one that another process makes at the same moment is taken from there. */
  async #loadOrMake(owners: readonly string[]): Promise<Map<string, UserKey>> {
    // Sorted: two processes that make the same keys wait for each other in one order.
    const ids = [...owners].sort();
    const { rows } = await this.#pool.query<KeyRow>({
      name: 'user-keys-make',
      text: `
        with made as (
          insert into orderlog.user_keys (user_id, wrapped)
          select * from unnest($1::uuid[], $2::bytea[])
          on conflict do nothing
          returning user_id, wrapped
        )
        select user_id, wrapped from made
        union all
        select user_id, wrapped from orderlog.user_keys where user_id = any($1::uuid[])`,
      values: [ids, ids.map((id) => wrapKey(this.#master, id, randomBytes(KEY_BYTES)))],
    });
    const keys = this.#keep(rows);
    // The statement does not see rows that were committed after it began; the next one does.
    const elsewhere = ids.filter((id) => !keys.has(id));
    if (elsewhere.length > 0) for (const [id, key] of await this.#load(elsewhere)) keys.set(id, key);
    return keys;
  }

  #keep(rows: readonly KeyRow[]): Map<string, UserKey> {
    const keys = new Map<string, UserKey>();
    for (const { user_id, wrapped } of rows) {
      const key = { key: wrapped && unwrapKey(this.#master, user_id, wrapped) };
      this.#cache.set(user_id, key);
      keys.set(user_id, key);
    }
    return keys;
  }
}

/** Destroys keys within a transaction of others. @returns how many of the users had one */
export async function destroyKeys(client: pg.ClientBase, userIds: readonly string[]): Promise<number> {
  const { rowCount } = await client.query(
    `update orderlog.user_keys set wrapped = null, destroyed_at = clock_timestamp()
     where user_id = any($1::uuid[]) and wrapped is not null`,
    [userIds],
  );
  return rowCount ?? 0;
}

/**
 * Notes as destroyed the keys of users that the store does not know, within a transaction of others: such a user would get a new
 * key, which opens nothing of what the old one has sealed. @returns how many users
 */
export async function noteLostKeys(client: pg.ClientBase, userIds: readonly string[]): Promise<number> {
  const { rowCount } = await client.query(
    `insert into orderlog.user_keys (user_id, destroyed_at)
     select distinct id, clock_timestamp() from unnest($1::uuid[]) as id on conflict do nothing`,
    [userIds],
  );
  return rowCount ?? 0;
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
