/** A table as gzipped COPY text, in parts of bounded size that each end with a row: no more than one is in memory. */
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import type pg from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import { columnsOf, type FoundTable, nameOf } from './tables.js';

const PART_BYTES = 8 * 1024 * 1024;
/** An event has 512 KiB at most, which COPY text can make larger. */
const MOST_PART_BYTES = 4 * PART_BYTES;
const NEWLINE = 0x0a;

const pack = promisify(gzip);
const unpack = promisify(gunzip);

export interface TablePart {
  readonly rows: number;
  readonly content: Buffer;
}

/** COPY writes a line break within a value as two characters: a newline ends a row. */
export async function* partsOf(client: pg.ClientBase, table: FoundTable): AsyncGenerator<TablePart> {
  const order = table.isLog ? ' order by position' : '';
  const rows = client.query(copyTo(`copy (select ${columnsOf(table)} from ${nameOf(table)}${order}) to stdout`));
  let pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of rows as AsyncIterable<Buffer>) {
    pieces.push(piece);
    bytes += piece.length;
    if (bytes < PART_BYTES) continue;
    const all = Buffer.concat(pieces);
    const end = all.lastIndexOf(NEWLINE) + 1;
    if (end > 0) yield packed(all.subarray(0, end));
    pieces = [all.subarray(end)];
    bytes = all.length - end;
  }
  if (bytes > 0) yield packed(Buffer.concat(pieces));
}

async function packed(text: Buffer): Promise<TablePart> {
  let rows = 0;
  for (let at = text.indexOf(NEWLINE); at >= 0; at = text.indexOf(NEWLINE, at + 1)) rows++;
  return { rows, content: await pack(text) };
}

export function unpacked(content: Buffer): Promise<Buffer> {
  return unpack(content, { maxOutputLength: MOST_PART_BYTES });
}
