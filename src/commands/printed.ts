/** Prints a list as it comes: of a long one, no more than one entry is in memory. */
import type { Outlet } from './outlet.js';

/** What stands around the entries. */
export interface Frame {
  readonly before: string;
  readonly between: string;
  readonly after: string;
}

export class Printed {
  /** How many entries there were. */
  count = 0;
  readonly #reader = new AbortController();

  constructor(
    private readonly output: Outlet,
    private readonly frame: Frame,
  ) {
    output.onError(() => {
      this.#reader.abort();
    });
  }

  /** Aborted when nobody reads any more (`| head`). */
  get unread(): AbortSignal {
    return this.#reader.signal;
  }

  async add(entry: string): Promise<void> {
    const { before, between } = this.frame;
    const isFirst = this.count === 0;
    this.count += 1;
    if (this.output.write(`${isFirst ? before : between}${entry}`)) return;
    // It ends with an error when the reader goes meanwhile, which `unread` says as well.
    await this.output.drained().catch(() => undefined);
  }

  /** Waits until all of it is out. @param after instead of that of the frame. @throws OutputLost */
  async end(after = this.frame.after): Promise<void> {
    await this.output.flush(`${this.count === 0 ? this.frame.before : ''}${after}`);
  }
}
