/** Integer ids, each given out once; gaps are fine. */
export interface IdSequence {
  next(): Promise<number>;
  /** An id that a caller chose: the sequence goes on behind it. */
  moveBeyond(id: number): Promise<void>;
}
