/** Integer ids, each given out once; gaps are fine. */
export interface IdSequence {
  next(): Promise<number>;
  /** An id that a caller chose: the sequence goes on behind it. */
  moveBeyond(id: number): Promise<void>;
}

/** Largest id of a category or a product. */
export const MAX_ID = 2_147_483_647;
