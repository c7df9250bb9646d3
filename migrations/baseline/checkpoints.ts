/**
 * The checkpoint of each build of a read model and of each reactor (build 0), and the lease on it. Checkpoint: a position, and how many events took effect.
 * Lease: its owner, its end by the clock of the database, and an epoch. The epoch grows with every owner, so that a former owner
 * can write nothing. `quarantined` counts the quarantined keys; every answer reads it beside the position that it is true for.
 * Every page updates its row. Room in the block and no index on changing columns make that a HOT update.
 */
export const checkpoints = `
  create table orderlog.checkpoints (
    model text not null,
    build integer not null,
    position text collate "C" not null default '',
    events bigint not null default 0,
    state text not null default 'idle' check (state in ('idle', 'running', 'stopped')),
    error jsonb,
    lease_owner text,
    lease_epoch bigint not null default 0,
    lease_until timestamptz,
    progressed_at timestamptz not null default clock_timestamp(),
    subscription jsonb,
    quarantined integer not null default 0,
    primary key (model, build),
    constraint leased_or_not check ((lease_owner is null) = (lease_until is null)),
    constraint stopped_for_an_error check ((state = 'stopped') = (error is not null))
  ) with (fillfactor = 20);
`;
