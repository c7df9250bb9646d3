import { shortened } from '../engine/index.js';
import type { Findings } from './findings.js';

/** What is wrong at one place of an import file. */
export interface Finding {
  /** Name of the file as it stands in the folder. */
  readonly file: string;
  /** Real line of the file on which the row starts; the first is 1 (the header of a CSV file). 0: the file as a whole. */
  readonly line: number;
  /** Column of a CSV file, JSON path of an order (`items[2].quantity`, `$` for the whole), empty for the row as a whole. */
  readonly column: string;
  /** As it stands in the file, shortened. */
  readonly value: string;
  readonly message: string;
}

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
      column: shortened(column, MOST_CHARACTERS),
      value: shortened(value, MOST_CHARACTERS),
      message: shortened(message, MOST_OF_MESSAGE),
    });
  }
}
