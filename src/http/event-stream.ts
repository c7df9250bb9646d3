/** Answers that stay open: server-sent events, each sent as soon as it is there (docs/decisions/0028). */
import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { whenGone } from './gone.js';
import { Problem, problemDocument, toProblem } from './problem.js';

/** What a source gives. Without `event` it only says how far it is: the client hears of it with the next heartbeat. */
export interface Sent {
  /** The client sends it as Last-Event-ID to resume behind it. */
  readonly id?: string;
  readonly event?: string;
  readonly data?: unknown;
  /** Events that are written out already, in place of `event` and `data`. */
  readonly frames?: string;
}

export interface EventStreamSettings {
  /** Streams that this process keeps open at once. */
  readonly most: number;
  readonly heartbeatMs: number;
  /** How often the caller's key is checked again: with the time for which a key is trusted, less than 5 s. */
  readonly recheckMs: number;
  /** A client that takes nothing for so long is cut off. */
  readonly stalledMs: number;
}

const SETTINGS: EventStreamSettings = { most: 100, heartbeatMs: 15_000, recheckMs: 1_000, stalledMs: 60_000 };
const RETRY_MS = 2_000;
const RETRY_AFTER_SECONDS = 10;

/** The open streams of this process. A client that reads slowly holds its source back, so it costs no memory. */
export class EventStreams {
  readonly #open = new Set<AbortController>();
  readonly #settings: EventStreamSettings;

  /** @param ending aborted when the process is to end: all streams end at once */
  constructor(ending: AbortSignal, settings: Partial<EventStreamSettings> = {}) {
    this.#settings = { ...SETTINGS, ...settings };
    ending.addEventListener('abort', () => {
      const problem = new Problem('overloaded', 'The process is about to end. Connect again to resume.');
      for (const stream of this.#open) stream.abort(problem);
    });
  }

  /**
   * Answers a request with what a source gives, until the source ends, the client leaves or its key is no longer valid.
   * @param source must end with its signal
   * @throws Problem overloaded where too many streams are open
   */
  answer(
    request: FastifyRequest,
    reply: FastifyReply,
    source: (ends: AbortSignal) => AsyncIterable<Sent>,
  ): FastifyReply {
    const { most, recheckMs } = this.#settings;
    if (this.#open.size >= most) {
      const detail = `This process has ${most} open event streams already. Close one, or try again later.`;
      throw new Problem('overloaded', detail, [], { 'retry-after': String(RETRY_AFTER_SECONDS) });
    }
    const ends = new AbortController();
    this.#open.add(ends);
    const check = setInterval(() => void recheck(request, ends), recheckMs).unref();
    whenGone(reply, () => {
      clearInterval(check);
      this.#open.delete(ends);
      ends.abort();
    });
    return reply
      .header('content-type', 'text/event-stream')
      .header('cache-control', 'no-store, no-transform')
      .header('x-accel-buffering', 'no')
      .send(Readable.from(this.#frames(request, reply, source, ends.signal), { objectMode: false }));
  }

  async *#frames(
    request: FastifyRequest,
    reply: FastifyReply,
    source: (ends: AbortSignal) => AsyncIterable<Sent>,
    ends: AbortSignal,
  ): AsyncGenerator<string> {
    try {
      for await (const frame of framesOf(source(ends), this.#settings.heartbeatMs)) {
        // Nobody asks for the next one while the client takes nothing.
        const stalled = setTimeout(() => reply.raw.destroy(), this.#settings.stalledMs).unref();
        yield frame;
        clearTimeout(stalled);
      }
      if (ends.reason instanceof Problem) throw ends.reason;
    } catch (error) {
      const problem = toProblem(error);
      if (problem.code === 'internal-error')
        request.log.error({ message: (error as Error).message }, 'a stream failed');
      yield frameOf({ event: 'problem', data: problemDocument(problem, request.id) });
    }
  }
}

async function recheck({ mayStill }: FastifyRequest, ends: AbortController): Promise<void> {
  try {
    if (mayStill && !(await mayStill())) {
      ends.abort(new Problem('unauthenticated', 'The API key or token is no longer valid.'));
    }
  } catch (error) {
    ends.abort(toProblem(error));
  }
}

async function* framesOf(source: AsyncIterable<Sent>, heartbeatMs: number): AsyncGenerator<string> {
  const items = new Waited(source[Symbol.asyncIterator]());
  try {
    let id: string | undefined;
    // The first item says where the stream begins: the client hears of it at once.
    let due = 0;
    yield `retry: ${RETRY_MS}\n\n`;
    for (;;) {
      const item = await items.next(due === 0 ? heartbeatMs : due - performance.now());
      if (item?.done) return;
      id = item?.value.id ?? id;
      const isDue = performance.now() >= due;
      if (item?.value.frames !== undefined) yield item.value.frames;
      else if (item?.value.event !== undefined) yield frameOf(item.value);
      // A source that passes over one event after the other is as quiet to the client as one without events.
      else if (isDue) yield `: heartbeat\n${id === undefined ? '' : `id: ${id}\n`}\n`;
      else continue;
      due = performance.now() + heartbeatMs;
    }
  } finally {
    items.leave();
  }
}

export function frameOf({ id, event, data }: Omit<Sent, 'frames'>): string {
  const head = id === undefined ? '' : `id: ${id}\n`;
  return `${head}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}

/** The next item, for which one can wait again and again without asking twice. */
class Waited<T> {
  #asked = false;
  #settled: { readonly item: IteratorResult<T> } | { readonly error: unknown } | null = null;
  #wake = (): void => undefined;

  constructor(private readonly items: AsyncIterator<T>) {}

  /** Null: it did not come in time. @throws what the source throws */
  async next(ms: number): Promise<IteratorResult<T> | null> {
    if (!this.#asked) this.#ask();
    if (!this.#settled) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        this.#wake = (): void => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    const settled = this.#settled;
    if (!settled) return null;
    this.#settled = null;
    this.#asked = false;
    if ('error' in settled) throw settled.error;
    return settled.item;
  }

  /** Nobody waits any more; a source that is asked still ends with its signal. */
  leave(): void {
    this.#wake();
    this.items.return?.().catch(() => undefined);
  }

  #ask(): void {
    this.#asked = true;
    this.items.next().then(
      (item) => {
        this.#settled = { item };
        this.#wake();
      },
      (error: unknown) => {
        this.#settled = { error };
        this.#wake();
      },
    );
  }
}
