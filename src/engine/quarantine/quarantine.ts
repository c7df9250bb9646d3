/**
 * Which events a build of a read model leaves out (docs/decisions/0012): those of a key that waits at an event which could not be
 * applied, and those that were skipped for good.
 */
import type { Position } from '../core/event-store.js';
import { UnreadableEvent } from '../core/event-type.js';
import type { RecordedEvent } from '../core/message.js';
import { printable } from '../core/printable.js';
import { streamCategory } from '../core/stream.js';
import { NewerSchemaVersion } from '../core/upcaster.js';
import type { ProjectedEvent } from '../projecting/page-part.js';
import type { EventHandler } from '../projecting/projection.js';

/** Where a key waits: at this event of its stream. */
export interface QuarantinedEvent {
  readonly stream: string;
  readonly revision: number;
  readonly position: Position;
  readonly type: string;
  /** Why it could not be applied. */
  readonly message: string;
}

/** What was asked for can't be done: a stream is not quarantined, or at another event, or at one that is never skipped. */
export class NotQuarantined extends Error {
  override readonly name = 'NotQuarantined';
  /** @param remedy what to do instead; the caller knows how to say that where it is asked */
  constructor(
    message: string,
    readonly remedy: 'list' | 'one-event' | 'retry' | 'newer-release',
  ) {
    super(message);
  }
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
  if (error instanceof UnreadableEvent) return !isOfTheMachine(error.cause) && !isOfNewerRelease(error);
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === 'string' && code.length === 5 && OF_THE_DATA.some((start) => code.startsWith(start));
}

/** Whether a newer release wrote the event in a shape that only its processes read. No key waits for that: the projection does. */
export function isOfNewerRelease(error: unknown): boolean {
  return error instanceof UnreadableEvent && error.cause instanceof NewerSchemaVersion;
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

function nameOf({ stream, revision }: EventId): string {
  return `${stream}@${revision}`;
}
