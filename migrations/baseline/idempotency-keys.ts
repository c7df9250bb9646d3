/**
 * The idempotency keys of commands, and what was answered under them (docs/decisions/0019). No primary data: a retry whose row is
 * gone is answered from the streams. A response is not compressed: it is a ciphertext, and to try would cost more than all the rest.
 */
export const idempotencyKeys = `
  create table orderlog.idempotency_keys (
    command_id uuid primary key,
    fingerprint text not null,
    held_by integer not null,
    user_id uuid,
    claimed_at timestamptz not null default now(),
    response text
  );
  alter table orderlog.idempotency_keys alter column response set storage external;
  -- For the sweep.
  create index idempotency_keys_claimed_at on orderlog.idempotency_keys (claimed_at);
  -- For the erasure of a user.
  create index idempotency_keys_user_id on orderlog.idempotency_keys (user_id) where user_id is not null;
`;
