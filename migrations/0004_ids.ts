import type { Knex } from 'knex';

/** The integer ids given out. A row each, not a sequence: a given id must move it on without ever moving it back. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE orderlog.id_sequences (
      name text PRIMARY KEY,
      last bigint NOT NULL DEFAULT 0
    );
    INSERT INTO orderlog.id_sequences (name) VALUES ('category'), ('product');
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('DROP TABLE orderlog.id_sequences');
}
