/**
 * Quarantined keys: each names the event that could not be applied to its build. Skipped events belong to no build: every build
 * of the model leaves them out. A build that is dropped takes its entries with it.
 */
export const quarantine = `
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
    foreign key (model, build) references orderlog.checkpoints (model, build) on delete cascade
  );
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
  );
`;
