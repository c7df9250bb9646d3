/** The only way to standard output and standard error: what a terminal would obey does not get through. A test keeps all else away. */
import { once } from 'node:events';
import { print } from '../engine/index.js';

/** A terminal, or what stands in for one. */
export type TerminalStream = NodeJS.WritableStream & { readonly isTTY?: boolean };

/** Standard output takes no more, as on a full disk. The listener of the stream has reported it. */
export class OutputLost extends Error {
  override readonly name = 'OutputLost';
}

export class Outlet {
  /** The first one: after it the stream says only that it was destroyed. */
  #failure: NodeJS.ErrnoException | null = null;
  #isUsed = false;

  constructor(private readonly stream: NodeJS.WritableStream) {
    stream.on('error', (error: NodeJS.ErrnoException) => (this.#failure ??= error));
  }

  /** Whether anything was written. */
  get isUsed(): boolean {
    return this.#isUsed;
  }

  /** @returns false when the writer should wait until it is drained */
  write(text: string, done?: (error?: Error | null) => void): boolean {
    this.#isUsed = true;
    return this.stream.write(print.withoutObeyed(text), done);
  }

  /**
   * Waits until the text, and all before it, is out: a process that ends earlier cuts off what a pipe has not taken yet.
   * A reader that has gone (`| head`) is no error: nobody is left to tell.
   * @throws OutputLost
   */
  async flush(text: string): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.write(text, (error) => {
        const failure = this.#failure ?? error;
        if (failure && (failure as NodeJS.ErrnoException).code !== 'EPIPE') {
          reject(new OutputLost(failure.message, { cause: failure }));
        } else resolve();
      });
    });
  }

  /** Resolves when there is room again. @throws what happened to the stream meanwhile */
  async drained(): Promise<void> {
    await once(this.stream, 'drain');
  }

  onError(listener: (error: NodeJS.ErrnoException) => void): void {
    this.stream.on('error', listener);
  }
}

export const stdout = new Outlet(process.stdout);
export const stderr = new Outlet(process.stderr);

/** For the progress bar alone: it moves the cursor, and shows no text from outside. */
export const terminal: TerminalStream = process.stderr;
