import type { Knex } from 'knex';

/**
 * Keys of read models that wait at an event which could not be applied, each by reference to that event; and events that were
 * skipped for good, which no build has to itself: every making of the model leaves them out.
 */
export async function up(knex: Knex): Promise<void> {
  // A build that is dropped takes its entries along, whichever release drops it.
  await knex.raw(`
    create table orderlog.quarantine (
      model text not null,
      build integer not null,
      stream text collate "C" not null,
      revision integer not null,
      position text collate "C" not null,
      type text not null,
      message text not null,
      since timestamptz(3) not null default clock_timestamp(),
      primary key (model, build, stream),
      foreign key (model, build) references orderlog.checkpoints (model, version) on delete cascade
    )`);
  await knex.raw(`
    create table orderlog.skipped_events (
      model text not null,
      stream text collate "C" not null,
      revision integer not null,
      position text collate "C" not null,
      type text not null,
      message text not null,
      reason text not null,
      skipped_at timestamptz(3) not null default clock_timestamp(),
      primary key (model, stream, revision)
    )`);
  // Read with every answer, beside the place that it is true for.
  await knex.raw('alter table orderlog.checkpoints add column quarantined integer not null default 0');
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('alter table orderlog.checkpoints drop column quarantined');
  await knex.raw('drop table orderlog.skipped_events');
  await knex.raw('drop table orderlog.quarantine');
}
