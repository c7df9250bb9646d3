import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { postgres, Refusal } from '../engine/index.js';
import { SystemFault } from './system-errors.js';
import { type PdfAnswer, type PdfQuestion, type PdfVerdict, TOO_MUCH } from './pdf-verdict.js';

export interface CheckLimits {
  /** That the process may compute for one document. */
  readonly cpuMs: number;
  /** How long an upload waits for its verdict, however busy the machine is. Reaching this says nothing about the document. */
  readonly timeMs: number;
  /** Of the whole process. */
  readonly memoryMb: number;
}

const START_MS = 30_000;

/** The checking process ended by what is no limit of ours: that tells nothing about the document. */
export class CheckerDied extends Error {
  override readonly name = 'CheckerDied';
}

/** One child process that checks one PDF after the other, until it is spent: then it has ended or is about to. */
export class CheckProcess {
  readonly #child: ChildProcess;
  readonly #limits: CheckLimits;
  readonly #ended: Promise<void>;
  #spent = false;
  #overLimit = false;

  private constructor(child: ChildProcess, limits: CheckLimits) {
    this.#child = child;
    this.#limits = limits;
    this.#ended = new Promise((resolve) => {
      const end = (): void => {
        this.#spent = true;
        resolve();
      };
      child.once('exit', (_code, signal) => {
        this.#overLimit ||= signal === TOO_MUCH;
        end();
      });
      child.on('error', () => {
        // A process that could not be made has no exit; one that can't be sent to is of no use.
        if (child.pid === undefined) end();
        else child.kill('SIGKILL');
      });
    });
  }

  /** @throws CheckerDied when no process can be started */
  static async start(limits: CheckLimits, script = new URL('./pdf-check.js', import.meta.url)): Promise<CheckProcess> {
    const child = fork(fileURLToPath(script), [String(limits.memoryMb * 1024 * 1024), String(limits.cpuMs)], {
      env: {},
      // Ctrl-C and a supervisor send signals to our whole group. The process ends with us instead.
      detached: true,
      execArgv: [
        // Higher than the watch over the whole process, which tells a document that is too large from a fault.
        `--max-old-space-size=${limits.memoryMb}`,
        '--no-addons',
        '--disallow-code-generation-from-strings',
      ],
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    // Nobody waits for an upload as they do for other answers.
    if (child.pid !== undefined) postgres.giveWay(child.pid);
    const process = new CheckProcess(child, limits);
    const timer = setTimeout(() => child.kill('SIGKILL'), START_MS);
    const abort = new AbortController();
    const ready = once(child, 'message', { signal: abort.signal }).catch(() => undefined);
    await Promise.race([ready, process.#ended]);
    clearTimeout(timer);
    abort.abort();
    if (process.#spent) throw new CheckerDied('the process that checks PDFs does not start');
    return process;
  }

  /** True once it takes no more questions. */
  get spent(): boolean {
    return this.#spent;
  }

  /**
   * A document that takes more computing or memory than the limits is damaged.
   * @throws Refusal overloaded when there is no verdict in time
   * @throws CheckerDied when the process ends otherwise
   * @throws SystemFault when the document can't be read from the disk
   */
  async check(question: PdfQuestion): Promise<PdfVerdict> {
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      this.#child.kill('SIGKILL');
    }, this.#limits.timeMs);
    const abort = new AbortController();
    try {
      const answered = once(this.#child, 'message', { signal: abort.signal }) as Promise<[PdfAnswer]>;
      this.#child.send(question);
      const answer = await Promise.race([answered, this.#ended.then(() => null)]);
      if (!answer) {
        if (this.#overLimit) return 'damaged';
        if (isLate) throw new Refusal('overloaded', 'The document could not be checked in time.');
        throw new CheckerDied('the process that checks PDFs died');
      }
      if ('failed' in answer[0]) throw new SystemFault(`the PDF can't be checked: ${answer[0].failed}`);
      if (answer[0].spent) await this.stop();
      return answer[0].verdict;
    } finally {
      clearTimeout(timer);
      abort.abort();
    }
  }

  /** Resolves when the process has ended. */
  async stop(): Promise<void> {
    this.#spent = true;
    this.#child.kill('SIGKILL');
    await this.#ended;
  }
}
