/** The making of a snapshot: the bulk path up to a place, into unlogged tables. */
import type pg from 'pg';
import { type EventStore, type Position, START } from '../../core/event-store.js';
import type { Bulk } from './bulk.js';
import { finishLoad, makeLoadTables } from './bulk-finish.js';
import { loadLog, type LoadTarget } from './bulk-load.js';
import { inTransaction } from './prepare-model.js';
import type { AnyProjection } from './projection.js';
import { newQuarantine } from './quarantine.js';
import { addSnapshot, setReady, type Snapshot, snapshotSchema, snapshotStaging } from './snapshot-registry.js';

export interface BuildSnapshot {
  readonly pool: pg.Pool;
  readonly store: EventStore;
  readonly projection: AnyProjection & { readonly bulk: Bulk };
  readonly place: Position;
  readonly signal: AbortSignal;
}

/**
 * The caller holds the lock of the model. What a failure leaves, the next who has the lock clears away.
 * @throws GateFailed, OrphanedEvent, UnreadableEvent, what the servers say
 */
export async function buildSnapshot({ pool, store, projection, place, signal }: BuildSnapshot): Promise<Snapshot> {
  const target = await inTransaction(pool, async (client) => {
    const number = await addSnapshot(client, projection, place);
    const made = { model: projection.name, number };
    const [schema, staging] = [snapshotSchema(made), snapshotStaging(made)];
    await client.query(`create schema ${schema}`);
    const ddl = projection.ddl.replaceAll('{schema}', schema);
    await client.query(ddl.replaceAll(/create table/gi, 'create unlogged table'));
    await makeLoadTables(client, { projection, staging });
    const quarantine = await newQuarantine(client, projection);
    const target = { projection, schema, staging, from: START, until: place, quarantine, number };
    return target satisfies LoadTarget;
  });
  const { position, events } = await loadLog({ pool, store, targets: [target], until: place, signal });
  const made = { number: target.number, model: projection.name, position, events: events.get(target) ?? 0 };
  const rows = await finishLoad({ pool, store }, target, {
    signal,
    last: (client, _held, rows) => setReady(client, { ...made, rows }),
  });
  return { ...made, rows, holdsTo: place, nextEvent: null };
}
