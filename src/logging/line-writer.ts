/** Writes log lines without ever waiting for their reader. */
import { constants, fstatSync, openSync, writeSync } from 'node:fs';
import { isatty } from 'node:tty';

/** What may wait for a slow reader. */
const MOST_BYTES = 1024 * 1024;
const RETRY_MS = 50;

/**
 * A full disk, a pipe that is closed or not read, and a stopped terminal cost log lines, never the process nor its time. Lost lines
 * are counted, and one line tells of them when writing works again.
 */
export class LineWriter {
  readonly #own: number | null;
  readonly #waiting: Buffer[] = [];
  #bytes = 0;
  #untold = 0;
  #lost = 0;
  /** The output ends in the middle of a line. */
  #isCut = false;
  #timer: NodeJS.Timeout | null = null;

  /** @param notice the line that tells of lost ones */
  constructor(
    private readonly stream: 1 | 2,
    private readonly notice: (lost: number) => string,
  ) {
    this.#own = withoutBlocking(stream);
  }

  /** Lines lost so far. */
  get lost(): number {
    return this.#lost;
  }

  /** @param line with its line end */
  write(line: string): void {
    const bytes = Buffer.from(line);
    // A line that comes after lost ones comes after the notice of them too.
    const isShut = this.#untold > 0 && !this.#flush();
    if (isShut || (this.#bytes > 0 && this.#bytes + bytes.length > MOST_BYTES)) {
      this.#lose(1);
      return;
    }
    this.#waiting.push(bytes);
    this.#bytes += bytes.length;
    this.#flush();
  }

  /** Tries once more to write what waits. The file stays open: a late line must not get into another file. */
  close(): void {
    this.#flush();
  }

  /** @returns whether everything is written */
  #flush(): boolean {
    try {
      for (let line = this.#waiting[0]; line; line = this.#waiting[0]) {
        const written = this.#put(line);
        this.#bytes -= written;
        if (written === line.length) this.#waiting.shift();
        else this.#waiting[0] = line.subarray(written);
      }
      if (this.#untold > 0) this.#tell();
      return this.#waiting.length === 0;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') this.#tryLater();
      else this.#lose(this.#waiting.splice(0).length);
      return false;
    }
  }

  #tell(): void {
    const notice = Buffer.from((this.#isCut ? '\n' : '') + this.notice(this.#untold));
    const written = this.#put(notice);
    this.#untold = 0;
    if (written === notice.length) return;
    this.#waiting.push(notice.subarray(written));
    this.#bytes += notice.length - written;
  }

  #put(line: Buffer): number {
    const written = writeSync(this.#own ?? this.stream, line);
    this.#isCut = written < line.length;
    return written;
  }

  #lose(lines: number): void {
    if (this.#waiting.length === 0) this.#bytes = 0;
    this.#lost += lines;
    this.#untold += lines;
  }

  #tryLater(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      this.#flush();
    }, RETRY_MS).unref();
  }
}

/**
 * A terminal or pipe opened once more, not to block: for us alone, as other processes may write to it as well. Null for anything
 * else: a file does not block, and Node's own stream has set a socket not to.
 */
function withoutBlocking(stream: 1 | 2): number | null {
  try {
    if (isatty(stream) || fstatSync(stream).isFIFO()) {
      return openSync(`/proc/self/fd/${stream}`, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
    }
  } catch {
    // There is no such file system, or the pipe has no reader any more.
  }
  return null;
}
