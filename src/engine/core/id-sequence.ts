/** Integer ids; gaps are fine. Each is given out once, until the largest one has been: then one may come that is taken. */
export interface IdSequence {
  next(): Promise<number>;
  /** An id that a caller chose: the sequence goes on behind it. */
  moveBeyond(id: number): Promise<void>;
}
