import type { Knex } from 'knex';

/**
 * How far each version of each read model is, and who is working on it. Of the events: a place in the log, and how many
 * took effect. Of the lease: its owner, its end by the clock of the database, and an epoch that grows with every owner,
 * so that a former one can write nothing.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw('create schema if not exists orderlog');
  // Written with every page: room in the block and no index on what changes make that a HOT update.
  await knex.raw(`
    create table orderlog.checkpoints (
      model text not null,
      version integer not null,
      position text collate "C" not null default '',
      events bigint not null default 0,
      state text not null default 'idle' check (state in ('idle', 'running', 'stopped')),
      error jsonb,
      lease_owner text,
      lease_epoch bigint not null default 0,
      lease_until timestamptz,
      progressed_at timestamptz not null default clock_timestamp(),
      primary key (model, version),
      constraint leased_or_not check ((lease_owner is null) = (lease_until is null)),
      constraint stopped_for_an_error check ((state = 'stopped') = (error is not null))
    ) with (fillfactor = 20)`);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('drop table orderlog.checkpoints');
}
