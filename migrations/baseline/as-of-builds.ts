/**
 * As-of builds (docs/decisions/0011), each in a schema `asof_<model>_<n>`. The registry is unlogged as their tables are: a crash of
 * the database empties both, and the sweep drops what is left. The sequence of their numbers survives it, so that no number is
 * used twice.
 */
export const asOfBuilds = `
  create sequence orderlog.as_of_build_numbers;
  create unlogged table orderlog.as_of_builds (
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
  );
`;
