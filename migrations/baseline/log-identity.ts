/** The log that the read models of this database are made from: its positions mean nothing in another log. */
export const logIdentity = `
  create table orderlog.log_identity (
    only_row boolean primary key default true check (only_row),
    log_id uuid not null,
    kind text not null,
    since timestamptz not null default clock_timestamp()
  );
`;
