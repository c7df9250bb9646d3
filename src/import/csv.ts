import { isUtf8 } from 'node:buffer';
import { pipeline, Readable } from 'node:stream';
import { CsvError, parse } from 'csv-parse';
import { print } from '../engine/index.js';
import { FOREIGN, foreignText } from './encoding.js';
import { RowFaults } from './finding.js';
import { type Columns, meantColumn } from './form.js';
import type { Findings } from './findings.js';
import { contentOf, type Source } from './source.js';
import { isAbbreviated } from './spreadsheet.js';

/** Longer rows are refused: an unclosed quote would otherwise take in the rest of the file. */
const MAX_ROW_BYTES = 256 * 1024;

interface Reading {
  readonly findings: Findings;
  /** Names of files of which not every row could be read. */
  readonly unreadable: Set<string>;
}

export interface CsvRow {
  readonly faults: RowFaults;
  /** The text in a column: empty where the column is left out, null where it is no text, which has been reported. */
  readonly cell: (column: string) => string | null;
  /** Whether the text in a column stands in quotes, as far as it matters: no number that a spreadsheet has shortened does. */
  readonly isQuoted: (column: string) => boolean;
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
  let rows = 0;
  for await (const { line, cells } of records(check, source)) {
    if (cells.length === 1 && cells[0]?.length === 0) continue;
    const faults = new RowFaults(findings, source.name, line);
    const foreign = cells.findIndex((cell) => !isUtf8(cell));
    if (foreign !== -1 && (!header || source.isForeign)) {
      const cell = cells[foreign] as Buffer;
      faults.add(header?.[foreign] ?? '', cell.toString('utf8'), `${FOREIGN}: ${foreignText(cell)}`);
    } else if (header) {
      rows++;
      yield* rowOf(header, cells, faults);
      continue;
    } else {
      header = cells.map((cell) => cell.toString('utf8'));
      checkHeader(header, columns, faults);
      if (!faults.any) continue;
    }
    unreadable.add(source.name);
    return;
  }
  if (header && rows === 0 && !unreadable.has(source.name))
    findings.notes.push(`${source.name} has a header line and no rows`);
  if (header) return;
  new RowFaults(findings, source.name, 1).add(
    '',
    '',
    `there is no header line: the first line must be ${columns.required.join()}`,
  );
  unreadable.add(source.name);
}

function* rowOf(header: readonly string[], cells: readonly Buffer[], faults: RowFaults): Generator<CsvRow> {
  if (cells.every((cell) => cell.length === 0)) {
    faults.add('', '', 'the row is empty: delete it');
    return;
  }
  const texts = new Map<string, string | null>();
  const quoted = new Set<string>();
  header.forEach((column, i) => {
    const bytes = cells[i];
    if (!bytes) return;
    if (quotedNumbers.has(bytes)) quoted.add(column);
    const intact = isUtf8(bytes);
    texts.set(column, intact ? bytes.toString('utf8') : null);
    if (!intact) faults.add(column, bytes.toString('utf8'), 'is not valid UTF-8');
  });
  const misaligned = cells.length !== header.length;
  if (misaligned) {
    const column = header[cells.length] ?? '';
    faults.add(column, String(cells.length), `the row has ${cells.length} cells, the header has ${header.length}`);
  }
  const cell = (column: string): string | null => texts.get(column) ?? (texts.has(column) ? null : '');
  yield { faults, cell, isQuoted: (column) => quoted.has(column), misaligned };
}

function checkHeader(header: readonly string[], columns: Columns, faults: RowFaults): void {
  const known = [...columns.required, ...(columns.optional ?? [])];
  const meant = header.map((cell) => (known.includes(cell) ? cell : meantColumn(cell, columns)));
  const nameless = header.filter((cell) => cell.trim() === '').length;
  if (nameless > 0)
    faults.add('', '', `${print.plural(nameless, 'column')} without a name: delete what the spreadsheet keeps there`);
  header.forEach((cell, i) => {
    const column = meant[i] ?? null;
    if (cell.trim() === '') return;
    if (column === null) faults.add(cell, cell, `unknown column: known are ${known.join(', ')}`);
    else if (meant.indexOf(column) !== i) faults.add(cell, cell, 'the column stands twice');
    else if (column !== cell) faults.add(cell, cell, `unknown column: write ${column}`);
  });
  for (const column of columns.required) {
    if (!meant.includes(column)) faults.add(column, '', 'the column is missing');
  }
}

/** Cells in quotes that read like a number which a spreadsheet has shortened. */
const quotedNumbers = new WeakSet<Buffer>();

/** For the parser, which alone knows of quotes. Its types know text only. */
function noteQuoted(text: string, { quoting }: { readonly quoting: boolean }): string {
  const cell = text as unknown as Buffer;
  if (quoting && cell.length <= MOST_OF_NUMBER && isAbbreviated(cell.toString('latin1'))) quotedNumbers.add(cell);
  return text;
}

const MOST_OF_NUMBER = 200;

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
    cast: noteQuoted,
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
