import type { Knex } from 'knex';
import { apiKeys } from './baseline/api-keys.js';
import { asOfBuilds } from './baseline/as-of-builds.js';
import { builds } from './baseline/builds.js';
import { checkpoints } from './baseline/checkpoints.js';
import { idempotencyKeys } from './baseline/idempotency-keys.js';
import { idSequences } from './baseline/id-sequences.js';
import { keys } from './baseline/keys.js';
import { log } from './baseline/log.js';
import { logIdentity } from './baseline/log-identity.js';
import { logTimes } from './baseline/log-times.js';
import { quarantine } from './baseline/quarantine.js';
import { seals } from './baseline/seals.js';

/**
 * The first tables of `orderlog`, one file a subject. A later table or a change is a migration of its own: a database that has
 * applied this one never applies it again. knex reads a question mark as a parameter: the SQL holds none.
 */
const PARTS: readonly string[] = [
  log,
  logIdentity,
  logTimes,
  keys,
  apiKeys,
  idSequences,
  checkpoints,
  builds,
  quarantine,
  asOfBuilds,
  idempotencyKeys,
  seals,
];

export async function up(knex: Knex): Promise<void> {
  for (const part of PARTS) await knex.raw(part);
}

/** knex asks for one. Nothing calls it: a database without these tables is a new database. */
export function down(): Promise<void> {
  return Promise.reject(new Error('the baseline can not be undone: use a new database'));
}
