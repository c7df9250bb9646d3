import type { Knex } from 'knex';

/**
 * Which log the read models of this database are made from: its places mean nothing in another one. And how the
 * subscription of each projection fares, which is known to its process alone.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE orderlog.log_identity (
      only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
      log_id uuid NOT NULL,
      kind text NOT NULL,
      since timestamptz NOT NULL DEFAULT clock_timestamp()
    );
    -- Until now there was one place for the log: here.
    INSERT INTO orderlog.log_identity (log_id, kind, since)
    SELECT (data->>'log_id')::uuid, 'postgres', recorded_at
    FROM orderlog.events WHERE stream = 'log-main' AND revision = 0;

    -- Made the trigger of the log's table when the log is moved elsewhere.
    CREATE FUNCTION orderlog.refuse_append() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      RAISE EXCEPTION 'the log was moved to another server: start again, with EVENTSTORE_URL set to it'
        USING ERRCODE = 'read_only_sql_transaction';
    END $$;

    ALTER TABLE orderlog.checkpoints ADD COLUMN subscription jsonb;
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    ALTER TABLE orderlog.checkpoints DROP COLUMN subscription;
    DROP FUNCTION orderlog.refuse_append CASCADE;
    DROP TABLE orderlog.log_identity;
  `);
}
