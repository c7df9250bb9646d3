import { Refusal } from '../engine/index.js';
import { CheckerDied, type CheckLimits, CheckProcess } from './check-process.js';
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

/** The process that one of those who work checks with, if it has one. */
interface Own {
  process: CheckProcess | undefined;
}

/** For documents of up to so many bytes, of which the check holds several copies. */
export function checkLimits(maxBytes: number): CheckLimits {
  return { cpuMs: 10_000, timeMs: 60_000, memoryMb: Math.max(512, Math.ceil((8 * maxBytes) / (1024 * 1024))) };
}

const OVERLOADED = 'Too many documents are waiting to be checked.';
const DIED = 'The process that checks documents died.';
/** How often a document is checked whose checking process died of something else. */
const TRIES = 3;

/** Checks stored PDFs in child processes: whatever a document does to its reader, it does there. */
export class PdfChecker {
  readonly #options: Required<Omit<PdfCheckerOptions, 'script'>> & Pick<PdfCheckerOptions, 'script'>;
  readonly #waiting: Job[] = [];
  readonly #working = new Set<Promise<void>>();
  #busy = 0;
  #idle: CheckProcess[] = [];
  #closed = false;

  constructor(options: PdfCheckerOptions = {}) {
    this.#options = {
      processes: 2,
      waiting: 500,
      limits: checkLimits(0),
      ...options,
    };
  }

  /**
   * Waits for a free process, then at most as long as the limit for one document. A check whose process dies is tried again.
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
    const own: Own = { process: this.#idle.pop() };
    for (let job = this.#waiting.shift(); job; job = this.#waiting.shift()) {
      await this.#check(job.question, own).then(job.resolve, job.reject);
    }
    // In the same step as the look for another job: a job that comes later finds a free place.
    this.#busy--;
    if (own.process && !own.process.spent) this.#idle.push(own.process);
  }

  async #check(question: PdfQuestion, own: Own): Promise<PdfVerdict> {
    for (let tries = 1; ; tries++) {
      try {
        if (!own.process || own.process.spent) {
          own.process = await CheckProcess.start(this.#options.limits, this.#options.script);
        }
        return await own.process.check(question);
      } catch (error) {
        if (!(error instanceof CheckerDied)) throw error;
        if (tries >= TRIES) throw new Refusal('overloaded', DIED);
      }
    }
  }
}
