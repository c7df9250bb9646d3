import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { type FileHandle, open, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline, type Readable, Transform, type TransformCallback } from 'node:stream';
import { type DocumentStorage, DocumentsUnavailable } from './document-storage.js';
import { makeFolder, namesIn } from './folder-storage.js';
import { documentBytes, DocumentUnreadable, FrameOpener, FrameSealer } from './frames.js';
import { isSystemFault } from './system-errors.js';

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

/** A document that has come in whole and is not stored yet. */
export interface DraftDocument extends StoredDocument {
  /** Of its encrypted form. */
  readonly path: string;
}

export interface WriteOptions {
  readonly maxBytes: number;
  /** Looks at the document before it is stored; when this rejects, nothing of the document is left. */
  readonly accept?: (draft: DraftDocument) => Promise<void>;
}

export class DocumentTooLarge extends Error {
  override readonly name = 'DocumentTooLarge';
  constructor(readonly maxBytes: number) {
    super(`the document has more than ${maxBytes} bytes`);
  }
}

const PIECE = 64 * 1024;
const DRAFT = '.part';

/** Encrypted documents, each under a random id and with a key of its own. */
export class DocumentStore {
  readonly #drafts: string;
  readonly #storage: DocumentStorage;

  /** @param drafts a folder for documents on their way; on the same disk as the storage if that is a folder */
  constructor(drafts: string, storage: DocumentStorage) {
    this.#drafts = drafts;
    this.#storage = storage;
  }

  /**
   * Stores a document; when this resolves it is there to stay, and when it rejects nothing is left of it, unless the storage
   * fails at removing it too. The sweep finds such a document.
   * @throws DocumentTooLarge, DocumentsUnavailable, and whatever the source or `accept` throws
   */
  async write(source: DocumentSource, { maxBytes, accept }: WriteOptions): Promise<StoredDocument> {
    return this.draft(source, maxBytes, async (draft) => {
      await accept?.(draft);
      const { path, ...document } = draft;
      await this.#keep(document.document_id, path);
      return document;
    });
  }

  /** Only lets somebody look at a document; nothing of it is left. @throws DocumentTooLarge, and whatever either of them throws */
  async draft<T>(source: DocumentSource, maxBytes: number, look: (draft: DraftDocument) => Promise<T>): Promise<T> {
    const document_id = randomUUID();
    const key = randomBytes(32);
    return this.#drafted(document_id, async (path) => {
      const written = await writeSealed(path, source, new FrameSealer(document_id, key), maxBytes);
      return look({ document_id, ...written, key: key.toString('base64url'), path });
    });
  }

  /**
   * Opens a document. Its bytes are decrypted as they are pulled; a reader that does not want them all destroys the stream.
   * The whole document is checked first: a response that has begun can't become an error.
   * @throws DocumentUnreadable if it is missing, cut or changed; and what the system says if it can't be opened now
   */
  async read(documentId: string, key: string): Promise<{ readonly bytes: number; readonly content: Readable }> {
    const opener = (): FrameOpener => new FrameOpener(documentId, Buffer.from(key, 'base64url'));
    const file = await this.#open(documentId);
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
    const file = await this.#open(documentId);
    try {
      await checkWhole(file, opener);
    } finally {
      await file.close();
    }
  }

  /** Whether a document is there and opens. @throws what the system says if that can't be told now */
  async opens(documentId: string, key: string): Promise<boolean> {
    try {
      await this.check(documentId, key);
      return true;
    } catch (error) {
      if (error instanceof DocumentUnreadable) return false;
      throw error;
    }
  }

  /** A document as it is stored, for a backup; null if it is not there. What is opened can be read though it is removed. */
  async readStored(documentId: string): Promise<{ readonly bytes: number; readonly content: Readable } | null> {
    const file = await this.#storage.open(documentId);
    return file && { bytes: (await file.stat()).size, content: file.createReadStream({ highWaterMark: PIECE }) };
  }

  /** Puts back what `readStored` gave; there to stay when this resolves. One that is there is replaced. */
  async writeStored(documentId: string, content: AsyncIterable<Buffer>): Promise<void> {
    await this.#drafted(documentId, async (path) => {
      // One that was killed may have left its own.
      const file = await open(path, 'w', 0o600);
      try {
        for await (const piece of content) await writeAll(file, [piece]);
        await file.sync();
      } finally {
        await file.close();
      }
      await this.#storage.keep(documentId, path);
    });
  }

  async has(documentId: string): Promise<boolean> {
    return this.#storage.has(documentId);
  }

  /** The ids of all documents in pages; only of those stored before a time if one is given. */
  list(options: { readonly before?: Date } = {}): AsyncIterable<readonly string[]> {
    return this.#storage.list(options);
  }

  /** Removes a document; one that is not there is as good as removed. */
  async remove(documentId: string): Promise<void> {
    await this.#storage.remove(documentId);
  }

  /** Removes what uploads left behind that ended with their process. @returns how many */
  async removeDrafts({ before }: { readonly before: Date }): Promise<number> {
    let removed = 0;
    for (const name of await namesIn(this.#drafts)) {
      const path = join(this.#drafts, name);
      const found = name.endsWith(DRAFT) ? await stat(path).catch(() => null) : null;
      if (!found || found.mtime >= before) continue;
      await rm(path, { force: true });
      removed += 1;
    }
    return removed;
  }

  /** Rejects with the reason when documents can't be stored, read and removed now. */
  async reach(): Promise<void> {
    await makeFolder(this.#drafts);
    await this.#storage.check();
  }

  async #drafted<T>(documentId: string, work: (path: string) => Promise<T>): Promise<T> {
    const path = join(this.#drafts, `${documentId}${DRAFT}`);
    await makeFolder(this.#drafts);
    try {
      return await work(path);
    } finally {
      await rm(path, { force: true });
    }
  }

  async #keep(documentId: string, path: string): Promise<void> {
    try {
      await this.#storage.keep(documentId, path);
    } catch (error) {
      await this.#storage.remove(documentId).catch(() => undefined);
      throw error;
    }
  }

  async #open(documentId: string): Promise<FileHandle> {
    const file = await this.#storage.open(documentId).catch((cause: unknown) => {
      if (isPassing(cause)) throw cause;
      throw new DocumentUnreadable(NO_FILE, { cause });
    });
    if (!file) throw new DocumentUnreadable(`there is no document ${documentId}`);
    return file;
  }
}

/** What another try may mend. */
function isPassing(error: unknown): boolean {
  return error instanceof DocumentsUnavailable || error instanceof TypeError || isSystemFault(error);
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
