import { LRUCache } from 'lru-cache';
import { Batch } from '../crypto/batch.js';
import { type ApiKeyText, isHashOf } from './api-key.js';
import type { ApiKeys, StoredKey } from './api-keys.js';
import type { Caller } from './caller.js';

/** For how long a key is trusted without looking: revoked anywhere, it ends everywhere within 5 s. */
const TRUSTED_MS = 3_000;
const MOST_KEYS = 10_000;
const USE_NOTED_EVERY_MS = 60_000;

interface Known {
  readonly key: StoredKey | null;
  /** When its use was last noted, by this process or any other. */
  usedAt: number;
}

/** Whose key it is. A key in use costs one query every few seconds, however many requests carry it. */
export class ApiKeyCheck {
  readonly #known: LRUCache<string, Known>;
  readonly #found = new Batch((keyIds) => this.#load(keyIds));

  constructor(
    private readonly keys: Pick<ApiKeys, 'valid' | 'noteUse'>,
    trustedMs = TRUSTED_MS,
  ) {
    this.#known = new LRUCache({ max: MOST_KEYS, ttl: trustedMs, ttlResolution: Math.min(100, trustedMs) });
  }

  /** Null for a key that is unknown, revoked or wrong. */
  async callerOf(given: ApiKeyText): Promise<Caller | null> {
    const known = this.#known.get(given.keyId) ?? (await this.#found.get(given.keyId));
    if (!known?.key || !isHashOf(known.key.hash, given)) return null;
    this.#noteUse(known.key, known);
    const { key_id: keyId, role, user_id } = known.key;
    return { kind: role, id: role === 'customer' ? user_id : keyId, keyId };
  }

  async #load(keyIds: readonly string[]): Promise<ReadonlyMap<string, Known>> {
    // What is read is as old as the query, not as its answer.
    const start = performance.now();
    const keys = new Map((await this.keys.valid(keyIds)).map((key) => [key.key_id, key]));
    const all = new Map<string, Known>();
    for (const keyId of keyIds) {
      const key = keys.get(keyId) ?? null;
      const known = { key, usedAt: Date.parse(key?.last_used_at ?? '') || 0 };
      this.#known.set(keyId, known, { start });
      all.set(keyId, known);
    }
    return all;
  }

  /** Nobody waits for it, and its failure fails no request: the next use tries again. */
  #noteUse(key: StoredKey, known: Known): void {
    const now = Date.now();
    if (now - known.usedAt < USE_NOTED_EVERY_MS) return;
    known.usedAt = now;
    this.keys.noteUse(key.key_id).catch(() => undefined);
  }
}
