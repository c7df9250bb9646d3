/** Runs the bulk path of several projections over the log at once: each event is read and decoded once for all of them. */
import type pg from 'pg';
import { CHUNK_BYTES, PAGE_BYTES, sizeOf } from '../core/budgets.js';
import { type EventStore, type Position, START } from '../core/event-store.js';
import { decodeAlone, type EventType } from '../core/event-type.js';
import type { RecordedEvent } from '../core/message.js';
import type { CopiedRows } from './bulk.js';
import type { LoadTarget } from './load-target.js';
import { fold, rowsThatFit } from './refused.js';
import { BEGIN } from '../projecting/checkpoints.js';
import { sessionBeside } from '../postgres/session.js';
import { copy } from '../projecting/copy-rows.js';
import type { ProjectedEvent } from '../projecting/page-part.js';
import type { EventHandler } from '../projecting/projection.js';
import { applyEvent, type QuarantinedEvent } from '../quarantine/quarantine.js';
import { readAhead } from '../projecting/read-ahead.js';
import { categoryOf, meaningOf, readBy, unknownType } from '../projecting/reads.js';

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

/** Most events in one transaction: bounds what a kill loses. What is in memory, CHUNK_BYTES bounds. */
const CHUNK = 10_000;
/** As large as those that the log reads: the next one is on its way while one is worked on. */
const PAGE = 2_000;

/** @throws Error when the signal was aborted; UnreadableEvent; what the database says */
export async function loadLog(options: LoadOptions): Promise<Loaded> {
  const { pool, store, targets, until, signal } = options;
  const client = sessionBeside(pool, 'work');
  await client.connect();
  try {
    const load = new Load(client, targets, options.witness, options.committed);
    // Without a target the witness alone reads all of it.
    const from = targets.map((target) => target.from).sort()[0] ?? START;
    // What concerns several models is most of the log: to read all of it is faster than to have the server choose.
    const isPlain = options.witness !== undefined || targets.length > 1;
    const filter = isPlain ? {} : { filter: readBy(...targets.map(({ projection }) => projection)) };
    const events = store.readAll({ from, ...(until !== undefined && { until }), ...filter, signal });
    for await (const page of readAhead(inPages(events))) {
      for (const event of page.events) load.add(event);
      load.bytes += page.bytes;
      if (load.size >= CHUNK || load.bytes >= CHUNK_BYTES) await load.write();
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
): AsyncGenerator<{ events: RecordedEvent[]; bytes: number; position: Position; caughtUp: boolean }> {
  let page: RecordedEvent[] = [];
  let bytes = 0;
  for await (const event of events) {
    page.push(event);
    bytes += sizeOf(event.data) + sizeOf(event.metadata);
    if (page.length < PAGE && bytes < PAGE_BYTES) continue;
    yield { events: page, bytes, position: event.position, caughtUp: false };
    page = [];
    bytes = 0;
  }
  if (page.length > 0) yield { events: page, bytes, position: page.at(-1)?.position ?? START, caughtUp: true };
}

/** What has come for a target since its last chunk. */
interface Filling {
  readonly target: LoadTarget;
  chunk: unknown;
  /** Those that the chunk was folded from. */
  recorded: RecordedEvent[];
  held: QuarantinedEvent[];
}

interface Concerned {
  /** Index of the target. */
  readonly target: number;
  /** Null where the type is unknown. */
  readonly handler: EventHandler<unknown> | null;
}

const NOBODY: readonly Concerned[] = [];

class Load {
  readonly events = new Map<LoadTarget, number>();
  position: Position = START;
  size = 0;
  bytes = 0;
  #fillings: Filling[];
  /** By category and type of an event, as they are met: the targets that it concerns. */
  readonly #concerned = new Map<string, Map<string, readonly Concerned[]>>();
  #writing: Promise<void> = Promise.resolve();

  constructor(
    readonly client: pg.Client,
    readonly targets: readonly LoadTarget[],
    readonly witness?: Witness,
    readonly committed?: (events: number) => void,
  ) {
    this.#fillings = targets.map(empty);
    for (const target of targets) {
      this.events.set(target, 0);
      for (const category of Object.keys(target.projection.reads)) this.#concerned.set(category, new Map());
    }
  }

  add(recorded: RecordedEvent): void {
    this.position = recorded.position;
    this.size += 1;
    this.witness?.see(recorded);
    let read = null as { readonly type: EventType; readonly event: ProjectedEvent } | null;
    for (const { target, handler } of this.#concernedBy(recorded)) {
      const filling = this.#fillings[target] as Filling;
      const { projection, from, until, quarantine } = filling.target;
      if (recorded.position <= from || (until !== undefined && recorded.position > until)) continue;
      if (!quarantine.lets(recorded)) continue;
      try {
        if (!handler) throw unknownType(recorded);
        const { eventType: type } = handler;
        if (read?.type !== type) read = { type, event: decodeAlone(recorded, type) };
        applyEvent(handler, filling.chunk, read.event);
        filling.recorded.push(recorded);
      } catch (error) {
        const held = quarantine.hold(recorded, error);
        if (!held) throw error;
        filling.held.push(held);
        // It was read, so its handler may have done a part of it.
        if (read && read.type === handler?.eventType) filling.chunk = fold(projection, filling.recorded);
      }
    }
  }

  #concernedBy(event: RecordedEvent): readonly Concerned[] {
    const byType = this.#concerned.get(categoryOf(event.stream));
    const known = byType?.get(event.type);
    if (!byType || known) return known ?? NOBODY;
    const found = this.targets.flatMap(({ projection, passesOverUnknown }, target): Concerned[] => {
      const meaning = meaningOf(projection, event);
      if (meaning === 'passed-over' || (meaning === 'unknown' && passesOverUnknown)) return [];
      return [{ target, handler: meaning === 'unknown' ? null : (projection.handlers[event.type] ?? null) }];
    });
    byType.set(event.type, found);
    return found;
  }

  /** Begins to write the chunk while the next one fills; waits for the one before it. */
  async write(): Promise<void> {
    await this.#writing;
    if (this.size === 0) return;
    const { position } = this;
    // Also those that none of the events concerned: from here on they follow.
    const moved = this.#fillings.filter(({ target }) => target.from < position);
    for (const filling of moved) leaveOutQuarantined(filling);
    this.#fillings = this.targets.map(empty);
    this.size = 0;
    this.bytes = 0;
    this.#writing = this.#commit(moved, this.witness?.rows() ?? [], position);
    // Seen when it is waited for.
    this.#writing.catch(() => undefined);
  }

  end(): Promise<void> {
    return this.#writing;
  }

  async #commit(moved: readonly Filling[], seen: readonly CopiedRows[], position: Position): Promise<void> {
    await this.client.query(BEGIN);
    for (const copied of seen) await copy(this.client, this.witness as Witness, copied);
    for (const { target, chunk, recorded, held } of moved) {
      const refused = await rowsThatFit(this.client, target, chunk, recorded);
      const events = recorded.length - refused.without;
      // Of one key the first event alone, whichever way it was found.
      const waiting = [...held, ...refused.held].filter((one) => target.quarantine.waitsAt(one));
      await target.committing?.(this.client, { position, events, held: waiting });
      this.events.set(target, (this.events.get(target) ?? 0) + events);
    }
    await this.client.query('commit');
    this.committed?.(moved.reduce((sum, { recorded }) => sum + recorded.length, 0));
  }
}

function empty(target: LoadTarget): Filling {
  return { target, chunk: target.projection.bulk.begin(), recorded: [], held: [] };
}

/** The chunk before may have found out while it was written that a key has to wait. */
function leaveOutQuarantined(filling: Filling): void {
  const { projection, quarantine } = filling.target;
  if (quarantine.size === 0 || filling.recorded.every((event) => quarantine.lets(event))) return;
  filling.recorded = filling.recorded.filter((event) => quarantine.lets(event));
  filling.held = filling.held.filter((held) => quarantine.waitsAt(held));
  filling.chunk = fold(projection, filling.recorded);
}
