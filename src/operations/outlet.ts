/** The only way to standard output and standard error: what a terminal would obey does not get through. A test keeps all else away. */
import { once } from 'node:events';
import { withoutObeyed } from '../core/printable.js';

/** A terminal, or what stands in for one. */
export type TerminalStream = NodeJS.WritableStream & { readonly isTTY?: boolean };

export class Outlet {
  constructor(private readonly stream: NodeJS.WritableStream) {}

  /** @returns false when the writer should wait until it is drained */
  write(text: string, done?: (error?: Error | null) => void): boolean {
    return this.stream.write(withoutObeyed(text), done);
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
