/** Runs the bulk path of several projections over the log at once: each event is read and decoded once for all of them. */
import { finished } from 'node:stream/promises';
import type pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { type EventStore, type Position, START } from '../../core/event-store.js';
import { decode } from '../../core/event-type.js';
import type { RecordedEvent } from '../../core/message.js';
import { type Bulk, type CopiedRows, copyLine } from './bulk.js';
import { BEGIN } from './checkpoints.js';
import { ownClient } from './own-client.js';
import type { AnyProjection } from './projection.js';
import { readAhead } from './read-ahead.js';

/** A read model that is to be loaded, and where to. */
export interface LoadTarget {
  readonly projection: AnyProjection & { readonly bulk: Bulk };
  readonly schema: string;
  readonly staging: string;
  /** Up to here it has been loaded by an earlier run. */
  readonly from: Position;
  /** Events behind this place are none of its own. */
  readonly until?: Position;
  /** Runs in the transaction of each chunk. */
  committing?(client: pg.ClientBase, position: Position, events: number): Promise<void>;
}

export interface LoadOptions {
  readonly pool: pg.Pool;
  readonly store: EventStore;
  readonly targets: readonly LoadTarget[];
  /** The end; the head of the log as it is met if left out. */
  readonly until?: Position;
  readonly signal: AbortSignal;
  /** Events that have been committed for all targets together, told with every commit. */
  readonly committed?: (events: number) => void;
  readonly witness?: Witness;
}

/** Sees every event of the log, of whatever type, and has rows of its own to copy. */
export interface Witness {
  readonly schema: string;
  readonly staging: string;
  see(event: RecordedEvent): void;
  /** Of what it has seen since it was last asked. */
  rows(): readonly CopiedRows[];
}

export interface Loaded {
  /** Of the last event that was read. */
  readonly position: Position;
  /** By target: how many events took effect. */
  readonly events: ReadonlyMap<LoadTarget, number>;
}

/** Events in one transaction: bounds the memory that is used, and what a kill loses. */
const CHUNK = 10_000;
/** As large as those that the log reads: the next one is on its way while one is worked on. */
const PAGE = 2_000;

/** For statements on whole tables: plans for what is there, memory to sort in. */
export const BULK_SETTINGS = `
  set enable_seqscan = on; set jit = off; set work_mem = '64MB'; set maintenance_work_mem = '128MB';
  set plan_cache_mode = force_custom_plan`;

/** @throws Error when the signal was aborted; UnreadableEvent; what the database says */
export async function loadLog(options: LoadOptions): Promise<Loaded> {
  const { pool, store, targets, until, signal } = options;
  const client = ownClient(pool);
  // Lost, it fails the next statement.
  client.on('error', () => undefined);
  await client.connect();
  try {
    const load = new Load(client, targets, options.witness, options.committed);
    const from = targets.map((target) => target.from).reduce((a, b) => (a < b ? a : b));
    const types = [...new Set(targets.flatMap(({ projection }) => Object.keys(projection.handlers)))];
    const filter = options.witness ? {} : { filter: { types } };
    const events = store.readAll({ from, ...(until !== undefined && { until }), ...filter, signal });
    for await (const page of readAhead(inPages(events))) {
      for (const event of page.events) load.add(event);
      if (load.size >= CHUNK) await load.write();
    }
    signal.throwIfAborted();
    await load.write();
    await load.end();
    return { position: load.position, events: load.events };
  } finally {
    await client.end();
  }
}

/** Pages for the reader to be ahead by one. */
async function* inPages(
  events: AsyncIterable<RecordedEvent>,
): AsyncGenerator<{ events: RecordedEvent[]; position: Position; caughtUp: boolean }> {
  let page: RecordedEvent[] = [];
  for await (const event of events) {
    page.push(event);
    if (page.length < PAGE) continue;
    yield { events: page, position: event.position, caughtUp: false };
    page = [];
  }
  if (page.length > 0) yield { events: page, position: page.at(-1)?.position ?? START, caughtUp: true };
}

interface Filling {
  readonly target: LoadTarget;
  chunk: unknown;
  events: number;
}

class Load {
  readonly events = new Map<LoadTarget, number>();
  position: Position = START;
  size = 0;
  readonly #fillings: Filling[];
  readonly #byType = new Map<string, Filling[]>();
  #writing: Promise<void> = Promise.resolve();

  constructor(
    readonly client: pg.Client,
    targets: readonly LoadTarget[],
    readonly witness?: Witness,
    readonly committed?: (events: number) => void,
  ) {
    this.#fillings = targets.map((target) => ({ target, chunk: target.projection.bulk.begin(), events: 0 }));
    for (const filling of this.#fillings) {
      this.events.set(filling.target, 0);
      for (const type of Object.keys(filling.target.projection.handlers)) {
        this.#byType.set(type, [...(this.#byType.get(type) ?? []), filling]);
      }
    }
  }

  add(recorded: RecordedEvent): void {
    this.position = recorded.position;
    this.size += 1;
    this.witness?.see(recorded);
    for (const filling of this.#byType.get(recorded.type) ?? []) {
      const { projection, from, until } = filling.target;
      if (recorded.position <= from || (until !== undefined && recorded.position > until)) continue;
      const handler = projection.bulk.handlers[recorded.type];
      if (!handler) throw new Error(`the bulk path of ${projection.name} has no handler for ${recorded.type}`);
      handler.apply(filling.chunk, decode(recorded, handler.eventType));
      filling.events += 1;
    }
  }

  /** Begins to write the chunk and goes on with the next; waits for the one before it. */
  async write(): Promise<void> {
    await this.#writing;
    const { position } = this;
    const fillings = this.#fillings.filter(({ events }) => events > 0);
    const parts = fillings.map(({ target, chunk, events }) => {
      return { target, events, rows: target.projection.bulk.rows(chunk) };
    });
    for (const filling of fillings)
      Object.assign(filling, { chunk: filling.target.projection.bulk.begin(), events: 0 });
    const seen = this.size > 0 ? (this.witness?.rows() ?? []) : [];
    this.size = 0;
    if (parts.length === 0 && seen.length === 0) return;
    this.#writing = this.#commit(parts, seen, position);
    // Seen when it is waited for.
    this.#writing.catch(() => undefined);
  }

  end(): Promise<void> {
    return this.#writing;
  }

  async #commit(
    parts: readonly { target: LoadTarget; events: number; rows: readonly CopiedRows[] }[],
    seen: readonly CopiedRows[],
    position: Position,
  ): Promise<void> {
    await this.client.query(BEGIN);
    for (const copied of seen) await copy(this.client, this.witness as Witness, copied);
    for (const { target, events, rows } of parts) {
      for (const copied of rows) await copy(this.client, target, copied);
      await target.committing?.(this.client, position, events);
    }
    await this.client.query('commit');
    for (const { target, events } of parts) this.events.set(target, (this.events.get(target) ?? 0) + events);
    this.committed?.(parts.reduce((sum, { events }) => sum + events, 0));
  }
}

async function copy(client: pg.Client, names: { schema: string; staging: string }, copied: CopiedRows): Promise<void> {
  let text = '';
  for (const row of copied.rows) text += copyLine(row);
  if (text === '') return;
  const stream = client.query(copyFrom(named(`copy ${copied.table} (${copied.columns.join(', ')}) from stdin`, names)));
  stream.end(Buffer.from(text));
  await finished(stream);
}

/** Puts the schemas into a text. */
export function named(
  text: string,
  { schema, staging }: { readonly schema: string; readonly staging: string },
): string {
  return text.replaceAll('{schema}', schema).replaceAll('{staging}', staging);
}
