/** Every statement on `orderlog.jobs`. */
import type pg from 'pg';
import { type Actor, postgres } from '../../engine/index.js';
import type { Job, JobKind, JobProgress, ListedJob } from './job.js';

type Db = Pick<pg.ClientBase, 'query'>;

export interface NewJob {
  readonly jobId: string;
  readonly kind: JobKind;
  readonly models: readonly string[];
  readonly parameters: object;
  readonly requestedBy: Actor;
}

export interface Ended {
  readonly state: 'done' | 'failed' | 'cancelled';
  readonly ok?: boolean;
  readonly result?: object;
  readonly error?: string;
}

/** A lease that is not renewed for so long is over, and so is its job. */
export const LEASE_SECONDS = 10;
const LEASE = `clock_timestamp() + interval '${LEASE_SECONDS} seconds'`;
const KEPT = `interval '30 days'`;

const LOST = 'The process that ran it has ended. Start it again: a rebuild resumes.';

/** Not ended, and somebody works on it. */
const IS_ACTIVE = `j.state in ('waiting', 'running') and j.lease_until > clock_timestamp()`;
const IS_LOST = `j.state in ('waiting', 'running') and j.lease_until <= clock_timestamp()`;

const LISTED = `j.number, j.job_id, j.kind, j.models, j.parameters, j.requested_by, j.cancel_requested, j.progress, j.ok,
  case when ${IS_LOST} then 'lost' else j.state end as state,
  case when ${IS_LOST} then '${LOST}' else j.error end as error,
  j.created_at, j.started_at, case when ${IS_LOST} then j.lease_until else j.ended_at end as ended_at`;

type Numbered<T> = T & { readonly number: number };

/** What became of a job that was to be added. `known`: it was added before. `full`: as many jobs are active as may be. */
export type Added = 'added' | 'known' | 'full' | { readonly inTheWay: string };

/** Adds a job, unless one is active that works on the same. */
export async function addJob(pool: pg.Pool, job: NewJob, most: number): Promise<Added> {
  return inTurn(pool, async (client) => {
    await client.query(
      `delete from orderlog.jobs j where coalesce(j.ended_at, j.lease_until) < clock_timestamp() - ${KEPT}`,
    );
    const { rows } = await client.query<{ job_id: string; hinders: boolean }>(
      `select j.job_id, (j.kind = $1 or (j.kind in ('rebuild', 'rollback') and $1 in ('rebuild', 'rollback')))
           and exists (select from unnest(j.models) as m (model) where m.model = any ($2::text[])) as hinders
       from orderlog.jobs j where ${IS_ACTIVE} order by j.number`,
      [job.kind, job.models],
    );
    if ((await findJob(client, job.jobId)) !== null) return 'known';
    const other = rows.find(({ hinders }) => hinders);
    if (other) return { inTheWay: other.job_id };
    if (rows.length >= most) return 'full';
    await client.query(
      `insert into orderlog.jobs (job_id, kind, models, parameters, requested_by, lease_until)
       values ($1, $2, $3, $4, $5, ${LEASE})`,
      [job.jobId, job.kind, job.models, JSON.stringify(job.parameters), JSON.stringify(job.requestedBy)],
    );
    return 'added';
  });
}

/** Begins to run a waiting job, unless `most` run or are before it. @returns false when it has to wait */
export async function beginJob(pool: pg.Pool, jobId: string, most: number): Promise<boolean> {
  return inTurn(pool, async (client) => {
    const { rowCount } = await client.query(
      `update orderlog.jobs j set state = 'running', started_at = clock_timestamp(), lease_until = ${LEASE}
       where j.job_id = $1 and ${IS_ACTIVE} and j.state = 'waiting' and not j.cancel_requested
         and $2 > (
           select count(*) from orderlog.jobs j
           where ${IS_ACTIVE} and (j.state = 'running' or not j.cancel_requested
             and j.number < (select number from orderlog.jobs where job_id = $1)))`,
      [jobId, most],
    );
    return rowCount !== 0;
  });
}

/** @returns null when the lease is over; otherwise whether somebody wants the job to end */
export async function renewJob(db: Db, jobId: string, progress: JobProgress | null): Promise<boolean | null> {
  const { rows } = await db.query<{ cancel_requested: boolean }>({
    name: 'jobs-renew',
    text: `update orderlog.jobs j set lease_until = ${LEASE}, progress = coalesce($2::jsonb, j.progress)
           where j.job_id = $1 and ${IS_ACTIVE} returning j.cancel_requested`,
    values: [jobId, progress && JSON.stringify(progress)],
  });
  return rows[0]?.cancel_requested ?? null;
}

/** Changes nothing once the lease is over: the job is lost then. */
export async function endJob(db: Db, jobId: string, { state, ok, result, error }: Ended): Promise<void> {
  await db.query(
    `update orderlog.jobs j
     set state = $2, ok = $3, result = $4, error = $5, ended_at = clock_timestamp()
     where j.job_id = $1 and ${IS_ACTIVE}`,
    [jobId, state, ok ?? null, result === undefined ? null : JSON.stringify(result), error ?? null],
  );
}

/** The process that runs it is about to end. */
export async function loseJobs(db: Db, jobIds: readonly string[]): Promise<void> {
  await db.query(
    `update orderlog.jobs j set lease_until = clock_timestamp() where j.job_id = any ($1::uuid[]) and ${IS_ACTIVE}`,
    [jobIds],
  );
}

/** Asks the process that runs it to end it. */
export async function requestCancel(db: Db, jobId: string): Promise<void> {
  await db.query(`update orderlog.jobs j set cancel_requested = true where j.job_id = $1 and ${IS_ACTIVE}`, [jobId]);
}

export async function findJob(db: Db, jobId: string): Promise<Job | null> {
  const { rows } = await db.query<Numbered<Job>>({
    name: 'jobs-find',
    text: `select ${LISTED}, j.result from orderlog.jobs j where j.job_id = $1`,
    values: [jobId],
  });
  return rows[0] ? withoutNumber(rows[0]) : null;
}

export interface JobFilter {
  readonly kind?: JobKind | undefined;
  readonly state?: Job['state'] | undefined;
}

/** Newest first. @param before number of the last job that was shown */
export async function listJobs(
  db: Db,
  { kind, state }: JobFilter,
  limit: number,
  before: number | null,
): Promise<{ readonly jobs: ListedJob[]; readonly next: number | null }> {
  const { rows } = await db.query<Numbered<ListedJob>>(
    `select * from (select ${LISTED} from orderlog.jobs j) j
     where ($1::text is null or j.kind = $1) and ($2::text is null or j.state = $2) and ($3::bigint is null or j.number < $3)
     order by j.number desc limit $4`,
    [kind ?? null, state ?? null, before, limit + 1],
  );
  const shown = rows.slice(0, limit);
  return { jobs: shown.map(withoutNumber), next: rows.length > limit ? (shown.at(-1)?.number ?? null) : null };
}

function withoutNumber<T>({ number: _, ...job }: Numbered<T>): T {
  return job as unknown as T;
}

function inTurn<T>(pool: pg.Pool, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  return postgres.inTransaction(pool, async (client) => {
    await client.query(`select pg_advisory_xact_lock(${postgres.locks.jobs})`);
    return work(client);
  });
}
