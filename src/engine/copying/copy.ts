/** Copies a log into another one, through the port; goes on where an earlier try ended. */
import { WrongExpectedRevision } from '../core/errors.js';
import { type EventStore, type Filter, type Position, START } from '../core/event-store.js';
import type { RecordedEvent } from '../core/message.js';
import type { Progress } from '../core/progress.js';
import { copied, copiedOf, Copy, NotTheSame } from './compare.js';

/** Events of one stream that follow each other go in one append; well below the 1 MiB that the server takes. */
const MAX_BYTES = 256 * 1024;
const MAX_EVENTS = 500;

export interface CopyOptions {
  /** The stream categories that are copied. */
  readonly categories: readonly string[];
  readonly progress: Progress;
  readonly signal?: AbortSignal;
}

export interface Copied {
  /** Of the source, when it began: it is all there. */
  readonly head: Position;
  readonly events: number;
  /** Sent by this call; the others were there. */
  readonly appended: number;
}

/**
 * Every stream, id, type, content and revision, in the order of the log. One append after the other: what order several at
 * once would get is the server's choice. Stopped at any moment and called again it goes on, and adds nothing twice.
 * @throws NotTheSame when the target holds something else; nothing is written then
 */
export async function copyLog(source: EventStore, target: EventStore, options: CopyOptions): Promise<Copied> {
  const { progress, signal } = options;
  const filter = copiedOf(options.categories);
  const head = await source.head();
  progress.start('copying', await sizeOf(source, filter));
  const there = new Copy(target, filter, signal);
  const appending = new Appending(target, progress);
  try {
    for await (const event of copied(source, filter, head, signal)) {
      if (appending.begun || !(await there.has(event))) await appending.add(event);
      else progress.advance();
    }
    if (appending.begun) await appending.flush();
    else await there.end();
    // Of an empty log there is nothing to copy but that it is there.
    await target.logId();
  } finally {
    progress.stop();
    await there.close();
  }
  return { head, events: there.same + appending.events, appended: appending.events };
}

/**
 * Compares two logs completely: order, streams, revisions, ids, types, data, metadata, and how many there are.
 * @returns how many
 * @throws NotTheSame
 */
export async function compareLogs(
  source: EventStore,
  target: EventStore,
  head: Position,
  { categories, progress, signal }: CopyOptions,
): Promise<number> {
  const filter = copiedOf(categories);
  progress.start('comparing', await sizeOf(source, filter));
  const there = new Copy(target, filter, signal);
  try {
    for await (const event of copied(source, filter, head, signal)) {
      if (!(await there.has(event))) {
        throw new NotTheSame(`the other server ends after ${there.same} events, before ${event.stream}`);
      }
      progress.advance();
    }
    await there.end();
  } finally {
    progress.stop();
    await there.close();
  }
  return there.same;
}

async function sizeOf(store: EventStore, filter: Filter): Promise<number> {
  const [whole] = await store.distances([{ position: START, filter }], Number.MAX_SAFE_INTEGER);
  return whole?.events ?? 0;
}

class Appending {
  #run: RecordedEvent[] = [];
  #bytes = 0;
  events = 0;

  constructor(
    private readonly target: EventStore,
    private readonly progress: Progress,
  ) {}

  get begun(): boolean {
    return this.events > 0;
  }

  async add(event: RecordedEvent): Promise<void> {
    // Before anything else is written: a log of its own.
    if (!this.begun) await this.target.logId();
    const bytes = Buffer.byteLength(JSON.stringify(event));
    const last = this.#run.at(-1);
    const fits = this.#bytes + bytes <= MAX_BYTES && this.#run.length < MAX_EVENTS;
    if (last && (last.stream !== event.stream || !fits)) await this.flush();
    this.#run.push(event);
    this.#bytes += bytes;
    this.events++;
  }

  async flush(): Promise<void> {
    const [first] = this.#run;
    if (!first) return;
    const run = this.#run.map(({ id, type, data, metadata }) => ({ id, type, data, metadata }));
    const { stream, revision } = first;
    const last = revision + run.length - 1;
    try {
      const result = await this.target.append(stream, run, revision === 0 ? 'none' : revision - 1);
      // So it is with a stream of that name that was deleted.
      if (result.revision !== last) {
        throw new NotTheSame(`revision ${last} of ${stream} became ${result.revision} on the other server`);
      }
    } catch (error) {
      if (!(error instanceof WrongExpectedRevision)) throw error;
      throw new NotTheSame(`somebody else writes to ${stream} on the other server: ${error.message}`, { cause: error });
    }
    this.progress.advance(run.length);
    this.#run = [];
    this.#bytes = 0;
  }
}
