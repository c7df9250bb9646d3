import type { Knex } from 'knex';

/**
 * Read models as they were (docs/decisions/0011): which snapshots there are, each in a schema `asof_<model>_<n>`. The registry
 * is unlogged as their tables are: a crash of the database empties both, and what is left of them is dropped. The numbers
 * are not, so that none is given twice. And the recorded times of a log that has no index by time.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw('create sequence orderlog.snapshot_numbers');
  await knex.raw(`
    create unlogged table orderlog.snapshots (
      number bigint primary key,
      model text not null,
      version integer not null,
      state text not null default 'building' check (state in ('building', 'ready')),
      position text collate "C" not null default '',
      holds_to text collate "C" not null,
      next_event text collate "C",
      events bigint not null default 0,
      row_count bigint not null default 0,
      bytes bigint not null default 0,
      held jsonb not null default '[]',
      skipped integer not null default 0,
      made_at timestamptz not null default clock_timestamp(),
      used_at timestamptz not null default clock_timestamp()
    )`);
  await knex.raw(`
    create table orderlog.log_times (
      position text collate "C" primary key,
      latest timestamptz not null
    )`);
  await knex.raw('create index log_times_latest on orderlog.log_times (latest)');
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('drop table orderlog.log_times');
  await knex.raw('drop table orderlog.snapshots');
  await knex.raw('drop sequence orderlog.snapshot_numbers');
}
