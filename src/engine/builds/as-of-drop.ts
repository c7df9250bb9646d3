/** Drops as-of builds that nobody uses any more, and what killed processes have left. A drop waits for readers for a second at most. */
import type pg from 'pg';
import type { ProjectorLog } from '../projecting/projector-log.js';
import { isLockRefused } from '../postgres/errors.js';
import { inTransaction } from '../postgres/transaction.js';
import { ifNobodyMakes } from './as-of-locks.js';
import {
  asOfSchema,
  asOfStaging,
  deleteAsOfBuild,
  type DroppableAsOf,
  remainsOfAsOfBuilds,
  type KeepAsOf,
  unusedAsOfBuilds,
} from './as-of-registry.js';

/** How long a drop waits for somebody who is still reading; another try comes soon. */
const LOCK_MS = 1_000;

/** By age since the last use and by the size of all. What is in use at the moment is left for the next time. */
export async function dropUnused(pool: pg.Pool, keep: KeepAsOf, log: ProjectorLog): Promise<void> {
  for (const { number, model, expired } of await unusedAsOfBuilds(pool, keep)) {
    if (!(await drop(pool, model, number, 'unused'))) continue;
    const why = expired ? 'it was not used for longer than it is kept' : 'all together are larger than they may be';
    log.info({ model, number }, `an as-of build was dropped: ${why}`);
  }
}

/** What processes have left that were killed while they made an as-of build; what is being made is not touched. */
export async function dropRemains(pool: pg.Pool): Promise<void> {
  const models = new Set((await remainsOfAsOfBuilds(pool)).map(({ model }) => model));
  for (const model of models) await ifNobodyMakes(pool, model, () => dropRemainsOf(pool, model));
}

/** The same for one model. The caller has its lock. */
export async function dropRemainsOf(pool: pg.Pool, model: string): Promise<void> {
  const inSchemas = (name: string): string => name.replaceAll('-', '_');
  for (const one of await remainsOfAsOfBuilds(pool)) {
    if (inSchemas(one.model) === inSchemas(model)) await drop(pool, one.model, one.number, 'unfinished');
  }
}

/**
 * Schemas and entry in one transaction.
 * @param when what its entry must be, if there is one, looked at once nobody else can change it
 * @returns false when it was not so any more, or somebody is in the way
 */
async function drop(pool: pg.Pool, model: string, number: number, when: DroppableAsOf): Promise<boolean> {
  try {
    return await inTransaction(pool, async (client) => {
      await client.query(`set local lock_timeout = ${LOCK_MS}`);
      if (!(await deleteAsOfBuild(client, number, when))) return false;
      await client.query(`drop schema if exists ${asOfSchema({ model, number })} cascade`);
      await client.query(`drop schema if exists ${asOfStaging({ model, number })} cascade`);
      return true;
    });
  } catch (error) {
    if (isLockRefused(error)) return false;
    throw error;
  }
}
