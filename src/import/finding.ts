import { print } from '../engine/index.js';
import type { Findings } from './findings.js';

const MOST_CHARACTERS = 200;
/** A message may quote what is stored. */
const MOST_OF_MESSAGE = 500;

/** Why a row without a fault of its own is left out. */
export const LEFT_OUT = 'its own row or file has findings';

/** The findings on one row. A row with any is bad. */
export class RowFaults {
  #count = 0;

  constructor(
    private readonly found: Pick<Findings, 'add' | 'rows'>,
    readonly file: string,
    readonly line: number,
    /** The row has findings already. */
    private readonly isBad = false,
  ) {}

  get count(): number {
    return this.#count;
  }

  get any(): boolean {
    return this.#count > 0;
  }

  add(column: string, value: string, message: string): void {
    if (this.#count++ === 0 && !this.isBad) this.found.rows++;
    this.found.add({
      file: this.file,
      line: this.line,
      column: print.shortened(column, MOST_CHARACTERS),
      value: print.shortened(value, MOST_CHARACTERS),
      message: print.shortened(message, MOST_OF_MESSAGE),
    });
  }
}
