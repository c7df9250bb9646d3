/**
 * Which events a build of a read model leaves out (docs/decisions/0012): those of a key that waits at an event which could not be
 * applied, and those that were skipped for good.
 */
import type pg from 'pg';
import type { Position } from '../core/event-store.js';
import { UnreadableEvent } from '../core/event-type.js';
import type { RecordedEvent } from '../core/message.js';
import { printable } from '../core/printable.js';
import { streamCategory } from '../core/stream.js';
import type { BuildId } from '../builds/registry.js';
import type { AnyProjection, EventHandler, ProjectedEvent } from '../projecting/projection.js';

/** Where a key waits: at this event of its stream. */
export interface QuarantinedEvent {
  readonly stream: string;
  readonly revision: number;
  readonly position: Position;
  readonly type: string;
  /** Why it could not be applied. */
  readonly message: string;
}

/** What was asked for can't be done: a stream is not quarantined, or is quarantined at another event. */
export class NotQuarantined extends Error {
  override readonly name = 'NotQuarantined';
}

type EventId = Pick<RecordedEvent, 'stream' | 'revision'>;

/** With more keys than these it is rather the code that is wrong: then the projection stops, as it does for all others. */
const MOST_KEYS = 1_000;
/** Of a message: it may quote the event. */
const MOST_CHARACTERS = 500;

/** In memory, for the process that has the right to write the build. */
export class Quarantine {
  readonly #waiting: Map<string, number>;
  readonly #skipped: ReadonlySet<string>;

  /** @param keyedBy of the projection */
  constructor(
    readonly keyedBy: readonly string[] = [],
    waiting: readonly EventId[] = [],
    skipped: readonly EventId[] = [],
  ) {
    this.#waiting = new Map(waiting.map(({ stream, revision }) => [stream, revision]));
    this.#skipped = new Set(skipped.map(nameOf));
  }

  /** How many keys wait. */
  get size(): number {
    return this.#waiting.size;
  }

  /** As many wait as may. */
  get isFull(): boolean {
    return this.size >= MOST_KEYS;
  }

  /** False for what waits and what was skipped. */
  lets(event: EventId): boolean {
    if (this.#waiting.size === 0 && this.#skipped.size === 0) return true;
    const from = this.#waiting.get(event.stream);
    return (from === undefined || event.revision < from) && !this.#skipped.has(nameOf(event));
  }

  /** It is this event that its key waits at. */
  waitsAt({ stream, revision }: EventId): boolean {
    return this.#waiting.get(stream) === revision;
  }

  /** Lets the key of an event wait at it; null where that can't be, and the projection has to stop. */
  hold(
    event: Pick<RecordedEvent, 'stream' | 'revision' | 'position' | 'type'>,
    error: unknown,
  ): QuarantinedEvent | null {
    if (!this.keyedBy.includes(streamCategory(event.stream)) || !isOfTheEvent(error)) return null;
    if (this.isFull) return null;
    this.#waiting.set(event.stream, Math.min(event.revision, this.#waiting.get(event.stream) ?? event.revision));
    const { stream, revision, position, type } = event;
    return { stream, revision, position, type, message: messageOf(error) };
  }
}

/** In one line that any database takes: a message may quote the event, and that may hold anything. */
export function messageOf(error: unknown): string {
  return printable(error instanceof Error ? error.message : String(error), MOST_CHARACTERS).trim();
}

/** What Postgres says of values and rows, not of statements: data exceptions, violated constraints, rows that are too large. */
const OF_THE_DATA = ['21', '22', '23', '54'];

/** A handler could not apply the event, or the event continues something that has not begun. */
export class NotApplied extends Error {
  override readonly name: string = 'NotApplied';
}

/** @throws NotApplied, or what the machine says */
export function applyEvent<Page>(handler: EventHandler<Page>, page: Page, event: ProjectedEvent): void {
  try {
    handler.apply(page, event);
  } catch (error) {
    if (isOfTheMachine(error)) throw error;
    throw new NotApplied(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

/**
 * Whether the event is at fault: it could not be read or applied, or the database refuses its data. Any other error, such as one
 * without an SQLSTATE while rows are written, may come from whatever else is in the page.
 */
export function isOfTheEvent(error: unknown): boolean {
  if (error instanceof NotApplied) return true;
  if (error instanceof UnreadableEvent) return !isOfTheMachine(error.cause);
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === 'string' && code.length === 5 && OF_THE_DATA.some((start) => code.startsWith(start));
}

const OF_THE_SYSTEM = /^E[A-Z\d]+$|^ERR_(?:STRING_TOO_LONG|BUFFER_TOO_LARGE|MEMORY_ALLOCATION_FAILED)$/;
/** What V8 says where something is too large for it. */
const TOO_LARGE = /^Invalid (?:string|array|typed array|array buffer) length|maximum size exceeded|allocation failed/i;

/** Whether the process ran out of something: the same work may succeed later, or in smaller pieces. */
export function isOfTheMachine(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code } = error as { code?: unknown };
  return (typeof code === 'string' && OF_THE_SYSTEM.test(code)) || TOO_LARGE.test(error.message);
}

/** The projection went on after a statement of its own had failed: a defect of its code, whatever the event. */
export class StatementPassedOver extends Error {
  override readonly name = 'StatementPassedOver';
}

/** As committed. */
export async function quarantineOf(
  db: Pick<pg.ClientBase, 'query'>,
  of: BuildId,
  { keyedBy }: Pick<AnyProjection, 'keyedBy'>,
): Promise<Quarantine> {
  return new Quarantine(keyedBy, await quarantinedIn(db, of), await skippedOf(db, of.name));
}

/** What a build of a model has before its first event: only what was skipped is left out. */
export async function newQuarantine(
  db: Pick<pg.ClientBase, 'query'>,
  { name, keyedBy }: Pick<AnyProjection, 'name' | 'keyedBy'>,
): Promise<Quarantine> {
  return new Quarantine(keyedBy, [], await skippedOf(db, name));
}

/** An entry of the quarantine. */
export type QuarantineEntry = QuarantinedEvent & { readonly since: string };

export async function quarantinedIn(
  db: Pick<pg.ClientBase, 'query'>,
  { name, build }: BuildId,
): Promise<QuarantineEntry[]> {
  const { rows } = await db.query<QuarantineEntry>(
    `select stream, revision, position, type, message, since from orderlog.quarantine
     where model = $1 and build = $2 order by position`,
    [name, build],
  );
  return rows;
}

export type Skipped = QuarantinedEvent & { readonly reason: string; readonly skipped_at: string };

/** Events that no build of the model takes any more, and why. */
export async function skippedOf(db: Pick<pg.ClientBase, 'query'>, model: string): Promise<Skipped[]> {
  const { rows } = await db.query<Skipped>(
    `select stream, revision, position, type, message, reason, skipped_at from orderlog.skipped_events
     where model = $1 order by position`,
    [model],
  );
  return rows;
}

/** In the transaction that lets the build go on behind the event. */
export async function writeSkipped(
  db: Pick<pg.ClientBase, 'query'>,
  model: string,
  { stream, revision, position, type, message }: QuarantinedEvent,
  reason: string,
): Promise<void> {
  await db.query(
    `insert into orderlog.skipped_events (model, stream, revision, position, type, message, reason)
     values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing`,
    [model, stream, revision, position, type, message, reason],
  );
}

/** Writes entries, and how many there are; in the transaction that moves the checkpoint. */
export async function writeQuarantined(
  db: Pick<pg.ClientBase, 'query'>,
  { name, build }: BuildId,
  held: readonly QuarantinedEvent[],
): Promise<void> {
  if (held.length === 0) return;
  await db.query(
    `insert into orderlog.quarantine (model, build, stream, revision, position, type, message)
     select $1, $2, h.stream, h.revision, h.position, h.type, h.message
     from json_to_recordset($3) h (stream text, revision integer, position text, type text, message text)
     on conflict (model, build, stream) do update
     set revision = excluded.revision, position = excluded.position, type = excluded.type, message = excluded.message`,
    [name, build, JSON.stringify(held)],
  );
  await countQuarantined(db, { name, build });
}

export async function countQuarantined(db: Pick<pg.ClientBase, 'query'>, { name, build }: BuildId): Promise<void> {
  await db.query(
    `update orderlog.checkpoints
     set quarantined = (select count(*) from orderlog.quarantine where model = $1 and build = $2)
     where model = $1 and build = $2`,
    [name, build],
  );
}

function nameOf({ stream, revision }: EventId): string {
  return `${stream}@${revision}`;
}
