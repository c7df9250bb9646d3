/** Removes documents that no event names: those of uploads whose process ended before the event, and of erased users. */
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { type Engine, postgres } from '../engine/index.js';
import type { DocumentStore } from './document-store.js';

/** Which of these documents must stay. */
export type NamedDocuments = (ids: ReadonlySet<string>, signal: AbortSignal) => Promise<ReadonlySet<string>>;

export interface Sweeping {
  readonly store: Pick<DocumentStore, 'list' | 'remove' | 'removeDrafts'>;
  readonly named: NamedDocuments;
  /** What was stored after this may belong to an upload under way. */
  readonly before: Date;
  readonly signal: AbortSignal;
  /** For how many documents the log is read once. */
  readonly batch?: number;
}

const BATCH = 200_000;
/** What crashes may leave behind. Beyond that, and beyond half of all documents, the log is more likely to be the wrong one. */
const FEW = 100;

function tooMany(unnamed: number, all: number): string {
  return (
    `${unnamed} of ${all} documents are named by no event, so none of them was removed. Check that DATABASE_URL or ` +
    'EVENTSTORE_URL names the log that these documents belong to'
  );
}

/** @returns how many were removed */
export async function sweepDocuments(sweeping: Sweeping): Promise<{ documents: number; drafts: number }> {
  const { store, before, signal, batch = BATCH } = sweeping;
  let documents = 0;
  let old = new Set<string>();
  const decide = async (): Promise<void> => {
    const named = old.size > 0 ? await sweeping.named(old, signal) : old;
    const unnamed = [...old].filter((id) => !named.has(id));
    if (unnamed.length > FEW && unnamed.length > old.size / 2) throw new Error(tooMany(unnamed.length, old.size));
    for (const id of unnamed) {
      signal.throwIfAborted();
      await store.remove(id);
      documents += 1;
    }
    old = new Set();
  };
  for await (const ids of store.list({ before })) {
    signal.throwIfAborted();
    for (const id of ids) old.add(id);
    if (old.size >= batch) await decide();
  }
  await decide();
  return { documents, drafts: await store.removeDrafts({ before }) };
}

/** A start has other things to do first. */
const FIRST_AFTER_MS = 5_000;
const EVERY_MS = 24 * 3_600_000;
/** How old an unnamed document is when it goes. */
const AGE_MS = 24 * 3_600_000;

export interface SweepSchedule {
  readonly pool: pg.Pool;
  readonly store: Sweeping['store'];
  readonly named: NamedDocuments;
  readonly log: Engine['log'];
  readonly signal: AbortSignal;
}

/** Sweeps once a day, until the signal; never rejects. What went wrong is tried again the next day. */
export async function sweepNowAndThen({ pool, store, named, log, signal }: SweepSchedule): Promise<void> {
  for (let wait = FIRST_AFTER_MS; ; wait = EVERY_MS) {
    await sleep(wait, undefined, { signal, ref: false }).catch(() => undefined);
    if (signal.aborted) return;
    try {
      const removed = await sweepAlone(pool, { store, named, before: new Date(Date.now() - AGE_MS), signal });
      if (removed && removed.documents + removed.drafts > 0)
        log.info({ ...removed }, 'documents of no user were removed');
    } catch (error) {
      if (signal.aborted) return;
      log.warn({ error: (error as Error).message }, 'documents could not be swept');
    }
  }
}

/** Null where another process sweeps. */
export async function sweepAlone(
  pool: pg.Pool,
  sweeping: Sweeping,
): Promise<Awaited<ReturnType<typeof sweepDocuments>> | null> {
  const client = await pool.connect();
  try {
    const lock = `select pg_try_advisory_lock(${postgres.locks.sweep}) as got`;
    const { rows } = await client.query<{ got: boolean }>(lock);
    return rows[0]?.got ? await sweepDocuments(sweeping) : null;
  } finally {
    // The lock goes with its connection.
    client.release(true);
  }
}
