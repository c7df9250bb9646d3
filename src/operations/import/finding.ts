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

const MAX_VALUE = 200;

/** The findings on one row. A row with any is bad. */
export class RowFaults {
  #count = 0;

  constructor(
    private readonly found: Finding[],
    readonly file: string,
    readonly line: number,
  ) {}

  get any(): boolean {
    return this.#count > 0;
  }

  add(column: string, value: string, message: string): void {
    this.#count++;
    this.found.push({ file: this.file, line: this.line, column, value: shortened(value), message });
  }
}

function shortened(value: string): string {
  if (value.length <= MAX_VALUE) return value;
  return `${[...value.slice(0, 2 * MAX_VALUE)].slice(0, MAX_VALUE).join('')}…`;
}
