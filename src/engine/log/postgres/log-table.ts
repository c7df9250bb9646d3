/** The table of the log, and what an operation that works alone with the database does to it: close it, open it, empty it. */
import type pg from 'pg';
import { locks } from '../../postgres/advisory-locks.js';

/** For the statements of reader.ts; only the functions of migrations/baseline/log.ts write it. */
export const EVENTS = 'orderlog.events';

/** Until the transaction is over: appends under way have ended, and none begins. */
export async function lockAppends(client: pg.ClientBase): Promise<void> {
  await client.query(`select pg_advisory_xact_lock(${locks.appends})`);
}

/** The table takes nothing more: the log is on another server. */
export async function closeLogTable(client: pg.ClientBase): Promise<void> {
  await client.query(`
    create trigger moved before insert on ${EVENTS} for each statement execute function orderlog.refuse_append();
    alter table ${EVENTS} enable always trigger moved`);
}

/** It takes appends again. */
export async function openLogTable(client: pg.ClientBase): Promise<void> {
  await client.query(`drop trigger if exists moved on ${EVENTS}`);
}

/** Empties it although it is append-only. @param tables names for SQL of all tables to empty, with this one */
export async function emptyLogTable(client: pg.ClientBase, tables: readonly string[]): Promise<void> {
  await openLogTable(client);
  await client.query(`
    alter table ${EVENTS} disable trigger append_only;
    truncate ${tables.join(', ')};
    alter table ${EVENTS} enable always trigger append_only`);
}

/** Whether it holds more than the event with which a log is opened. */
export async function isLogInUse(db: Pick<pg.ClientBase, 'query'>): Promise<boolean> {
  const { rowCount } = await db.query(`select from ${EVENTS} where position > 1 or stream <> 'log-main' limit 1`);
  return rowCount !== 0;
}
