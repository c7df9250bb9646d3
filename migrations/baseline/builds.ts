/** The builds of each read model: the version of the projection that made each, and its state. */
export const builds = `
  create table orderlog.builds (
    model text not null,
    number integer not null check (number > 0),
    version integer not null,
    state text not null check (state in ('building', 'ready', 'active', 'standby')),
    made_at timestamptz not null default clock_timestamp(),
    switched_at timestamptz,
    kept_until timestamptz,
    primary key (model, number)
  );
  create unique index builds_active on orderlog.builds (model, version) where state = 'active';
`;
