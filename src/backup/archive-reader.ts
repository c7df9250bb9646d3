import { createReadStream } from 'node:fs';
import { extract } from 'tar-stream';
import { WrongUse } from '../commands/output.js';

export interface ArchiveEntry {
  readonly name: string;
  readonly bytes: number;
  /** To be read, or left, before the next entry is asked for. */
  readonly content: AsyncIterable<Buffer>;
}

/** The entries of a tar file in their order. @throws WrongUse for a file that is none, can't be read, or is cut off */
export async function* entriesOf(file: string): AsyncGenerator<ArchiveEntry> {
  const source = createReadStream(file, { highWaterMark: 1024 * 1024 });
  const archive = extract();
  source.on('error', (error) => archive.destroy(error));
  source.pipe(archive);
  let isArchive = false;
  try {
    for await (const entry of archive) {
      isArchive = true;
      const { name, size, type } = entry.header;
      if (type !== 'file') throw new WrongUse(`${file} is no backup of Orderlog: it holds ${name}, a ${type}`);
      yield { name, bytes: size, content: piecesOf(entry, file) };
      // What is left of an entry stands before the next one.
      entry.resume();
    }
  } catch (error) {
    throw explained(error, file, isArchive);
  } finally {
    source.destroy();
    archive.destroy();
  }
}

async function* piecesOf(entry: AsyncIterable<unknown>, file: string): AsyncGenerator<Buffer> {
  try {
    for await (const piece of entry) yield piece as Buffer;
  } catch (error) {
    throw explained(error, file);
  }
}

export async function contentOf({ content, bytes }: ArchiveEntry, most: number): Promise<Buffer> {
  if (bytes > most) throw new RangeError(`an entry of ${bytes} bytes`);
  const pieces: Buffer[] = [];
  for await (const piece of content) pieces.push(piece);
  return Buffer.concat(pieces);
}

/** @param isArchive it has begun as one: then what is missing has been cut off */
function explained(error: unknown, file: string, isArchive = true): unknown {
  if (error instanceof WrongUse) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  // The latter is what an entry says whose file ends before it does.
  if (message.startsWith('Unexpected end') || code === 'STREAM_DESTROYED') {
    const what = isArchive ? 'is cut off' : 'is no backup of Orderlog, or is cut off';
    return new WrongUse(`${file} ${what}: fetch it again, or name another file`);
  }
  if (code !== undefined && code.startsWith('E')) return new WrongUse(`${file} can not be read (${code})`);
  if (message.startsWith('Invalid tar header'))
    return new WrongUse(`${file} is no backup of Orderlog, or is damaged: ${message}`);
  return error;
}
