/**
 * The keys of the users and the secrets of the deployment, each wrapped by the master key. Primary data: part of every backup.
 * A destroyed key keeps its row: what was sealed with it reads as null, and the user never gets a second key.
 */
export const keys = `
  create table orderlog.user_keys (
    user_id uuid primary key,
    wrapped bytea,
    created_at timestamptz not null default now(),
    destroyed_at timestamptz,
    constraint key_or_destroyed check ((wrapped is null) = (destroyed_at is not null))
  );
  create table orderlog.secrets (
    name text primary key,
    wrapped bytea not null,
    created_at timestamptz not null default now()
  );
`;
