/**
 * Signatures on the log (docs/decisions/0022). What they cover follows from the log, but the signatures do not: part of every backup.
 * Digests and times can't be compressed, so Postgres need not try.
 */
export const seals = `
  create table orderlog.seals (
    number bigint primary key,
    log_id uuid not null,
    covers_after bigint not null,
    covers_through bigint not null,
    position text collate "C" not null,
    last_id uuid,
    categories text[] not null,
    digests bytea not null,
    times bytea not null,
    chain bytea not null,
    sealed_at timestamptz not null,
    public_key text not null,
    signature bytea not null,
    reason text
  );
  alter table orderlog.seals alter digests set storage external, alter times set storage external;
`;
