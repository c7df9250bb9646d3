import type { Position } from '../core/event-store.js';

/** False for work that was broken off: it is not done. Never rejects. */
type Work = () => Promise<boolean>;

/**
 * Events that are being handled: those of one stream one after the other, those of different streams at the same time. Knows up to
 * which position everything is done, however slow one of them is.
 */
export class UnderWay {
  /** In log order. */
  readonly #entries = new Set<{ readonly before: Position }>();
  /** The end of the work on each stream. */
  readonly #lanes = new Map<string, Promise<boolean>>();
  #seen: Position;
  #ended = (): void => undefined;

  /** @param from everything up to here is done. @param most events at the same time. @param onDone told when an event is done */
  constructor(
    from: Position,
    private readonly most: number,
    private readonly onDone: () => void,
  ) {
    this.#seen = from;
  }

  /** Everything up to here is done. */
  get done(): Position {
    const [first] = this.#entries;
    return first ? first.before : this.#seen;
  }

  /** How far events were taken over. */
  get seen(): Position {
    return this.#seen;
  }

  /** Waits for room for another event. The signal ends the wait. */
  async room(signal: AbortSignal): Promise<void> {
    while (this.#entries.size >= this.most && !signal.aborted) {
      await new Promise<void>((resolve) => {
        const go = (): void => {
          signal.removeEventListener('abort', go);
          resolve();
        };
        this.#ended = go;
        signal.addEventListener('abort', go);
      });
    }
  }

  /** Begins work on an event once the work on its stream is done. */
  begin(stream: string, position: Position, work: Work): void {
    const entry = { before: this.#seen };
    this.#seen = position;
    this.#entries.add(entry);
    const lane = (this.#lanes.get(stream) ?? Promise.resolve(true)).then(async (isFirstDone) => {
      const isDone = isFirstDone && (await work());
      if (isDone) this.#entries.delete(entry);
      if (this.#lanes.get(stream) === lane) this.#lanes.delete(stream);
      this.#ended();
      if (isDone) this.onDone();
      return isDone;
    });
    this.#lanes.set(stream, lane);
  }

  /** Nothing up to here is left to take over. */
  passed(position: Position): void {
    if (position > this.#seen) this.#seen = position;
  }

  /** Waits for all work to end, done or not. */
  async settled(): Promise<void> {
    await Promise.all(this.#lanes.values());
  }
}
