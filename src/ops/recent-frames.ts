/** An event as tails send it, made once for all that come to it at about the same time (docs/decisions/0035). */
import type { Position, RecordedEvent } from '../engine/index.js';

/** Personal data are in the clear in here: what is erased is gone from here after this time, too. */
const KEPT_MS = 1_000;
const MOST_CHARACTERS = 4 * 1024 * 1024;

export class RecentFrames {
  readonly #make: (recorded: RecordedEvent) => Promise<string>;
  readonly #frames = new Map<Position, string | Promise<string>>();
  #characters = 0;

  constructor(make: (recorded: RecordedEvent) => Promise<string>) {
    this.#make = make;
  }

  /** Only to be awaited where it is not there yet. */
  of(recorded: RecordedEvent): string | Promise<string> {
    const { position } = recorded;
    const known = this.#frames.get(position);
    if (known !== undefined) return known;
    if (this.#frames.size === 0) setTimeout(() => this.#clear(), KEPT_MS).unref();
    const made = this.#make(recorded);
    this.#frames.set(position, made);
    made.then(
      (frame) => this.#keep(position, made, frame),
      // Those that wait for it are told; the next one tries again.
      () => this.#frames.delete(position),
    );
    return made;
  }

  #keep(position: Position, made: Promise<string>, frame: string): void {
    if (this.#frames.get(position) !== made) return;
    this.#frames.set(position, frame);
    this.#characters += frame.length;
    if (this.#characters > MOST_CHARACTERS) this.#clear();
  }

  #clear(): void {
    this.#frames.clear();
    this.#characters = 0;
  }
}
