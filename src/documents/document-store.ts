import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { type FileHandle, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline, type Readable, Transform, type TransformCallback } from 'node:stream';
import { isSystemFault } from './system-errors.js';
import { documentBytes, DocumentUnreadable, FrameOpener, FrameSealer } from './frames.js';

/** A document's bytes as they come. `truncated`, read at the end: the sender had more than it was allowed to send. */
export type DocumentSource = AsyncIterable<Buffer> & { readonly truncated?: boolean | undefined };

export interface StoredDocument {
  readonly document_id: string;
  readonly bytes: number;
  /** Of the document in the clear, 64 hex digits. */
  readonly sha256: string;
  /** 32 bytes, base64url. Nothing else opens the document. */
  readonly key: string;
}

export class DocumentTooLarge extends Error {
  override readonly name = 'DocumentTooLarge';
  constructor(readonly maxBytes: number) {
    super(`the document has more than ${maxBytes} bytes`);
  }
}

/** None where there is no such folder. */
async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return [];
    throw error;
  }
}

const PIECE = 64 * 1024;
const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/;

/** Documents as encrypted files `<dir>/<two digits>/<document id>`, each under a random id and with a key of its own. */
export class DocumentStore {
  readonly #dir: string;

  constructor(dir: string) {
    this.#dir = dir;
  }

  /**
   * Stores a document; when this resolves it is on the disk to stay, and when it rejects nothing is left of it.
   * @throws DocumentTooLarge, and whatever the source throws
   */
  async write(source: DocumentSource, options: { readonly maxBytes: number }): Promise<StoredDocument> {
    const document_id = randomUUID();
    const path = this.path(document_id);
    const unfinished = `${path}.part`;
    const key = randomBytes(32);
    await this.#makeFolder(dirname(path));
    try {
      const { bytes, sha256 } = await writeSealed(
        unfinished,
        source,
        new FrameSealer(document_id, key),
        options.maxBytes,
      );
      await rename(unfinished, path);
      await syncFolder(dirname(path));
      return { document_id, bytes, sha256, key: key.toString('base64url') };
    } catch (error) {
      await rm(unfinished, { force: true });
      await rm(path, { force: true });
      throw error;
    }
  }

  /**
   * Opens a document. Its bytes are decrypted as they are pulled; a reader that does not want them all destroys the stream.
   * The whole document is checked first: a response that has begun can't become an error.
   * @throws DocumentUnreadable if it is missing, cut or changed; and what the system says if it can't be opened now
   */
  async read(documentId: string, key: string): Promise<{ readonly bytes: number; readonly content: Readable }> {
    const opener = (): FrameOpener => new FrameOpener(documentId, Buffer.from(key, 'base64url'));
    const file = await openForReading(this.path(documentId), documentId);
    try {
      await checkWhole(file, opener());
      const { size } = await file.stat();
      const content = new Opening(opener());
      // Either stream's end or failure closes the other one and the file; the reader sees it in `content`.
      pipeline(file.createReadStream({ start: 0, highWaterMark: PIECE }), content, () => undefined);
      return { bytes: documentBytes(size), content };
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** Reads a document to its end. @throws as `read` does */
  async check(documentId: string, key: string): Promise<void> {
    const opener = new FrameOpener(documentId, Buffer.from(key, 'base64url'));
    const file = await openForReading(this.path(documentId), documentId);
    try {
      await checkWhole(file, opener);
    } finally {
      await file.close();
    }
  }

  /** A document as it is stored, for a backup; null if it is not there. What is opened can be read though it is removed. */
  async readStored(documentId: string): Promise<{ readonly bytes: number; readonly content: Readable } | null> {
    try {
      const file = await open(this.path(documentId), 'r');
      return { bytes: (await file.stat()).size, content: file.createReadStream({ highWaterMark: PIECE }) };
    } catch (error) {
      if (isMissing(error)) return null;
      throw error;
    }
  }

  /** Puts back what `readStored` gave; on the disk when this resolves. One that is there is replaced. */
  async writeStored(documentId: string, content: AsyncIterable<Buffer>): Promise<void> {
    const path = this.path(documentId);
    const unfinished = `${path}.part`;
    await this.#makeFolder(dirname(path));
    try {
      // One that was killed may have left its own.
      const file = await open(unfinished, 'w', 0o600);
      try {
        for await (const piece of content) await writeAll(file, [piece]);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(unfinished, path);
      await syncFolder(dirname(path));
    } catch (error) {
      await rm(unfinished, { force: true });
      throw error;
    }
  }

  async has(documentId: string): Promise<boolean> {
    return (await stat(this.path(documentId)).catch(() => null)) !== null;
  }

  /** The ids of all documents that are there, a folder at a time. */
  async *list(): AsyncGenerator<readonly string[]> {
    for (const folder of (await namesIn(this.#dir)).sort()) {
      const ids = (await namesIn(join(this.#dir, folder))).filter((name) => UUID.test(name));
      if (ids.length > 0) yield ids;
    }
  }

  /** Removes a document; one that is not there is as good as removed. */
  async remove(documentId: string): Promise<void> {
    const path = this.path(documentId);
    await rm(path, { force: true });
    await syncFolder(dirname(path)).catch((error: unknown) => {
      if (!isMissing(error)) throw error;
    });
  }

  /** Where the document lies. @throws TypeError unless the id is a UUID in lower case: nothing else becomes a path */
  path(documentId: string): string {
    if (!UUID.test(documentId)) throw new TypeError('a document id is a UUID');
    return join(this.#dir, documentId.slice(0, 2), documentId);
  }

  async #makeFolder(folder: string): Promise<void> {
    const first = await mkdir(folder, { recursive: true, mode: 0o700 });
    if (first !== undefined) await syncFolder(dirname(folder));
  }
}

async function writeSealed(
  path: string,
  source: DocumentSource,
  sealer: FrameSealer,
  maxBytes: number,
): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash('sha256');
  let bytes = 0;
  const file = await open(path, 'wx', 0o600);
  try {
    for await (const piece of source) {
      bytes += piece.length;
      if (bytes > maxBytes) throw new DocumentTooLarge(maxBytes);
      hash.update(piece);
      await writeAll(file, sealer.add(piece));
    }
    if (source.truncated) throw new DocumentTooLarge(maxBytes);
    await writeAll(file, [sealer.end()]);
    await file.sync();
  } finally {
    await file.close();
  }
  return { bytes, sha256: hash.digest('hex') };
}

async function writeAll(file: FileHandle, parts: readonly Buffer[]): Promise<void> {
  // writeFile on a handle goes on from where the last one ended, and writes all of it.
  for (const part of parts) await file.writeFile(part);
}

async function openForReading(path: string, documentId: string): Promise<FileHandle> {
  try {
    return await open(path, 'r');
  } catch (cause) {
    if (isSystemFault(cause)) throw cause;
    throw new DocumentUnreadable(isMissing(cause) ? `there is no document ${documentId}` : NO_FILE, { cause });
  }
}

const NO_FILE = 'what is stored in place of the document is no file';

/** @throws DocumentUnreadable, and what the system says */
async function checkWhole(file: FileHandle, opener: FrameOpener): Promise<void> {
  const stored = file.createReadStream({ start: 0, highWaterMark: PIECE, autoClose: false });
  try {
    for await (const piece of stored as AsyncIterable<Buffer>) opener.add(piece);
    opener.end();
  } catch (cause) {
    if (cause instanceof DocumentUnreadable || isSystemFault(cause)) throw cause;
    throw new DocumentUnreadable(NO_FILE, { cause });
  }
}

/** Makes a new or removed name in a folder survive a loss of power. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

class Opening extends Transform {
  constructor(private readonly opener: FrameOpener) {
    super();
  }

  override _transform(piece: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    attempt(done, () => {
      for (const plain of this.opener.add(piece)) this.push(plain);
    });
  }

  override _flush(done: TransformCallback): void {
    attempt(done, () => {
      this.push(this.opener.end());
    });
  }
}

function attempt(done: TransformCallback, step: () => void): void {
  try {
    step();
    done();
  } catch (error) {
    done(error as Error);
  }
}
