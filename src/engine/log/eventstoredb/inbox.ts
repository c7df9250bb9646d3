import type { Readable } from 'node:stream';
import { ANSWER_TIMEOUT_MS, NoAnswer } from './answer.js';
import { guardedStream, outsideOfCallbacks } from './guard.js';

/**
 * The client's streams, pulled: what has arrived is taken out at once and in order, and the stream's own buffer is the bound
 * of what may wait.
 */
export class Inbox<T> {
  /** Why nothing more comes; null as long as something may. An end without an error is one too. */
  over: { readonly error: Error | null } | null = null;
  #wake: () => void = () => undefined;

  constructor(readonly stream: Readable & { cancel?(): Promise<void>; unsubscribe?(): Promise<void> }) {
    guardedStream(stream);
    stream.on('readable', () => this.#wake());
    stream.on('error', (error) => this.#end(error));
    stream.on('end', () => this.#end(null));
    stream.on('close', () => this.#end(new Error('the connection was closed')));
  }

  /** At most so many of those that have arrived. */
  take(most: number): T[] {
    const items: T[] = [];
    while (items.length < most) {
      const item = this.stream.read() as T | null;
      if (item === null) break;
      items.push(item);
    }
    return items;
  }

  /** What a stream that was destroyed still holds can not be taken out; that it is over is told a moment later. */
  get isEmpty(): boolean {
    return this.stream.destroyed || this.stream.readableLength === 0;
  }

  /** Settles when something has arrived or the end has come, or after so many milliseconds, or when it is woken. */
  changed(ms: number): Promise<void> {
    if (this.over || !this.isEmpty) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        this.#wake = () => undefined;
        resolve();
      };
      const timer = setTimeout(wake, ms);
      this.#wake = wake;
    });
  }

  wake(): void {
    this.#wake();
  }

  /** Lets the server know that nothing more is wanted. */
  close(): void {
    this.over ??= { error: null };
    void outsideOfCallbacks().then(() => {
      const cancelled = this.stream.cancel?.() ?? this.stream.unsubscribe?.();
      cancelled?.catch(() => undefined);
      this.stream.destroy();
    });
  }

  #end(error: Error | null): void {
    this.over ??= { error };
    this.#wake();
  }
}

/**
 * What arrives, at most so many items at a time, until the end.
 * @throws whatever the stream ends with, NoAnswer
 */
export async function* emptied<T>(
  inbox: Inbox<T>,
  most: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<readonly T[]> {
  const wake = (): void => inbox.wake();
  signal?.addEventListener('abort', wake);
  try {
    while (!signal?.aborted) {
      const items = inbox.take(most);
      if (items.length > 0) {
        yield items;
        continue;
      }
      if (inbox.over?.error) throw inbox.over.error;
      if (inbox.over) return;
      const since = Date.now();
      await inbox.changed(ANSWER_TIMEOUT_MS);
      if (inbox.isEmpty && !inbox.over && !signal?.aborted && Date.now() - since >= ANSWER_TIMEOUT_MS - 5) {
        throw new NoAnswer(ANSWER_TIMEOUT_MS);
      }
    }
  } finally {
    signal?.removeEventListener('abort', wake);
    inbox.close();
  }
}
