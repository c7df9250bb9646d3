import type pg from 'pg';
import { hashOf, newApiKey } from './api-key.js';
import type { Role } from './caller.js';

/** A new key. It is shown this once. */
export interface CreatedKey {
  readonly key_id: string;
  readonly key: string;
  readonly role: Role;
  readonly user_id: string | null;
}

export interface ListedKey {
  readonly key_id: string;
  readonly role: Role;
  readonly user_id: string | null;
  readonly created_at: string;
  readonly last_used_at: string | null;
  readonly revoked_at: string | null;
}

/** What a request is checked against. */
export interface StoredKey {
  readonly key_id: string;
  readonly hash: Buffer;
  readonly role: Role;
  readonly user_id: string | null;
  readonly last_used_at: string | null;
}

/** The API keys in the database: their hashes, never the keys themselves. */
export class ApiKeys {
  constructor(private readonly pool: pg.Pool) {}

  /** @param userId of a customer; null for the other roles */
  async create(role: Role, userId: string | null): Promise<CreatedKey> {
    const key = newApiKey();
    await this.pool.query('insert into orderlog.api_keys (key_id, hash, role, user_id) values ($1, $2, $3, $4)', [
      key.keyId,
      hashOf(key),
      role,
      userId,
    ]);
    return { key_id: key.keyId, key: key.text, role, user_id: userId };
  }

  /** All of them, revoked ones too, oldest first. */
  async list(): Promise<ListedKey[]> {
    const { rows } = await this.pool.query<ListedKey>(
      `select key_id, role, user_id, created_at, last_used_at, revoked_at from orderlog.api_keys
       order by created_at, key_id`,
    );
    return rows;
  }

  /** A key that is revoked already stays so since then. @returns since when; null for an unknown key */
  async revoke(keyId: string): Promise<string | null> {
    const { rows } = await this.pool.query<{ revoked_at: string }>(
      `update orderlog.api_keys set revoked_at = coalesce(revoked_at, clock_timestamp()) where key_id = $1
       returning revoked_at`,
      [keyId],
    );
    return rows[0]?.revoked_at ?? null;
  }

  /** All keys of a customer. */
  async revokeOf(userId: string): Promise<void> {
    await this.pool.query(
      `update orderlog.api_keys set revoked_at = clock_timestamp() where user_id = $1 and revoked_at is null`,
      [userId],
    );
  }

  async hasAdmin(): Promise<boolean> {
    const { rowCount } = await this.pool.query(
      `select from orderlog.api_keys where role = 'admin' and revoked_at is null limit 1`,
    );
    return rowCount === 1;
  }

  /** Those of the keys that are there and not revoked. */
  async valid(keyIds: readonly string[]): Promise<StoredKey[]> {
    const { rows } = await this.pool.query<StoredKey>({
      name: 'api-keys-valid',
      text: `select key_id, hash, role, user_id, last_used_at from orderlog.api_keys
             where key_id = any($1) and revoked_at is null`,
      values: [keyIds],
    });
    return rows;
  }

  /** Other processes note the use of a key as well: one of them a minute is enough. */
  async noteUse(keyId: string): Promise<void> {
    await this.pool.query({
      name: 'api-keys-note-use',
      text: `update orderlog.api_keys set last_used_at = clock_timestamp()
             where key_id = $1 and (last_used_at is null or last_used_at < clock_timestamp() - interval '1 minute')`,
      values: [keyId],
    });
  }
}
