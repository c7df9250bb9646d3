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
  #failure: unknown = null;

  constructor(readonly file: string) {
    this.#draft = `${file}.${process.pid}.part`;
    this.#written = pipeline(this.#pack, createWriteStream(this.#draft, { flags: 'wx', mode: 0o600, flush: true }));
    // The next entry, or the end, reports it.
    this.#written.catch((error: unknown) => (this.#failure = error));
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
    await this.#told(async () => {
      this.#pack.finalize();
      await this.#written;
      await rename(this.#draft, this.file);
      const folder = await open(dirname(this.file), 'r');
      await folder.sync().finally(() => folder.close());
    });
  }

  /** Nothing is left of it. */
  async discard(): Promise<void> {
    this.#pack.destroy();
    await this.#written.catch(() => undefined);
    await rm(this.#draft, { force: true });
  }

  async #entry(name: string, size: number, write: (sink: NodeJS.WritableStream) => Promise<void>): Promise<void> {
    await this.#told(async () => {
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
    });
  }

  /** An error of the file is reported as such; the archive, which ends with it, would only say that it is destroyed. */
  async #told(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (this.#failure === null) {
        this.#pack.destroy(error as Error);
        await this.#written.catch(() => undefined);
        if (this.#failure === null || this.#failure === error) throw error;
      }
      const { message } = this.#failure as Error;
      throw new Error(`${this.file} can not be written: ${message}`, { cause: this.#failure });
    }
  }
}

export function sha256(content: Buffer | string): string {
  return createHash('sha256').update(content).digest('hex');
}
