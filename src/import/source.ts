import { createReadStream, type Stats } from 'node:fs';
import { access, constants as modes, open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { constants, createGunzip } from 'node:zlib';
import { print } from '../engine/index.js';
import { unusablePath, WrongUse } from '../commands/output.js';
import { EncodingCensus } from './encoding.js';
import type { Finding, Findings } from './findings.js';
import { IMPORT_FILES, type ImportFile } from './files.js';
import { begins, binaryFault, type Format, GZIP } from './form.js';

const NAMES: readonly string[] = IMPORT_FILES.flatMap((name) => [name, `${name}.gz`]);
/** A name that may be meant as one of them: in capitals, with one ending more, or with another one. */
const LOOKS_ALIKE = /^(?:categories|products|stock|users|orders)\.(?:csv|txt|tsv|xlsx?|ods|ndjson|jsonl?|zip)\b/i;
const MOST_NAMED = 5;

/** One file of an import folder. */
export interface Source {
  /** As it stands in the folder: with `.gz` where it is compressed. */
  readonly name: string;
  readonly path: string;
  readonly bytes: number;
  readonly modifiedMs: number;
  /** The text is not UTF-8 but in another encoding. */
  readonly isForeign?: boolean;
}

export type Sources = Partial<Record<ImportFile, Source>>;

/**
 * Which import files the folder has; others are ignored.
 * @throws WrongUse when there is no such folder or nothing to import in it
 */
export async function locateSources(dir: string, findings: Findings): Promise<Sources> {
  try {
    return await sourcesOf(dir, findings);
  } catch (error) {
    throw unusablePath(error, dir, 'read');
  }
}

async function sourcesOf(dir: string, findings: Findings): Promise<Sources> {
  if (!(await statOrNull(dir))?.isDirectory()) throw new WrongUse(`${dir} is not a folder`);
  const sources: Sources = {};
  for (const file of IMPORT_FILES) {
    const present: Source[] = [];
    for (const name of [file, `${file}.gz`]) {
      const path = join(dir, name);
      const stats = await statOrNull(path);
      if (!stats) continue;
      if (!stats.isFile()) throw new WrongUse(`${path} is not a file`);
      await access(path, modes.R_OK);
      present.push({ name, path, bytes: stats.size, modifiedMs: stats.mtimeMs });
    }
    const [only, second] = present;
    if (second) findings.add(onFile(second.name, 0, `stands beside ${file}: only one of the two can be meant`));
    if (only) sources[file] = only;
  }
  const alike = (await readdir(dir))
    .filter((name) => LOOKS_ALIKE.test(name) && !NAMES.includes(name))
    .slice(0, MOST_NAMED);
  const notes = alike.map(
    (name) => `${print.safe(name, 100)} is not read: its name is none of ${IMPORT_FILES.join(', ')}`,
  );
  if (Object.keys(sources).length === 0) {
    throw new WrongUse([`${dir} holds none of ${IMPORT_FILES.join(', ')} (or these with .gz)`, ...notes].join('\n'));
  }
  findings.notes.push(...notes);
  return sources;
}

/** The content, decompressed, without a byte order mark. @throws what zlib throws for damaged data */
export async function* contentOf(source: Source): AsyncGenerator<Buffer> {
  let head: Buffer | null = Buffer.alloc(0);
  for await (const chunk of rawContent(source)) {
    if (head === null) {
      yield chunk;
      continue;
    }
    head = Buffer.concat([head, chunk]);
    if (head.length < BOM.length) continue;
    yield head.subarray(0, BOM.length).equals(BOM) ? head.subarray(BOM.length) : head;
    head = null;
  }
  if (head?.length) yield head;
}

const BOM = Buffer.from([0xef, 0xbb, 0xbf]);
const PIECE = 256 * 1024;
/** Of the content: enough to tell what the file is. */
const HEAD = 64 * 1024;

/** What a file should be. */
export interface Form {
  readonly format: Format;
  /** What is wrong with it, by the first characters. */
  readonly faultOf: (head: string) => string | null;
}

/** What a file is, as far as it can be told without reading its rows. */
export interface Inspected {
  /** Why no row can be read, or null. */
  readonly fault: { readonly line: number; readonly value: string; readonly message: string } | null;
  readonly isForeign: boolean;
}

/**
 * Reads a file to its end. A damaged compressed one can't be trusted in any part, because its checksum stands at the end. A file in
 * another form would be a finding on each line, and is one.
 */
export async function inspect(source: Source, { format, faultOf }: Form): Promise<Inspected> {
  const inspected = (message: string | null, line = 1, value = '', isForeign = false): Inspected => ({
    fault: message === null ? null : { line, value, message },
    isForeign,
  });
  const beginning = await bytesAt(source.path, 0, 8);
  if (isCompressed(source) && !begins(beginning, GZIP)) {
    const other = binaryFault(beginning, format);
    const is = beginning.length === 0 ? 'is empty' : (other ?? 'is not compressed. Take .gz off its name');
    return inspected(`is no intact gzip file: it ${is}`, 0);
  }
  const census = new EncodingCensus();
  let head = Buffer.alloc(0);
  let consumed = 0;
  try {
    for await (const chunk of rawContent(source, { consumed: (bytes) => (consumed = bytes) })) {
      if (head.length < HEAD) head = Buffer.concat([head, chunk.subarray(0, HEAD - head.length)]);
      census.add(chunk);
    }
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (!code?.startsWith('Z_')) throw error;
    if (code === 'Z_BUF_ERROR')
      return inspected('the compressed file breaks off here: copy it again', (await linesOf(source)) + 1);
    return inspected('is no intact gzip file: it is damaged. Copy it again', 0);
  }
  if (isCompressed(source) && (await hasMore(source, consumed))) {
    return inspected('is no intact gzip file: something else stands behind the compressed data', 0);
  }
  const marked = head.subarray(0, BOM.length).equals(BOM) ? head.subarray(BOM.length) : head;
  const binary = binaryFault(marked, format);
  const text = marked.toString('utf8');
  const message = binary ?? faultOf(text);
  const isForeign = census.isForeign;
  if (message === null) return inspected(null, 1, '', isForeign);
  const value = binary === null ? ((/^\s*([^\r\n]*)/.exec(text) as RegExpExecArray)[1] as string) : '';
  return inspected(
    isForeign && value !== '' ? `${message}. It is not UTF-8 either: save it as UTF-8` : message,
    1,
    value,
  );
}

/** Whole lines of a compressed file that is cut off. */
async function linesOf(source: Source): Promise<number> {
  let lines = 0;
  for await (const chunk of rawContent(source, { finishFlush: constants.Z_SYNC_FLUSH })) {
    for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, at + 1)) lines++;
  }
  return lines;
}

/** Zero bytes fill up blocks, and say nothing. */
async function hasMore({ path, bytes }: Source, from: number): Promise<boolean> {
  for (let at = from; at < bytes; at += PIECE) {
    if ((await bytesAt(path, at, PIECE)).some((byte) => byte !== 0)) return true;
  }
  return false;
}

async function bytesAt(path: string, position: number, length: number): Promise<Buffer> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, position);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

/** @throws Error when the file is not the one that was checked */
export async function assertUnchanged(source: Source): Promise<void> {
  const stats = await stat(source.path);
  if (stats.size !== source.bytes || stats.mtimeMs !== source.modifiedMs) {
    throw new Error(`${source.path} was changed while it was being imported: run the import again`);
  }
}

function isCompressed(source: Source): boolean {
  return source.name.endsWith('.gz');
}

interface Unpacking {
  /** Told how many bytes of the file were compressed data, when they have been read. */
  readonly consumed?: (bytes: number) => void;
  readonly finishFlush?: number;
}

async function* rawContent(
  source: Source,
  { consumed, finishFlush = constants.Z_FINISH }: Unpacking = {},
): AsyncGenerator<Buffer> {
  const file = createReadStream(source.path, { highWaterMark: PIECE });
  if (!isCompressed(source)) {
    yield* file as AsyncIterable<Buffer>;
    return;
  }
  const gunzip = createGunzip({ chunkSize: PIECE, finishFlush });
  file.on('error', (error) => gunzip.destroy(error));
  try {
    yield* file.pipe(gunzip) as AsyncIterable<Buffer>;
    consumed?.(gunzip.bytesWritten);
  } finally {
    file.destroy();
  }
}

function onFile(file: string, line: number, message: string): Finding {
  return { file, line, column: '', value: '', message };
}

async function statOrNull(path: string): Promise<Stats | null> {
  try {
    return await stat(path);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return null;
    throw error;
  }
}
