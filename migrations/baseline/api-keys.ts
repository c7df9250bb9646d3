/** API keys of callers (docs/decisions/0018): the hash of each, never the key. A customer's key is bound to its user. Not in a backup. */
export const apiKeys = `
  create table orderlog.api_keys (
    key_id text collate "C" primary key,
    hash bytea not null check (octet_length(hash) = 32),
    role text not null check (role in ('customer', 'clerk', 'admin')),
    user_id uuid,
    created_at timestamptz not null default clock_timestamp(),
    last_used_at timestamptz,
    revoked_at timestamptz,
    constraint customer_has_user check ((role = 'customer') = (user_id is not null))
  );
`;
