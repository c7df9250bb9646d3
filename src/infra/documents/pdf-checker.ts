import { Refusal } from '../../core/errors.js';
import { type CheckLimits, CheckProcess } from './check-process.js';
import type { PdfQuestion, PdfVerdict } from './pdf-verdict.js';

export interface PdfCheckerOptions {
  /** Checks at the same moment; processes are started when they are first needed, and stay. */
  readonly processes?: number;
  /** Documents that may wait for a free process before others are sent away. */
  readonly waiting?: number;
  readonly limits?: CheckLimits;
  /** Another program to check with. */
  readonly script?: URL;
}

interface Job {
  readonly question: PdfQuestion;
  readonly resolve: (verdict: PdfVerdict) => void;
  readonly reject: (error: unknown) => void;
}

const OVERLOADED = 'Too many documents are waiting to be checked.';

/** Checks stored PDFs in child processes: whatever a document does to its reader, it does there. */
export class PdfChecker {
  readonly #options: Required<Omit<PdfCheckerOptions, 'script'>> & Pick<PdfCheckerOptions, 'script'>;
  readonly #waiting: Job[] = [];
  readonly #working = new Set<Promise<void>>();
  #busy = 0;
  #idle: CheckProcess[] = [];
  #closed = false;

  constructor(options: PdfCheckerOptions = {}) {
    this.#options = { processes: 2, waiting: 500, limits: { timeMs: 10_000, memoryMb: 512 }, ...options };
  }

  /**
   * Waits for a free process, then at most as long as the limit for one document.
   * @throws Refusal overloaded
   */
  check(question: PdfQuestion): Promise<PdfVerdict> {
    if (this.#closed || this.#waiting.length >= this.#options.waiting) {
      return Promise.reject(new Refusal('overloaded', OVERLOADED));
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ question, resolve, reject });
      if (this.#busy < this.#options.processes) this.#startWorking();
    });
  }

  /** Finishes the checks under way, refuses those that wait, and ends the processes. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const job of this.#waiting.splice(0)) job.reject(new Refusal('overloaded', OVERLOADED));
    await Promise.all(this.#working);
    await Promise.all(this.#idle.map((process) => process.stop()));
    this.#idle = [];
  }

  #startWorking(): void {
    const work = this.#work().finally(() => this.#working.delete(work));
    this.#working.add(work);
  }

  /** Takes jobs with one process, and a new one whenever it is spent, until none waits. */
  async #work(): Promise<void> {
    this.#busy++;
    let process = this.#idle.pop();
    for (let job = this.#waiting.shift(); job; job = this.#waiting.shift()) {
      try {
        if (!process || process.spent) process = await CheckProcess.start(this.#options.limits, this.#options.script);
        job.resolve(await process.check(job.question));
      } catch (error) {
        job.reject(error);
      }
    }
    // In the same step as the look for another job: a job that comes later finds a free place.
    this.#busy--;
    if (process && !process.spent) this.#idle.push(process);
  }
}
