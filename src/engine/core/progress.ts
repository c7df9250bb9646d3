/** Reports how far long work has come, one stretch after the other. */
export interface Progress {
  /** A new stretch; `total` is null where it is not known. The stretch before it ends. */
  start(what: string, total: number | null): void;
  advance(by?: number): void;
  stop(): void;
}
