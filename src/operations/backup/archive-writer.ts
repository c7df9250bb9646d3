import { createHash, type Hash } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { pack, type Pack } from 'tar-stream';

/** A tar file that appears under its name when it is whole and on the disk; only its owner may read it. */
export class ArchiveWriter {
  readonly #pack: Pack = pack();
  readonly #draft: string;
  readonly #written: Promise<void>;
  readonly #mtime = new Date();

  constructor(readonly file: string) {
    this.#draft = `${file}.${process.pid}.part`;
    this.#written = pipeline(this.#pack, createWriteStream(this.#draft, { flags: 'wx', mode: 0o600, flush: true }));
    // Whoever adds something, or ends it, is told.
    this.#written.catch(() => undefined);
  }

  async add(name: string, content: Buffer): Promise<void> {
    await this.#entry(name, content.length, (sink) => {
      sink.end(content);
      return Promise.resolve();
    });
  }

  /** @param digest takes in what is written as well */
  async addStream(name: string, bytes: number, content: AsyncIterable<Buffer>, digest: Hash): Promise<void> {
    await this.#entry(name, bytes, async (sink) => {
      for await (const piece of content) {
        digest.update(piece);
        if (!sink.write(piece)) await Promise.race([once(sink, 'drain'), this.#written]);
      }
      sink.end();
    });
  }

  /** Ends the file, syncs it, and gives it its name. */
  async finish(): Promise<void> {
    this.#pack.finalize();
    await this.#written;
    await rename(this.#draft, this.file);
    const folder = await open(dirname(this.file), 'r');
    await folder.sync().finally(() => folder.close());
  }

  /** Nothing is left of it. */
  async discard(): Promise<void> {
    this.#pack.destroy();
    await this.#written.catch(() => undefined);
    await rm(this.#draft, { force: true });
  }

  async #entry(name: string, size: number, write: (sink: NodeJS.WritableStream) => Promise<void>): Promise<void> {
    const taken = new Promise<void>((resolve, reject) => {
      const header = { name, size, mode: 0o600, mtime: this.#mtime };
      const sink = this.#pack.entry(header, (error) => {
        if (error) reject(error);
        else resolve();
      });
      write(sink).catch(reject);
    });
    // A disk that is full ends the file, and nothing is taken any more.
    await Promise.race([taken, this.#written]);
  }
}

export function sha256(content: Buffer | string): string {
  return createHash('sha256').update(content).digest('hex');
}
