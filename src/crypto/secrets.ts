import { type KeyObject, randomBytes } from 'node:crypto';
import type pg from 'pg';
import { MasterKeys } from './master-keys.js';
import { KEY_BYTES } from './wrapped-key.js';

export interface Secrets {
  /** Key of every derived name: ids, e-mail hashes, fingerprints. Never changed, or none of them is found again. */
  readonly hashKey: KeyObject;
}

const HASH_KEY = 'hash-key';
/** Since the first rotation: the id of the master key that wraps. */
const MASTER_KEY_ID = 'master-key-id';

/** The id of the master key that wraps, for a statement; null before the first rotation. */
export const ACTIVE_MASTER_KEY = `(select wrapped from orderlog.secrets where name = '${MASTER_KEY_ID}')`;

/**
 * The deployment's secrets; made at the first call, the same for every process ever after.
 * @throws WrongMasterKey when they were wrapped by another master key
 */
export async function loadSecrets(pool: pg.Pool, masterKey: Uint8Array | MasterKeys): Promise<Secrets> {
  const masters = MasterKeys.of(masterKey);
  let stored = await readSecrets(pool);
  if (!stored.hashKey) {
    // Another process may do the same at this moment; what is stored then counts for both.
    await pool.query('insert into orderlog.secrets (name, wrapped) values ($1, $2) on conflict do nothing', [
      HASH_KEY,
      masters.wrap(HASH_KEY, randomBytes(KEY_BYTES)),
    ]);
    stored = await readSecrets(pool);
  }
  if (!stored.hashKey) throw new Error('the hash key was removed from orderlog.secrets while it was being made');
  const hashKey = masters.unwrap(HASH_KEY, stored.hashKey);
  if (stored.masterKeyId) masters.activate(stored.masterKeyId);
  return { hashKey };
}

/** Wraps with the master key that the database says, if a rotation has changed it. @returns whether it has */
export async function followRotation(pool: pg.Pool, masters: MasterKeys): Promise<boolean> {
  const { masterKeyId } = await readSecrets(pool);
  if (!masterKeyId || masterKeyId.equals(masters.active.id)) return false;
  masters.activate(masterKeyId);
  return true;
}

/** From here on, every process wraps with the active one of these. */
export async function announceMasterKey(pool: pg.Pool, { active }: MasterKeys): Promise<void> {
  await pool.query(
    'insert into orderlog.secrets (name, wrapped) values ($1, $2) on conflict (name) do update set wrapped = excluded.wrapped',
    [MASTER_KEY_ID, active.id],
  );
}

/** Stores the secrets as the active one of these wraps them. */
export async function rewrapSecrets(pool: pg.Pool, masters: MasterKeys): Promise<void> {
  const { hashKey } = await readSecrets(pool);
  if (!hashKey) return;
  const wrapped = masters.wrap(HASH_KEY, masters.unwrap(HASH_KEY, hashKey).export());
  await pool.query('update orderlog.secrets set wrapped = $2 where name = $1', [HASH_KEY, wrapped]);
}

async function readSecrets(pool: pg.Pool): Promise<{ hashKey: Buffer | null; masterKeyId: Buffer | null }> {
  const { rows } = await pool.query<{ name: string; wrapped: Buffer }>('select name, wrapped from orderlog.secrets');
  const of = (name: string): Buffer | null => rows.find((row) => row.name === name)?.wrapped ?? null;
  return { hashKey: of(HASH_KEY), masterKeyId: of(MASTER_KEY_ID) };
}
