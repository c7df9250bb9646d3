import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { z } from 'zod';
import { eventType } from '../../../src/engine/core/event-type.js';
import type { EventStore, Position } from '../../../src/engine/core/event-store.js';
import type { NewEvent } from '../../../src/engine/core/message.js';
import { type HandlersOf, handlersOf } from '../../../src/engine/projecting/handlers.js';
import type { ProjectedEvent, ProjectionCache, ProjectionDb } from '../../../src/engine/projecting/page-part.js';
import type { Projection } from '../../../src/engine/projecting/projection.js';

export const Counted = eventType('Counted', z.strictObject({ amount: z.int() }));

/** What the streams of the tests may hold: no projection here has a handler for the others. */
export const known = {
  Counted,
  Unheard: eventType('Unheard', z.strictObject({ amount: z.int() })),
  constructor: eventType('constructor', z.strictObject({ amount: z.int() })),
};

type Handlers<Page> = HandlersOf<Page, { readonly test: typeof known }>;

/** Handlers for a projection that adds up the amounts. */
export function handlingCounted<Page>(counted: Handlers<Page>['Counted']): Projection<Page>['handlers'] {
  const handlers = { Counted: counted, Unheard: 'passed-over', constructor: 'passed-over' } as const;
  return handlersOf<Page, { readonly test: typeof known }>({ test: known }, handlers);
}

/** The table takes no larger one. */
export const LARGEST_TOTAL = 1_000_000;

interface Page {
  readonly events: ProjectedEvent[];
  total: number;
  readonly cache: ProjectionCache;
}

/** Where a test steps in. */
export interface Hooks {
  readonly open?: (events: readonly ProjectedEvent[], db: ProjectionDb) => Promise<void>;
  readonly apply?: (amount: number) => void;
  readonly flush?: (db: ProjectionDb) => Promise<void>;
}

/**
 * Notes each event by a plain insert, so that a second time would fail, and keeps a running total that it also remembers
 * from page to page: if what it remembers and what is stored ever differ, the total is wrong.
 */
export function tally(name: string, hooks: Hooks = {}): Projection<Page> {
  return {
    name,
    version: 1,
    tables: ['noted', 'total'],
    reads: { test: known },
    ddl: `
      create table {schema}.noted (id uuid primary key, position text collate "C" not null);
      create table {schema}.total (one integer primary key, total bigint not null check (total <= ${LARGEST_TOTAL})) with (fillfactor = 50);
      insert into {schema}.total values (1, 0);
    `,
    handlers: handlingCounted((page: Page, event) => {
      hooks.apply?.(event.data.amount);
      page.events.push(event);
      page.total += event.data.amount;
    }),
    async open(events, db, cache): Promise<Page> {
      await hooks.open?.(events, db);
      if (!cache.has('total')) {
        const [row] = await db.query<{ total: number }>('tally-load', 'select total from {schema}.total');
        cache.set('total', row?.total);
      }
      return { events: [], total: cache.get('total') as number, cache };
    },
    async flush(page, db): Promise<void> {
      await db.query('tally-note', 'insert into {schema}.noted select * from unnest($1::uuid[], $2::text[])', [
        page.events.map(({ id }) => id),
        page.events.map(({ position }) => position),
      ]);
      await db.query('tally-total', 'update {schema}.total set total = $1', [page.total]);
      page.cache.set('total', page.total);
      await hooks.flush?.(db);
    },
  };
}

export function counted(amount = 1, type = 'Counted'): NewEvent {
  const metadata = {
    schema_version: 1,
    command_id: randomUUID(),
    fingerprint: 'fingerprint',
    correlation_id: randomUUID(),
    causation_id: randomUUID(),
    actor: { kind: 'anonymous', id: null },
  };
  return { id: randomUUID(), type, data: { amount }, metadata };
}

/** Appends events and gives the place of the last. */
export async function append(store: EventStore, ...events: readonly NewEvent[]): Promise<Position> {
  const { position } = await store.append(`test-${randomUUID()}`, events, 'none');
  return position;
}

export interface Tallied {
  readonly noted: number;
  readonly total: number;
  readonly position: Position;
  readonly events: number;
}

/** Rows and checkpoint, in one snapshot. */
export async function tallied(pool: pg.Pool, name: string): Promise<Tallied> {
  const schema = `rm_${name}_v1`;
  const { rows } = await pool.query<Tallied>(
    `select (select count(*) from ${schema}.noted) as noted, (select total from ${schema}.total) as total, position, events
     from orderlog.checkpoints where model = $1`,
    [name],
  );
  return rows[0] as Tallied;
}
