import type { Knex } from 'knex';

/**
 * The builds of each read model: which there are, by which version of the projection each was made, and which of them are
 * read. What is there already, of the release before, is the first build of its model. A checkpoint's `version` is the number of
 * its build, and so is the n of the schema `rm_<model>_v<n>`.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table orderlog.builds (
      model text not null,
      number integer not null check (number > 0),
      version integer not null,
      state text not null check (state in ('building', 'ready', 'active', 'kept')),
      made_at timestamptz not null default clock_timestamp(),
      switched_at timestamptz,
      kept_until timestamptz,
      primary key (model, number)
    )`);
  await knex.raw(`create unique index builds_active on orderlog.builds (model, version) where state = 'active'`);
  await knex.raw(`
    insert into orderlog.builds (model, number, version, state, switched_at)
    select model, version, version, 'active', clock_timestamp() from orderlog.checkpoints`);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('drop table orderlog.builds');
}
