/** What a file is that is not what it should be: one finding says so, in place of one on each of its lines. */
import { isUtf8 } from 'node:buffer';

export interface Columns {
  readonly required: readonly string[];
  readonly optional?: readonly string[];
}

/** What is known by its first bytes. */
const BEGINNINGS: readonly (readonly [bytes: readonly number[], what: string, remedy: string])[] = [
  [[0x50, 0x4b], 'is a ZIP archive, such as an Excel or LibreOffice workbook', 'open it there and save the data as'],
  [[0xd0, 0xcf, 0x11, 0xe0], 'is an old Excel workbook (.xls)', 'open it in a spreadsheet and save the data as'],
  [[0x42, 0x5a, 0x68], 'is compressed with bzip2', 'decompress it to'],
  [[0xfd, 0x37, 0x7a, 0x58, 0x5a], 'is compressed with xz', 'decompress it to'],
  [[0x28, 0xb5, 0x2f, 0xfd], 'is compressed with zstd', 'decompress it to'],
  [[0x37, 0x7a, 0xbc, 0xaf], 'is a 7-Zip archive', 'extract from it the'],
  [[0x52, 0x61, 0x72, 0x21], 'is a RAR archive', 'extract from it the'],
  [[0x25, 0x50, 0x44, 0x46], 'is a PDF', 'export the data as'],
  [[0x50, 0x41, 0x52, 0x31], 'is a Parquet file', 'export the data as'],
  [[0x53, 0x51, 0x4c, 0x69, 0x74, 0x65], 'is an SQLite database', 'export the data as'],
];

/** Where a spreadsheet asks for the encoding. */
const IN_EXCEL = ' (in Excel: "CSV UTF-8", not "Unicode Text")';

export const GZIP = [0x1f, 0x8b];

export function begins(bytes: Buffer, beginning: readonly number[]): boolean {
  return bytes.length >= beginning.length && beginning.every((byte, i) => bytes[i] === byte);
}

/** What an import file holds. */
export type Format = 'CSV' | 'NDJSON';

/** @param head the first bytes of the content */
export function binaryFault(head: Buffer, format: Format): string | null {
  if (begins(head, GZIP)) return 'is compressed with gzip: add .gz to its name, or decompress it';
  for (const [beginning, what, remedy] of BEGINNINGS)
    if (begins(head, beginning)) return `${what}: ${remedy} ${format}`;
  const wide = wideEncoding(head);
  if (wide !== null) return `is ${wide}, not UTF-8: save it as UTF-8${format === 'CSV' ? IN_EXCEL : ''}`;
  return head.includes(0) && !isUtf8(head.subarray(0, head.lastIndexOf(0) + 1))
    ? `is no text: export the data as ${format}`
    : null;
}

/** UTF-16 and UTF-32, with a byte order mark or by the zero bytes in their characters. */
function wideEncoding(head: Buffer): string | null {
  if (begins(head, [0xff, 0xfe, 0, 0]) || begins(head, [0, 0, 0xfe, 0xff])) return 'UTF-32';
  if (begins(head, [0xff, 0xfe]) || begins(head, [0xfe, 0xff])) return 'UTF-16';
  const sample = head.subarray(0, 2_048);
  const zeros = [0, 0, 0, 0];
  for (const [i, byte] of sample.entries()) if (byte === 0) zeros[i % 4] = (zeros[i % 4] ?? 0) + 1;
  const most = Math.ceil(sample.length / 4) * 0.7;
  const [a = 0, b = 0, c = 0, d = 0] = zeros;
  if ([a, b, c, d].filter((count) => count > most).length === 3) return 'UTF-32';
  return Math.min(a, c) > most || Math.min(b, d) > most ? 'UTF-16' : null;
}

/** @param head the first characters, without a byte order mark */
export function csvFault(head: string, columns: Columns): string | null {
  const remedy = `the first line must be ${columns.required.join()}`;
  const text = head.trimStart();
  if (text === '') return `is empty, so there is no header line: ${remedy}`;
  const markup = markupFault(text);
  if (markup !== null) return `${markup}: export the data as CSV`;
  if (/^[[{]/.test(text)) return 'is JSON, not CSV: export the data as CSV';
  const line = (/^[^\r\n]*/.exec(text) as RegExpExecArray)[0];
  if (/^"?sep=/i.test(line))
    return 'begins with a line for Excel: delete the line sep=, and separate the fields with commas';
  const separator = separatorOf(line, columns);
  const returns = isOfReturnsOnly(head) ? RETURNS : null;
  if (separator !== null) {
    return `has ${separator} between its fields: save it with commas${returns === null ? '' : `. It also ${returns}`}`;
  }
  if (returns !== null) return returns;
  if (knownIn(line.replace(/^"(.*)"$/, '$1').split(','), columns) >= 2 && /^"[^"]*,[^"]*"$/.test(line)) {
    return 'has quotes around whole lines: put them around single fields only';
  }
  return knownIn(cellsOf(line, ','), columns) === 0 ? `there is no header line: ${remedy}` : null;
}

/** @param head the first characters, without a byte order mark */
export function ndjsonFault(head: string): string | null {
  const text = head.trimStart();
  const markup = markupFault(text);
  if (markup !== null) return `${markup}: export the orders as NDJSON`;
  if (isOfReturnsOnly(head)) return RETURNS;
  const [line = '', ...others] = text.split(/\r?\n/);
  if (others.every((other) => other.trim() === '') || isJson(line)) return null;
  if (line.startsWith('[')) return 'is a JSON list: write each order on a line of its own, without a list around them';
  if (line.trim() === '{') return 'is JSON over several lines: write each order on one line';
  return /^"?order_ref"?\s*[,;\t|]/.test(line)
    ? 'is CSV, not NDJSON: write each order as a JSON object on one line'
    : null;
}

function markupFault(text: string): string | null {
  if (/^<(?:!doctype html|html|head|body)\b/i.test(text)) return 'is a web page, perhaps of a login or an error';
  return text.startsWith('<') ? 'is XML' : null;
}

const RETURNS = 'has line ends of CR only, as on old Macs: save it with LF or CRLF at line ends';

function isOfReturnsOnly(head: string): boolean {
  return /\r[^\n]/.test(head) && !head.includes('\n');
}

const SEPARATORS = new Map([
  [';', 'semicolons'],
  ['\t', 'tabs'],
  ['|', 'bars'],
  [':', 'colons'],
  ['\u001f', 'unit separators'],
  ['^', 'carets'],
  ['~', 'tildes'],
]);

/** What separates the cells of a header line, where it is not the comma. */
function separatorOf(line: string, columns: Columns): string | null {
  const known = knownIn(cellsOf(line, ','), columns);
  for (const [separator, name] of SEPARATORS) {
    const found = knownIn(cellsOf(line, separator), columns);
    if (found >= 2 && found > known) return name;
  }
  return null;
}

function cellsOf(line: string, separator: string): string[] {
  return line.split(separator).map((cell) => cell.replace(/^\s*"(.*)"\s*$/, '$1'));
}

function knownIn(cells: readonly string[], columns: Columns): number {
  return cells.filter((cell) => meantColumn(cell, columns) !== null).length;
}

/** The column that a cell of the header means, whatever the case, spaces and hidden characters in it. */
export function meantColumn(cell: string, { required, optional = [] }: Columns): string | null {
  const plain = (name: string): string => name.toLowerCase().replace(/[\s_\-\p{C}]/gu, '');
  return [...required, ...optional].find((column) => plain(column) === plain(cell)) ?? null;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
