import { isUtf8 } from 'node:buffer';
import { pipeline, Readable } from 'node:stream';
import { CsvError, parse } from 'csv-parse';
import { RowFaults } from './finding.js';
import type { Check } from './plan.js';
import { contentOf, type Source } from './source.js';

/** Longer rows are refused: an unclosed quote would otherwise take in the rest of the file. */
const MAX_ROW_BYTES = 256 * 1024;

type Reading = Pick<Check, 'findings' | 'unreadable'>;

export interface Columns {
  readonly required: readonly string[];
  readonly optional?: readonly string[];
}

export interface CsvRow {
  readonly faults: RowFaults;
  /** The text in a column; empty where the row is too short or the column is left out. */
  readonly cell: (column: string) => string;
  /** The row has too few or too many cells: which text belongs to which column is guesswork. */
  readonly misaligned: boolean;
}

/**
 * The rows of a CSV file (RFC 4180, strict UTF-8, columns in any order). What is wrong with the form of the file or of a
 * row goes to the findings; where that hides rows from view (a wrong header) the file is noted as unreadable.
 */
export async function* csvRows(check: Reading, source: Source, columns: Columns): AsyncGenerator<CsvRow> {
  const { findings, unreadable } = check;
  let header: readonly string[] | null = null;
  for await (const { line, cells } of records(check, source)) {
    if (cells.length === 1 && cells[0]?.length === 0) continue;
    const faults = new RowFaults(findings, source.name, line);
    if (header) {
      yield toRow(header, cells, faults);
      continue;
    }
    header = cells.map((cell) => cell.toString('utf8'));
    if (isForeign(cells)) faults.add('', header.join(), 'is not UTF-8 (UTF-16, Latin-1?): save the file as UTF-8');
    else checkHeader(header, columns, faults);
    if (!faults.any) continue;
    unreadable.add(source.name);
    return;
  }
  if (header) return;
  new RowFaults(findings, source.name, 1).add('', '', 'there is no header line');
  unreadable.add(source.name);
}

function toRow(header: readonly string[], cells: readonly Buffer[], faults: RowFaults): CsvRow {
  const texts = new Map<string, string>();
  header.forEach((column, i) => {
    const bytes = cells[i];
    if (!bytes) return;
    const text = bytes.toString('utf8');
    texts.set(column, text);
    if (!isUtf8(bytes)) faults.add(column, text, 'is not valid UTF-8');
  });
  const misaligned = cells.length !== header.length;
  if (misaligned) {
    const column = header[cells.length] ?? '';
    faults.add(column, String(cells.length), `the row has ${cells.length} cells, the header has ${header.length}`);
  }
  return { faults, cell: (column) => texts.get(column) ?? '', misaligned };
}

/** Text in another encoding. UTF-16 without its mark is valid UTF-8, with a zero byte in each character. */
function isForeign(cells: readonly Buffer[]): boolean {
  return cells.some((cell) => !isUtf8(cell) || cell.includes(0));
}

function checkHeader(header: readonly string[], columns: Columns, faults: RowFaults): void {
  const known = [...columns.required, ...(columns.optional ?? [])];
  header.forEach((column, i) => {
    if (!known.includes(column)) faults.add(column, column, `unknown column; known are ${known.join(', ')}`);
    else if (header.indexOf(column) !== i) faults.add(column, column, 'the column stands twice');
  });
  for (const column of columns.required) {
    if (!header.includes(column)) faults.add(column, '', 'the column is missing');
  }
}

interface RawRecord {
  readonly line: number;
  readonly cells: readonly Buffer[];
}

async function* records({ findings, unreadable }: Reading, source: Source): AsyncGenerator<RawRecord> {
  // The parser counts a line break within quotes that is made of CR and LF as two lines.
  let countedTwice = 0;
  let next = 1;
  /** The parser is ahead of those who read from it: the header is taken where it passes. */
  let names: readonly string[] | null = null;
  const onRecord = <Passing>(passing: Passing): Passing => {
    const { record } = passing as { record: readonly Buffer[] };
    if (record.length > 1) names ??= record.map(String);
    return passing;
  };
  const onSkip = (error: CsvError | undefined): undefined => {
    if (error === undefined) return;
    // The parser loses its place after a row that is too long: nothing behind it can be read.
    if (error.code === 'CSV_MAX_RECORD_SIZE') throw error;
    const unclosed = error.code === 'CSV_QUOTE_NOT_CLOSED';
    const line = unclosed ? next : Number(error['lines']) - countedTwice;
    if (unclosed) unreadable.add(source.name);
    const column = names?.[Number(error['column'])] ?? '';
    const before = error['field'] as Buffer | undefined;
    const value = before ? `${before.toString('utf8')}"` : '';
    new RowFaults(findings, source.name, line).add(column, value, unclosed ? 'a quote is not closed' : 'a stray quote');
  };
  const parser = parse({
    encoding: null,
    info: true,
    record_delimiter: ['\r\n', '\n'],
    relax_column_count: true,
    max_record_size: MAX_ROW_BYTES,
    skip_records_with_error: true,
    on_record: onRecord,
    on_skip: onSkip,
  });
  // Errors of the file arrive through the parser, which the pipeline destroys with them.
  pipeline(Readable.from(contentOf(source)), parser, () => undefined);
  try {
    for await (const { record, info } of parser as AsyncIterable<{ record: Buffer[]; info: { lines: number } }>) {
      const breaks = record.reduce((sum, cell) => sum + count(cell, 10), 0);
      countedTwice += record.reduce((sum, cell) => sum + count(cell, 13), 0);
      const end = info.lines - countedTwice;
      next = end + 1;
      yield { line: end - breaks, cells: record };
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const message = `the row takes more than ${MAX_ROW_BYTES} bytes (a quote not closed?); the rest of the file was not read`;
    new RowFaults(findings, source.name, next).add('', '', message);
    unreadable.add(source.name);
  }
}

function count(bytes: Buffer, byte: number): number {
  let found = 0;
  for (let at = bytes.indexOf(byte); at !== -1; at = bytes.indexOf(byte, at + 1)) found++;
  return found;
}
