import type { Position } from './event-store.js';

/** From a moment to a position in the log, by recorded time. */
export interface LogTimes {
  /**
   * The position before the first event that was recorded after this moment; null for a moment beyond now. The clocks behind a
   * log may go backwards: what counts is the latest time so far, so that a later moment is never an earlier position.
   * @param time ISO 8601 UTC
   * @param waitMs how long to wait where the answer must be worked out
   * @throws Refusal read-model-behind: it takes longer, and continues in the background
   */
  positionAt(time: string, waitMs: number): Promise<Position | null>;
  /** Ends what is under way. */
  close(): Promise<void>;
}
