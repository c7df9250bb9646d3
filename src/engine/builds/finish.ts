/** The end of a bulk load: from what was copied and staged to the rows as they are read. */
import type { LoadTarget } from './load-target.js';
import type pg from 'pg';
import type { EventStore } from '../core/event-store.js';
import { sessionBeside } from '../postgres/session.js';
import type { LoadTables, Miscounted, ReadRows } from './bulk.js';
import { bulkSettings } from './cores.js';
import { copy, named } from '../projecting/copy-rows.js';
import { type QuarantinedEvent, NotApplied } from '../quarantine/quarantine.js';
import { inBatches } from '../projecting/statements.js';

/** The rows are not what they should be: the build is not used. */
export class GateFailed extends Error {
  override readonly name = 'GateFailed';
  constructor(
    readonly model: string,
    readonly differences: readonly Miscounted[],
  ) {
    const [first] = differences;
    super(
      `${model} was built, but its numbers do not hold when they are counted again: ${first?.table} ${first?.key}, ` +
        `${first?.column} is ${first?.found}, counted again ${first?.recounted} (${differences.length} such values)`,
    );
  }
}

/** An event continues something that has not begun: today's code can't project this log. */
export class OrphanedEvent extends NotApplied {
  override readonly name = 'OrphanedEvent';
}

/** The database has crashed since the load began, and emptied what was staged. */
export class LoadLost extends Error {
  override readonly name = 'LoadLost';
}

const MOST_SHOWN = 100;
/** An order of 2,000 lines has a row of 14 kB. */
const BATCH = 1_000;

/** Makes the empty tables of a load; `client` is in a transaction. */
export async function makeLoadTables(
  client: pg.ClientBase,
  { projection, staging }: Pick<LoadTarget, 'projection' | 'staging'>,
): Promise<void> {
  await client.query(`drop schema if exists ${staging} cascade`);
  await client.query(`create schema ${staging}`);
  await client.query(projection.bulk.staging.replaceAll('{staging}', staging));
  // Staging spares the write-ahead log, so a crash empties all of it, and with it this row.
  await client.query(`create unlogged table ${staging}.intact as select true as intact`);
}

/** Whether all that was staged is still there. */
export async function isIntact(db: Pick<pg.ClientBase, 'query'>, staging: string): Promise<boolean> {
  const { rows } = await db.query<{ there: boolean }>('select to_regclass($1) is not null as there', [
    `${staging}.intact`,
  ]);
  return rows[0]?.there === true && (await db.query(`select from ${staging}.intact`)).rowCount === 1;
}

export interface FinishOptions {
  /** False: what is made is not to be read, so it need not hold when it is counted again. */
  readonly gate?: boolean;
  /** False: nobody looks up single rows of it, so it gets no keys and indexes. */
  readonly indexed?: boolean;
  /** For one statement; 1 if left out. */
  readonly cores?: number;
  /** Runs at the end of the transaction. `held`: the keys that wait as their events go on with what has not begun. */
  readonly last?: (client: pg.ClientBase, held: readonly QuarantinedEvent[], rows: number) => Promise<void>;
  /** Breaks it off, with nothing changed. */
  readonly signal?: AbortSignal;
}

/**
 * All in one transaction, so that a kill leaves what was loaded as it was, and the next run finishes it.
 * @returns how many rows there are
 * @throws LoadLost, OrphanedEvent, GateFailed
 */
export async function finishLoad(
  { pool, store }: { readonly pool: pg.Pool; readonly store: EventStore },
  target: LoadTarget,
  options: FinishOptions = {},
): Promise<number> {
  const { projection, schema, staging } = target;
  const { bulk, tables } = projection;
  const client = sessionBeside(pool, 'work');
  options.signal?.throwIfAborted();
  const leave = (): void => void client.end().catch(() => undefined);
  options.signal?.addEventListener('abort', leave, { once: true });
  await client.connect();
  try {
    await client.query(bulkSettings(options.cores ?? 1));
    await client.query('begin');
    if (!(await isIntact(client, staging)))
      throw new LoadLost(`the database has crashed while ${projection.name} was made, and lost a part: run it again`);
    for (const table of await tablesOf(client, staging)) await client.query(`analyze ${staging}.${table}`);
    // 1. Nothing goes on that has not begun.
    const held = await quarantineOrphans(client, store, target);
    // 2. The final rows, then keys and indexes.
    for (const step of bulk.finish) {
      if (typeof step === 'string') await client.query(named(step, target));
      else await step(tablesOfLoad(client, target));
    }
    if (options.indexed !== false) await makeIndexes(client, target);
    for (const table of tables) await client.query(`analyze ${schema}.${table}`);
    await client.query(`drop schema ${staging} cascade`);
    // 3. The gate.
    const differences = options.gate === false ? [] : await recount(client, target);
    if (differences.length > 0) throw new GateFailed(projection.name, differences);
    const rows = await rowsOf(client, target);
    await options.last?.(client, held, rows);
    await client.query('commit');
    return rows;
  } finally {
    options.signal?.removeEventListener('abort', leave);
    await client.end();
  }
}

/** Keys and indexes of the final rows. */
export async function makeIndexes(client: pg.ClientBase, target: LoadTarget): Promise<void> {
  const { indexes } = target.projection;
  if (indexes) await client.query(named(indexes, target));
}

interface Orphan {
  readonly stream: string;
  readonly revision: number;
  readonly message: string;
}

/** An event that continues nothing quarantines its key, where it has one. @throws OrphanedEvent where it has none */
async function quarantineOrphans(
  client: pg.ClientBase,
  store: EventStore,
  target: LoadTarget,
): Promise<QuarantinedEvent[]> {
  const { bulk, name } = target.projection;
  const { rows } = await client.query<Orphan>(
    named(
      `select distinct on (stream) stream, revision, message from (${bulk.orphans}) o order by stream, revision`,
      target,
    ),
  );
  const held: QuarantinedEvent[] = [];
  for (const { stream, revision, message } of rows) {
    const orphan = new OrphanedEvent(`${name}: ${message} (${stream}@${revision})`);
    for await (const event of store.read(stream, { from: revision, limit: 1 })) {
      const waiting = target.quarantine.hold(event, orphan);
      if (!waiting) throw orphan;
      held.push(waiting);
    }
  }
  const streams = held.map(({ stream }) => stream);
  if (held.length > 0)
    for (const statement of bulk.unstage ?? []) await client.query(named(statement, target), [streams]);
  return held;
}

/**
 * Counts again what is counted in the rows, by another computation than the one that made them; `client` is in a transaction.
 */
export async function recount(
  client: pg.ClientBase,
  { projection, schema }: { readonly projection: LoadTarget['projection']; readonly schema: string },
): Promise<Miscounted[]> {
  const found: Miscounted[] = [];
  const own = (text: string): string => text.replaceAll('{schema}', schema);
  const read: ReadRows = (text) => inBatches(client, own(text), [], BATCH);
  for (const one of projection.bulk.recounts) {
    if (typeof one === 'function') found.push(...(await one(read)));
    // Not by a cursor: the server would use one core for it.
    else found.push(...(await client.query<Miscounted>(`${own(one)} limit ${MOST_SHOWN}`)).rows);
  }
  return found.slice(0, MOST_SHOWN);
}

function tablesOfLoad(client: pg.ClientBase, target: LoadTarget): LoadTables {
  return {
    read: (text) => inBatches(client, named(text, target), [], BATCH),
    copy: (rows) => copy(client, target, rows),
  };
}

export async function rowsOf(
  client: pg.ClientBase,
  { projection, schema }: { readonly projection: { readonly tables: readonly string[] }; readonly schema: string },
): Promise<number> {
  const counts = projection.tables.map((table) => `(select count(*) from ${schema}.${table})`);
  const { rows } = await client.query<{ rows: number }>(`select ${counts.join(' + ')} as rows`);
  return rows[0]?.rows ?? 0;
}

async function tablesOf(client: pg.ClientBase, schema: string): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    `select relname as name from pg_class where relnamespace = $1::regnamespace and relkind = 'r'`,
    [schema],
  );
  return rows.map(({ name }) => name);
}
