/** How an as-of build is made: the bulk path up to a position, into unlogged tables. */
import type { LoadTarget, WithBulk } from './load-target.js';
import type pg from 'pg';
import { type EventStore, type Position, START } from '../core/event-store.js';
import { finishLoad, makeLoadTables } from './finish.js';
import { loadLog } from './load.js';
import { inTransaction } from '../postgres/transaction.js';
import { type QuarantinedEvent, Quarantine } from '../quarantine/quarantine.js';
import { skippedOf } from '../quarantine/quarantined.js';
import { addAsOfBuild, setReady, type AsOfBuild, asOfSchema, asOfStaging } from './as-of-registry.js';

export interface MakeAsOfBuild {
  readonly pool: pg.Pool;
  readonly store: EventStore;
  readonly projection: WithBulk;
  readonly position: Position;
  readonly signal: AbortSignal;
}

/**
 * The caller holds the lock of the model. What a failure leaves, the next who has the lock clears away. A key whose event can't
 * be applied waits in it, and what was skipped is left out, as in every build (docs/decisions/0012).
 * @throws GateFailed, OrphanedEvent, UnreadableEvent, what the servers say
 */
export async function makeAsOfBuild({
  pool,
  store,
  projection,
  position: until,
  signal,
}: MakeAsOfBuild): Promise<AsOfBuild> {
  const skipped = await skippedOf(pool, projection.name);
  const held = new Map<string, QuarantinedEvent>();
  const hold = (events: readonly QuarantinedEvent[]): void => events.forEach((event) => held.set(event.stream, event));
  const { number, ...names } = await begin(pool, projection, until);
  const target: LoadTarget = {
    ...names,
    projection,
    from: START,
    until,
    quarantine: new Quarantine(projection.keyedBy, [], skipped),
    committing: (_, done) => Promise.resolve(hold(done.held)),
  };
  const { position, events } = await loadLog({ pool, store, targets: [target], until, signal });
  const leftOut = skipped.filter((one) => one.position <= position).length;
  const made = { number, model: projection.name, position, events: events.get(target) ?? 0 };
  const rows = await finishLoad({ pool, store }, target, {
    signal,
    last: (client, orphans, rows) => {
      hold(orphans);
      return setReady(client, { ...made, rows, held: keysOf(held) }, leftOut);
    },
  });
  return { ...made, rows, held: keysOf(held), holdsTo: until, nextEvent: null };
}

function begin(pool: pg.Pool, projection: MakeAsOfBuild['projection'], until: Position): Promise<Names> {
  return inTransaction(pool, async (client) => {
    const number = await addAsOfBuild(client, projection, until);
    const made = { model: projection.name, number };
    const [schema, staging] = [asOfSchema(made), asOfStaging(made)];
    await client.query(`create schema ${schema}`);
    const ddl = projection.ddl.replaceAll('{schema}', schema);
    await client.query(ddl.replaceAll(/create table/gi, 'create unlogged table'));
    await makeLoadTables(client, { projection, staging });
    return { number, schema, staging };
  });
}

interface Names {
  readonly number: number;
  readonly schema: string;
  readonly staging: string;
}

function keysOf(held: ReadonlyMap<string, QuarantinedEvent>): AsOfBuild['held'] {
  return [...held.values()].map(({ stream, revision }) => ({ stream, revision }));
}
