import type { FastifyReply } from 'fastify';
import { setTimeout as sleep } from 'node:timers/promises';
import type { App } from './app-type.js';
import { whenGone } from './gone.js';
import { Problem } from './problem.js';

/** Of the five seconds that a process has to end, what follows the requests needs some. */
const LONGEST_MS = 3_000;

/** Ends an application without cutting off what is under way. */
export class Drain {
  #underWay = 0;
  #isDraining = false;
  #idle: (() => void) | null = null;
  readonly #ending = new AbortController();

  constructor(readonly longestMs = LONGEST_MS) {}

  /** Aborted when the end begins: answers that would stay open end then. */
  get ending(): AbortSignal {
    return this.#ending.signal;
  }

  /** Counts a request. @throws Problem overloaded for one that comes too late */
  enter(reply: FastifyReply): void {
    if (this.#isDraining) {
      throw new Problem('overloaded', 'The process is about to end.', [], { connection: 'close' });
    }
    this.#underWay++;
    whenGone(reply, this.#leave);
  }

  /** Finishes the requests under way, refuses new ones meanwhile, then closes; ends in time, whatever hangs. */
  async close(app: App): Promise<void> {
    this.#isDraining = true;
    this.#ending.abort();
    app.server.closeIdleConnections();
    const finished = new Promise<void>((resolve) => {
      this.#idle = resolve;
      if (this.#underWay === 0) resolve();
    });
    const late = new AbortController();
    await Promise.race([finished, sleep(this.longestMs, undefined, { signal: late.signal }).catch(() => undefined)]);
    late.abort();
    app.server.closeAllConnections();
    await app.close();
  }

  readonly #leave = (): void => {
    this.#underWay--;
    if (this.#underWay === 0) this.#idle?.();
  };
}
