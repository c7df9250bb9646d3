import type { Knex } from 'knex';

/** The users' keys and the deployment's secrets, each wrapped by the master key. Primary data: part of every backup. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw('create schema if not exists orderlog');
  // A destroyed key keeps its row: what was sealed with it reads as null, and no second key is made for the user.
  await knex.raw(`
    create table orderlog.user_keys (
      user_id uuid primary key,
      wrapped bytea,
      created_at timestamptz not null default now(),
      destroyed_at timestamptz,
      constraint key_or_destroyed check ((wrapped is null) = (destroyed_at is not null))
    )`);
  await knex.raw(`
    create table orderlog.secrets (
      name text primary key,
      wrapped bytea not null,
      created_at timestamptz not null default now()
    )`);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('drop table orderlog.secrets');
  await knex.raw('drop table orderlog.user_keys');
}
