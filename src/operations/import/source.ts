import { createReadStream, type Stats } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { constants, createGunzip } from 'node:zlib';
import { WrongUse } from '../output.js';
import type { Finding } from './finding.js';

export const IMPORT_FILES = ['categories.csv', 'products.csv', 'users.csv', 'orders.ndjson'] as const;
export type ImportFile = (typeof IMPORT_FILES)[number];

/** One file of an import folder. */
export interface Source {
  /** As it stands in the folder: with `.gz` where it is compressed. */
  readonly name: string;
  readonly path: string;
  readonly bytes: number;
  readonly modifiedMs: number;
}

export type Sources = Partial<Record<ImportFile, Source>>;

/**
 * Which import files the folder has; others are ignored.
 * @throws WrongUse when there is no such folder or nothing to import in it
 */
export async function locateSources(dir: string, findings: Finding[]): Promise<Sources> {
  if (!(await statOrNull(dir))?.isDirectory()) throw new WrongUse(`${dir} is not a folder`);
  const sources: Sources = {};
  for (const file of IMPORT_FILES) {
    const present: Source[] = [];
    for (const name of [file, `${file}.gz`]) {
      const path = join(dir, name);
      const stats = await statOrNull(path);
      if (!stats) continue;
      if (!stats.isFile()) throw new WrongUse(`${path} is not a file`);
      present.push({ name, path, bytes: stats.size, modifiedMs: stats.mtimeMs });
    }
    const [only, second] = present;
    if (second) findings.push(onFile(second.name, 0, `stands beside ${file}: only one of the two can be meant`));
    if (only) sources[file] = only;
  }
  if (Object.keys(sources).length === 0) {
    throw new WrongUse(`${dir} holds none of ${IMPORT_FILES.join(', ')} (or these with .gz)`);
  }
  return sources;
}

/** The content, decompressed, without a byte order mark. @throws what zlib throws for damaged data */
export async function* contentOf(source: Source): AsyncGenerator<Buffer> {
  const file = createReadStream(source.path, { highWaterMark: 256 * 1024 });
  let head: Buffer | null = Buffer.alloc(0);
  for await (const chunk of isCompressed(source) ? decompressed(file) : file) {
    if (head === null) {
      yield chunk as Buffer;
      continue;
    }
    head = Buffer.concat([head, chunk as Buffer]);
    if (head.length < BOM.length) continue;
    yield head.subarray(0, BOM.length).equals(BOM) ? head.subarray(BOM.length) : head;
    head = null;
  }
  if (head?.length) yield head;
}

/**
 * Reads a compressed file to its end. A damaged one can't be trusted in any part, because its checksum stands at the end:
 * it is refused before a row of it is looked at.
 * @returns what is wrong, on the line that can't be read any more, or null
 */
export async function findDamage(source: Source): Promise<Finding | null> {
  if (!isCompressed(source)) return null;
  try {
    await countLines(source, constants.Z_FINISH);
    return null;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (!code?.startsWith('Z_')) throw error;
    const truncated = code === 'Z_BUF_ERROR';
    const line = truncated ? (await countLines(source, constants.Z_SYNC_FLUSH)) + 1 : 0;
    return onFile(source.name, line, truncated ? 'the compressed file breaks off here' : 'is no intact gzip file');
  }
}

/** @throws Error when the file is not the one that was checked */
export async function assertUnchanged(source: Source): Promise<void> {
  const stats = await stat(source.path);
  if (stats.size !== source.bytes || stats.mtimeMs !== source.modifiedMs) {
    throw new Error(`${source.path} was changed while it was being imported: run the import again`);
  }
}

const BOM = Buffer.from([0xef, 0xbb, 0xbf]);

function isCompressed(source: Source): boolean {
  return source.name.endsWith('.gz');
}

function decompressed(file: Readable): Readable {
  const gunzip = createGunzip({ chunkSize: 256 * 1024 });
  file.on('error', (error) => gunzip.destroy(error));
  gunzip.on('close', () => file.destroy());
  return file.pipe(gunzip);
}

async function countLines(source: Source, finishFlush: number): Promise<number> {
  let lines = 0;
  await pipeline(
    createReadStream(source.path),
    createGunzip({ finishFlush, chunkSize: 256 * 1024 }),
    async (chunks: AsyncIterable<Buffer>) => {
      for await (const chunk of chunks) {
        for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, at + 1)) lines++;
      }
    },
  );
  return lines;
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
