import type { Knex } from 'knex';

/**
 * Long operations that were asked for over HTTP (docs/decisions/0028). Each is a row under a lease: the process that runs it renews
 * `lease_until`. A job whose lease ran out is lost, whatever its state says. Not in a backup.
 */
const jobs = `
  create table orderlog.jobs (
    number bigint generated always as identity primary key,
    job_id uuid not null unique,
    kind text not null check (kind in ('rebuild', 'verify', 'rollback', 'replay')),
    models text[] not null,
    parameters jsonb not null,
    requested_by jsonb not null,
    state text not null default 'waiting' check (state in ('waiting', 'running', 'done', 'failed', 'cancelled')),
    cancel_requested boolean not null default false,
    progress jsonb,
    ok boolean,
    result json,
    error text,
    created_at timestamptz not null default clock_timestamp(),
    started_at timestamptz,
    ended_at timestamptz,
    lease_until timestamptz not null
  );
  create index jobs_active on orderlog.jobs (kind) where state in ('waiting', 'running');
`;

export async function up(knex: Knex): Promise<void> {
  await knex.raw(jobs);
}

/** knex asks for one. */
export async function down(knex: Knex): Promise<void> {
  await knex.raw('drop table orderlog.jobs');
}
