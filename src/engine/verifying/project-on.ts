import type pg from 'pg';
import type { EventStore, Position } from '../core/event-store.js';
import { decode } from '../core/event-type.js';
import type { RecordedEvent } from '../core/message.js';
import type { LoadTarget } from '../builds/load-target.js';
import { sessionBeside } from '../postgres/session.js';
import type { ProjectedEvent, ProjectionCache } from '../projecting/page-part.js';
import { handlerOf, meaningOf, readBy } from '../projecting/reads.js';
import { ProjectionStatements } from '../projecting/statements.js';

const PAGE = 500;

/** Brings replayed rows on to a later position, by the ordinary path. */
export async function project(
  pool: pg.Pool,
  store: EventStore,
  { projection, schema, quarantine }: LoadTarget,
  { from, until }: { readonly from: Position; readonly until: Position },
): Promise<void> {
  if (until <= from) return;
  // Projections send statements without waiting for the answer to the one before.
  const client = sessionBeside(pool, 'work', { pipeline: true });
  await client.connect();
  const cache: ProjectionCache = new Map();
  const db = new ProjectionStatements(schema).on(client);
  const { handlers, open, flush } = projection;
  const apply = async (recorded: readonly RecordedEvent[]): Promise<void> => {
    const events: ProjectedEvent[] = recorded.map((event) => decode(event, handlerOf(projection, event).eventType));
    await client.query('begin');
    const page = await open(events, db, cache);
    for (const event of events) handlers[event.type]?.apply(page, event);
    await flush(page, db);
    await db.written();
    await client.query('commit');
  };
  try {
    const page: RecordedEvent[] = [];
    for await (const event of store.readAll({ from, until, filter: readBy(projection) })) {
      if (meaningOf(projection, event) === 'applied' && quarantine.lets(event)) page.push(event);
      if (page.length >= PAGE) await apply(page.splice(0));
    }
    if (page.length > 0) await apply(page);
  } finally {
    await client.end();
  }
}
