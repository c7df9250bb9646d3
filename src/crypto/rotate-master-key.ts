/** Wraps every key in the database with another master key, while everything runs. */
import type pg from 'pg';
import type { Progress } from '../engine/index.js';
import { type MasterKey, type MasterKeys, unwrapWith } from './master-keys.js';
import { announceMasterKey, rewrapSecrets } from './secrets.js';
import { awaitWriters, countKeys, keysAfter, rewrapKeys } from './user-keys.js';

export interface Rotated {
  /** Users' keys that are wrapped by the next master key now. */
  readonly keys: number;
  /** How many of them this run has wrapped. */
  readonly rewrapped: number;
}

const PAGE = 500;
const FIRST_ID = '00000000-0000-0000-0000-000000000000';

/**
 * Killed at any moment, it is run again: keys that the next master key has wrapped already are passed over. Every process must
 * hold both master keys, or find the next one in the data folder, before this begins.
 */
export async function rotateMasterKey(
  pool: pg.Pool,
  masters: MasterKeys,
  next: MasterKey,
  { progress, signal }: { readonly progress: Progress; readonly signal: AbortSignal },
): Promise<Rotated> {
  // 1. New keys are wrapped by the next one, in every process, once the statements under way have ended.
  masters.activate(next.id);
  await announceMasterKey(pool, masters);
  await awaitWriters(pool);
  // 2. The secrets, then the users' keys, a page at a time.
  await rewrapSecrets(pool, masters);
  progress.start('keys', await countKeys(pool));
  const sum = { keys: 0, rewrapped: 0 };
  let after = FIRST_ID;
  for (;;) {
    signal.throwIfAborted();
    const page = await keysAfter(pool, after, PAGE);
    const last = page.at(-1);
    if (!last) break;
    const old = page.filter(({ user_id, wrapped }) => !unwrapWith(next.key, user_id, wrapped));
    const rewrapped = old.map(({ user_id, wrapped: before }) => {
      const key = masters.unwrap(user_id, before).export();
      return { user_id, before, wrapped: masters.wrap(user_id, key) };
    });
    if (rewrapped.length > 0) await rewrapKeys(pool, rewrapped);
    sum.keys += page.length;
    sum.rewrapped += rewrapped.length;
    after = last.user_id;
    progress.advance(page.length);
  }
  progress.stop();
  return sum;
}
