/**
 * The time of the log's clock, as far as it is known here. The clock of this machine may be behind it or be set back: if each event waited
 * for this clock, one would wait after the other.
 */
export class LogClock {
  /** The time of the log minus `performance.now()`, which nobody sets back. */
  #ahead = Date.now() - performance.now();

  /** An event was recorded then, so it is that late at least. */
  hear(recordedAt: string): void {
    this.#ahead = Math.max(this.#ahead, Date.parse(recordedAt) - performance.now());
  }

  now(): number {
    return performance.now() + this.#ahead;
  }
}
