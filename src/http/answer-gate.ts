/** How many large answers are made at once, and how much of what was made may wait for slow readers: the others queue. */
import { bounds, Refusal } from '../engine/index.js';
import type { App } from './app-type.js';
import { whenGone } from './gone.js';

/** Each has up to LIST_BYTES of JSON from the database, and several times as much until it is sent. */
const AT_ONCE = 8;
/** An answer of fewer characters is not counted. */
const LARGE = 64 * 1024;
const LONGEST_WAIT_MS = 10_000;
const RETRY_SECONDS = 2;

export class AnswerGate {
  #making = 0;
  #bytes = 0;
  readonly #waiting = new Set<() => void>();

  /** Runs what reads the rows of a list when it is its turn. @throws Refusal overloaded when that does not come in time */
  readonly turn = async <T>(work: () => Promise<T>, longestWaitMs = LONGEST_WAIT_MS): Promise<T> => {
    // Those that wait come first.
    if (this.#waiting.size > 0 || !this.#isOpen) await this.#opened(longestWaitMs);
    else this.#making += 1;
    try {
      return await work();
    } finally {
      this.#making -= 1;
      this.#next();
    }
  };

  /** An answer of so many bytes is on its way. @returns what tells that it has left, or will not */
  sending(bytes: number): () => void {
    this.#bytes += bytes;
    return () => {
      this.#bytes -= bytes;
      bytes = 0;
      this.#next();
    };
  }

  get #isOpen(): boolean {
    return this.#making < AT_ONCE && this.#bytes < bounds.answersBytes;
  }

  #next(): void {
    for (const go of this.#waiting) {
      if (!this.#isOpen) return;
      this.#making += 1;
      go();
    }
  }

  #opened(ms: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const go = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(go);
        resolve();
      };
      const timer = setTimeout(() => {
        this.#waiting.delete(go);
        reject(new Refusal('overloaded', 'Too many large answers are being sent.', [], RETRY_SECONDS));
      }, ms);
      this.#waiting.add(go);
    });
  }
}

/** Counts the answers of the application until they are sent or their readers are gone. */
export function countAnswers(app: App, gate: AnswerGate): void {
  app.addHook('onSend', (_request, reply, payload, done) => {
    if (typeof payload === 'string' && payload.length >= LARGE) whenGone(reply, gate.sending(payload.length));
    done(null, payload);
  });
}
