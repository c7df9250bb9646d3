import { Presets, SingleBar } from 'cli-progress';
import type { Progress } from '../engine/index.js';
import { Outlet, terminal, type TerminalStream } from './outlet.js';

/** For work that is over at once. */
export const noProgress: Progress = { start: () => undefined, advance: () => undefined, stop: () => undefined };

const LINE_EVERY_MS = 3_000;

const TELL_EVERY_MS = 250;

/**
 * On a terminal a bar with rate and time left; elsewhere a line every few seconds. Never on standard output. A command that was
 * started as a child of ours tells its parent instead.
 */
export function showProgress(stream: TerminalStream = terminal, lineEveryMs = LINE_EVERY_MS): Progress {
  if (stream.isTTY) return new ProgressBar(stream);
  const isOurChild = stream === terminal && process.send !== undefined;
  return isOurChild ? new ProgressMessages() : new ProgressLines(stream, lineEveryMs);
}

/** For `src/ops/jobs/command-runner.ts`. */
class ProgressMessages implements Progress {
  #what = '';
  #total: number | null = null;
  #done = 0;
  #begun = 0;
  #told = 0;

  start(what: string, total: number | null): void {
    this.#what = what;
    this.#total = total;
    this.#done = 0;
    this.#begun = performance.now();
    this.#tell();
  }

  advance(by = 1): void {
    this.#done += by;
    if (performance.now() - this.#told >= TELL_EVERY_MS) this.#tell();
  }

  stop(): void {
    if (this.#what !== '') this.#tell();
  }

  #tell(): void {
    this.#told = performance.now();
    const seconds = (this.#told - this.#begun) / 1_000;
    // The parent may be gone: then this process ends as well.
    process.send?.({ progress: { what: this.#what, done: this.#done, total: this.#total, seconds } }, () => undefined);
  }
}

class ProgressLines implements Progress {
  readonly #outlet: Outlet;
  #what = '';
  #total: number | null = null;
  #done = 0;
  #begun = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    stream: TerminalStream,
    private readonly everyMs: number,
  ) {
    this.#outlet = new Outlet(stream);
  }

  start(what: string, total: number | null): void {
    this.stop();
    this.#what = what;
    this.#total = total;
    this.#done = 0;
    this.#begun = performance.now();
    this.#timer = setInterval(() => this.#print(), this.everyMs).unref();
  }

  advance(by = 1): void {
    this.#done += by;
  }

  stop(): void {
    if (!this.#timer) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#print();
  }

  #print(): void {
    const seconds = (performance.now() - this.#begun) / 1000;
    this.#outlet.write(`${progressLine(this.#what, this.#done, this.#total, seconds)}\n`);
  }
}

/** `orders: 1200 of 5000, 400/s, 10 s left` */
export function progressLine(what: string, done: number, total: number | null, seconds: number): string {
  const rate = seconds > 0 ? done / seconds : 0;
  const of = total === null ? '' : ` of ${total}`;
  const ended = total !== null && done >= total;
  const left = total === null || ended || rate === 0 ? '' : `, ${Math.ceil((total - done) / rate)} s left`;
  return `${what}: ${done}${of}, ${Math.round(rate)}/s${left}`;
}

class ProgressBar implements Progress {
  #bar: SingleBar | undefined;
  #begun = 0;
  #done = 0;

  constructor(private readonly stream: TerminalStream) {}

  start(what: string, total: number | null): void {
    this.stop();
    this.#begun = performance.now();
    this.#done = 0;
    const format =
      total === null ? `${what}  {value}  {rate}/s` : `${what} {bar} {value}/{total}  {rate}/s  {eta_formatted} left`;
    this.#bar = new SingleBar(
      { stream: this.stream, format, etaBuffer: 1000, hideCursor: true },
      Presets.shades_classic,
    );
    this.#bar.start(total ?? 0, 0, { rate: 0 });
  }

  advance(by = 1): void {
    this.#done += by;
    const seconds = (performance.now() - this.#begun) / 1000;
    this.#bar?.update(this.#done, { rate: Math.round(this.#done / Math.max(seconds, 0.001)) });
  }

  stop(): void {
    this.#bar?.stop();
    this.#bar = undefined;
  }
}
