/**
 * The commands of this process on one stream take turns, in the order of their arrival. Otherwise of many at once only one would win
 * each append, and the others would lose their tries to each other. Safety does not rest on it: an append names its revision, and
 * another process may append at any time.
 */
import { Refusal } from './errors.js';

export interface TurnBounds {
  /** Most that wait for one stream. */
  readonly mostWaiting: number;
  /** With others waiting, a turn ends after so long: what takes longer goes on beside the next one. */
  readonly turnMs: number;
  readonly waitMs: number;
}

const BOUNDS: TurnBounds = { mostWaiting: 4_096, turnMs: 3_000, waitMs: 10_000 };

export interface Turn {
  /** @throws Refusal overloaded */
  take(): Promise<void>;
  /** The next command's turn begins. It may be taken again, behind those that wait. */
  end(): void;
}

interface Waiting {
  readonly isGone: () => boolean;
  readonly begin: (end: () => void) => void;
  readonly refuse: (why: string) => void;
}

/** A turn under way, and those that wait for it to end. */
interface Line {
  readonly waiting: Set<Waiting>;
  end: () => void;
  timer: ReturnType<typeof setTimeout> | undefined;
}

export class StreamTurns {
  readonly #bounds: TurnBounds;
  readonly #lines = new Map<string, Line>();

  constructor(bounds: Partial<TurnBounds> = {}) {
    this.#bounds = { ...BOUNDS, ...bounds };
  }

  /**
   * The turn of one command, not taken yet.
   * @param isCallerGone whether nobody waits for the command any more: its turn goes to the next one
   */
  of(stream: string, isCallerGone: () => boolean = () => false): Turn {
    let end: (() => void) | null = null;
    return {
      take: async () => {
        end ??= await this.#take(stream, isCallerGone);
      },
      end: () => {
        end?.();
        end = null;
      },
    };
  }

  async #take(stream: string, isGone: () => boolean): Promise<() => void> {
    const line = this.#lines.get(stream);
    if (line) return this.#wait(stream, line, isGone);
    const first: Line = { waiting: new Set(), end: () => undefined, timer: undefined };
    this.#lines.set(stream, first);
    return this.#begin(stream, first);
  }

  #wait(stream: string, line: Line, isGone: () => boolean): Promise<() => void> {
    const { mostWaiting, turnMs, waitMs } = this.#bounds;
    if (line.waiting.size >= mostWaiting) dropGone(line);
    if (line.waiting.size >= mostWaiting) {
      return Promise.reject(overloaded(`${mostWaiting} commands wait for ${stream} already. Try again.`));
    }
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        clearTimeout(timer);
        line.waiting.delete(waiting);
      };
      const waiting: Waiting = {
        isGone,
        begin: (end) => {
          leave();
          resolve(end);
        },
        refuse: (why) => {
          leave();
          reject(overloaded(why));
        },
      };
      const timer = setTimeout(() => {
        waiting.refuse(`The command waited ${waitMs / 1_000} s for earlier commands on ${stream}. Try again.`);
      }, waitMs);
      line.waiting.add(waiting);
      line.timer ??= setTimeout(line.end, turnMs);
    });
  }

  #begin(stream: string, line: Line): () => void {
    let isOver = false;
    line.end = () => {
      if (isOver) return;
      isOver = true;
      this.#pass(stream, line);
    };
    line.timer = line.waiting.size > 0 ? setTimeout(line.end, this.#bounds.turnMs) : undefined;
    return line.end;
  }

  #pass(stream: string, line: Line): void {
    clearTimeout(line.timer);
    dropGone(line, 1);
    const [next] = line.waiting;
    if (next === undefined) {
      this.#lines.delete(stream);
      return;
    }
    line.waiting.delete(next);
    next.begin(this.#begin(stream, line));
  }
}

/** @param enough stops at so many whose caller is there */
function dropGone({ waiting }: Line, enough = Infinity): void {
  let there = 0;
  for (const one of waiting) {
    if (one.isGone()) one.refuse('The caller left while the command waited.');
    else if (++there === enough) return;
  }
}

function overloaded(why: string): Refusal {
  return new Refusal('overloaded', why);
}
