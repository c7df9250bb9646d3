/** The schemas of a verification: made for it, held by a lock that dies with the process, swept by the next one. */
import { randomBytes } from 'node:crypto';
import type pg from 'pg';
import { makeLoadTables } from '../builds/finish.js';
import type { LoadTarget } from '../builds/load-target.js';
import { tryLock, withHolder } from '../postgres/holder.js';
import { inTransaction } from '../postgres/transaction.js';

/** What the log is projected into: one schema for each model, and what the load needs beside it. */
export interface Scratch {
  /** Starts the names of all its schemas. */
  readonly prefix: string;
}

const LOCK = `hashtext('orderlog:verify')`;
const PREFIX = /^verify_[\da-f]{8}/;

/** Drops its schemas at the end, and those that a killed run has left at the start. */
export async function withScratch<T>(pool: pg.Pool, work: (scratch: Scratch) => Promise<T>): Promise<T> {
  const prefix = `verify_${randomBytes(4).toString('hex')}`;
  return withHolder(pool, async (holder) => {
    await holder.query(`select pg_advisory_lock(${LOCK}, hashtext($1))`, [prefix]);
    await sweep(holder);
    try {
      return await work({ prefix });
    } finally {
      await drop(holder, prefix);
    }
  });
}

/** The tables for one model, without indexes; nothing of them has to outlive a crash. */
export async function makeScratch(pool: pg.Pool, target: LoadTarget): Promise<void> {
  const { projection, schema } = target;
  await inTransaction(pool, async (client) => {
    await client.query(`create schema ${schema}`);
    const ddl = projection.ddl.replaceAll('{schema}', schema);
    await client.query(ddl.replaceAll(/create table/gi, 'create unlogged table'));
    await makeLoadTables(client, target);
  });
}

async function sweep(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    `select nspname as name from pg_namespace where nspname ~ '^verify_'`,
  );
  for (const prefix of new Set(rows.map(({ name }) => PREFIX.exec(name)?.[0]))) {
    if (prefix === undefined) continue;
    if (!(await tryLock(client, `${LOCK}, hashtext($1)`, [prefix]))) continue;
    await drop(client, prefix);
    await client.query(`select pg_advisory_unlock(${LOCK}, hashtext($1))`, [prefix]);
  }
}

async function drop(client: pg.Client, prefix: string): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    'select nspname as name from pg_namespace where starts_with(nspname, $1)',
    [prefix],
  );
  for (const { name } of rows) await client.query(`drop schema if exists ${name} cascade`);
}
