import { type KeyObject, randomBytes } from 'node:crypto';
import type pg from 'pg';
import { MasterKeys } from './master-keys.js';
import { type SigningKey, signingKeyOf } from './signing-key.js';
import { KEY_BYTES } from './wrapped-key.js';

export interface Secrets {
  /** Key of every derived name: ids, e-mail hashes, fingerprints. Never changed, or none of them is found again. */
  readonly hashKey: KeyObject;
  /** Signs the seals of the log. Never changed, or earlier seals count as those of another installation. */
  readonly signingKey: SigningKey;
}

const HASH_KEY = 'hash-key';
const SIGNING_KEY = 'signing-key';
/** What a master key wraps. */
const WRAPPED = [HASH_KEY, SIGNING_KEY] as const;
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
  // With a wrong master key, nothing is made.
  for (const name of WRAPPED) unwrapped(masters, stored, name);
  const masterKeyId = stored.get(MASTER_KEY_ID);
  if (masterKeyId) masters.activate(masterKeyId);
  const missing = WRAPPED.filter((name) => !stored.has(name));
  if (missing.length > 0) {
    // Another process may do the same at this moment; what is stored then counts for both.
    await pool.query(
      'insert into orderlog.secrets (name, wrapped) select * from unnest($1::text[], $2::bytea[]) on conflict do nothing',
      [missing, missing.map((name) => masters.wrap(name, randomBytes(KEY_BYTES)))],
    );
    stored = await readSecrets(pool);
  }
  const secretOf = (name: string): KeyObject => {
    const secret = unwrapped(masters, stored, name);
    if (!secret) throw new Error(`the ${name} was removed from orderlog.secrets while it was being made`);
    return secret;
  };
  return { hashKey: secretOf(HASH_KEY), signingKey: signingKeyOf(secretOf(SIGNING_KEY)) };
}

/** Wraps with the master key that the database says, if a rotation has changed it. @returns whether it has */
export async function followRotation(pool: pg.Pool, masters: MasterKeys): Promise<boolean> {
  const masterKeyId = (await readSecrets(pool)).get(MASTER_KEY_ID);
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
  const stored = await readSecrets(pool);
  for (const name of WRAPPED) {
    const secret = unwrapped(masters, stored, name);
    if (!secret) continue;
    const wrapped = masters.wrap(name, secret.export());
    await pool.query('update orderlog.secrets set wrapped = $2 where name = $1', [name, wrapped]);
  }
}

function unwrapped(masters: MasterKeys, stored: ReadonlyMap<string, Buffer>, name: string): KeyObject | null {
  const secret = stored.get(name);
  return secret ? masters.unwrap(name, secret) : null;
}

async function readSecrets(pool: pg.Pool): Promise<ReadonlyMap<string, Buffer>> {
  const { rows } = await pool.query<{ name: string; wrapped: Buffer }>('select name, wrapped from orderlog.secrets');
  return new Map(rows.map(({ name, wrapped }) => [name, wrapped]));
}
