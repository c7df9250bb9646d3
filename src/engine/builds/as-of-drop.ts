/** Dropping snapshots that are not used any more, and what killed processes have left. Nobody who reads is in the way for long. */
import type pg from 'pg';
import type { ProjectorLog } from '../projecting/projector-log.js';
import { inTransaction } from './prepare-model.js';
import { ifNobodyMakes } from './as-of-locks.js';

export interface KeepAsOf {
  /** Since it was last used. */
  readonly keepSeconds: number;
  /** Of all together; beyond it, those go that were not used for longest. */
  readonly maxBytes: number;
}

/** How long a drop waits for somebody who is still reading; another try comes soon. */
const LOCK_MS = 1_000;
const LOCK_NOT_AVAILABLE = '55P03';

/** A caller that has used it so lately may be about to read it: it stays, whatever the limits. */
const IN_USE = `used_at > clock_timestamp() - interval '10 seconds'`;

const TOO_MANY = `
  select number, model, used_at < clock_timestamp() - $1 * interval '1 second' as expired from (
    select number, model, used_at, sum(bytes) over (order by used_at desc, number desc) as together
    from orderlog.as_of_builds where state = 'ready'
  ) s
  where not ${IN_USE} and (used_at < clock_timestamp() - $1 * interval '1 second' or together > $2)
  order by used_at`;

/** By age since the last use and by the size of all. What is in use at the moment is left for the next time. */
export async function dropUnused(pool: pg.Pool, keep: KeepAsOf, log: ProjectorLog): Promise<void> {
  const values = [keep.keepSeconds, keep.maxBytes];
  const { rows } = await pool.query<{ number: number; model: string; expired: boolean }>(TOO_MANY, values);
  for (const { number, model, expired } of rows) {
    if (!(await drop(pool, model, number, `not (${IN_USE})`))) continue;
    const why = expired ? 'it was not used for longer than it is kept' : 'all together are larger than they may be';
    log.info({ model, number }, `a snapshot was dropped: ${why}`);
  }
}

/** Schemas without an entry are of a crash of the database, which empties the registry. */
const REMAINS = `
  select model, number from orderlog.as_of_builds where state = 'building'
  union
  select part[1], part[2]::bigint from pg_namespace, regexp_match(nspname, '^asof_(.+?)_(\\d+)(?:_staging)?$') as part
  where part is not null and not exists (select from orderlog.as_of_builds s where s.number = part[2]::bigint)`;

/** What processes have left that were killed while they made a snapshot; what is being made is not touched. */
export async function dropRemains(pool: pg.Pool): Promise<void> {
  const { rows } = await pool.query<{ model: string }>(`select distinct model from (${REMAINS}) r`);
  for (const { model } of rows) await ifNobodyMakes(pool, model, () => dropRemainsOf(pool, model));
}

/** The same for one model. The caller has its lock. */
export async function dropRemainsOf(pool: pg.Pool, model: string): Promise<void> {
  const { rows } = await pool.query<{ model: string; number: number }>(
    `select * from (${REMAINS}) r where replace(model, '-', '_') = replace($1, '-', '_')`,
    [model],
  );
  for (const one of rows) await drop(pool, one.model, one.number, `state = 'building'`);
}

/**
 * Schemas and entry in one transaction.
 * @param condition on the entry, if there is one, looked at once nobody else can change it
 * @returns false when it was not so any more, or somebody is in the way
 */
async function drop(pool: pg.Pool, model: string, number: number, condition: string): Promise<boolean> {
  const schema = `asof_${model.replaceAll('-', '_')}_${number}`;
  try {
    return await inTransaction(pool, async (client) => {
      await client.query(`set local lock_timeout = ${LOCK_MS}`);
      const { rows } = await client.query<{ so: boolean }>(
        `select ${condition} as so from orderlog.as_of_builds where number = $1 for update`,
        [number],
      );
      if (rows[0]?.so === false) return false;
      await client.query('delete from orderlog.as_of_builds where number = $1', [number]);
      await client.query(`drop schema if exists ${schema} cascade`);
      await client.query(`drop schema if exists ${schema}_staging cascade`);
      return true;
    });
  } catch (error) {
    if ((error as { code?: string }).code === LOCK_NOT_AVAILABLE) return false;
    throw error;
  }
}
