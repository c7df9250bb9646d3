import { type KeyObject, randomBytes } from 'node:crypto';
import type pg from 'pg';
import { KEY_BYTES, masterKeyOf, unwrapKey, wrapKey } from './wrapped-key.js';

export interface Secrets {
  /** Key of every derived name: ids, e-mail hashes, fingerprints. Never changed, or none of them is found again. */
  readonly hashKey: KeyObject;
}

const HASH_KEY = 'hash-key';

/**
 * The deployment's secrets; made at the first call, the same for every process ever after.
 * @throws WrongMasterKey when they were wrapped by another master key
 */
export async function loadSecrets(pool: pg.Pool, masterKey: Uint8Array): Promise<Secrets> {
  const master = masterKeyOf(masterKey);
  let wrapped = await stored(pool);
  if (!wrapped) {
    // Another process may do the same at this moment; what is stored then counts for both.
    await pool.query('insert into orderlog.secrets (name, wrapped) values ($1, $2) on conflict do nothing', [
      HASH_KEY,
      wrapKey(master, HASH_KEY, randomBytes(KEY_BYTES)),
    ]);
    wrapped = await stored(pool);
    if (!wrapped) throw new Error('the hash key was removed from orderlog.secrets while it was being made');
  }
  return { hashKey: unwrapKey(master, HASH_KEY, wrapped) };
}

async function stored(pool: pg.Pool): Promise<Buffer | undefined> {
  const found = await pool.query<{ wrapped: Buffer }>('select wrapped from orderlog.secrets where name = $1', [
    HASH_KEY,
  ]);
  return found.rows[0]?.wrapped;
}
