import type { Knex } from 'knex';

/**
 * Folded states of long streams: a cache, which can be deleted at any time. A state is of use for the log, the version of the code
 * and the event that the row names. The digest tells a damaged one.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table orderlog.snapshots (
      stream text collate "C" primary key,
      log_id uuid not null,
      code_version integer not null,
      revision bigint not null,
      position text collate "C" not null,
      event_id uuid not null,
      state text not null,
      digest bytea not null,
      saved_at timestamptz not null default now()
    );
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('drop table orderlog.snapshots');
}
