/** Sees to it that nobody waits without a bound for an answer of the server. */
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Bounds } from './session-kinds.js';

/** A connection is in doubt when another one to the same server has fallen silent: then the answer is waited for so long. */
const SUSPECT_MS = 3_000;
/** The process itself may have stood still: then the answer is there, and is read within this. */
const OWN_DELAY_MS = 200;
const DOUBT_MS = 1_000;
/** A server that can't even be asked about a watched statement is given up after this. */
const UNKNOWN_MS = 30_000;

type Counted = Pick<Socket, 'bytesRead' | 'bytesWritten'>;

export interface Watched {
  /** Of the connection; another one once TLS has begun. */
  stream(): Duplex;
  /** Whether the server works on a statement of this session, or waits for anything but this client. */
  isBusyThere(): Promise<boolean>;
  hangUp(silentMs: number): void;
}

export class AnswerWatch {
  /** Sent, and not answered yet. */
  #pending = 0;
  /** When the server last gave a sign, or was first asked after that. */
  #since = 0;
  #traffic = 0;
  #timer: NodeJS.Timeout | null = null;
  #isOver = false;
  #doubts = 0;
  #unknownSince: number | null = null;
  #answerMs: number;

  constructor(
    readonly bounds: Bounds,
    readonly watched: Watched,
  ) {
    this.#answerMs = bounds.answerMs;
  }

  get isWaiting(): boolean {
    return this.#pending > 0;
  }

  sent(): void {
    if (this.#pending++ === 0) this.#sign();
    this.#look(this.#answerMs);
  }

  /** What is under way has less time than usual. */
  suspect(): void {
    if (this.#answerMs <= SUSPECT_MS) return;
    this.#answerMs = SUSPECT_MS;
    this.#since = performance.now();
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    this.#look(SUSPECT_MS);
  }

  answered(): void {
    this.#pending = Math.max(this.#pending - 1, 0);
    this.#sign();
  }

  stop(): void {
    this.#isOver = true;
    if (this.#timer) clearTimeout(this.#timer);
  }

  #sign(): void {
    this.#since = performance.now();
    this.#doubts = 0;
    this.#unknownSince = null;
    this.#answerMs = this.bounds.answerMs;
  }

  /** One timer for whatever is sent: it looks again when what it finds is younger. */
  #look(inMs: number, isSecondLook = false): void {
    if (this.#isOver) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      if (this.#pending === 0) return;
      if (this.#hasMoved()) this.#sign();
      const left = this.#answerMs - (performance.now() - this.#since);
      if (left > 0) this.#look(left);
      else if (!isSecondLook) this.#look(OWN_DELAY_MS, true);
      else if (this.bounds.statementMs > 0) this.#hangUp();
      else void this.#ask();
    }, inMs).unref();
  }

  /** Whether something has come or gone since this was asked last. */
  #hasMoved(): boolean {
    const { bytesRead = 0, bytesWritten = 0 } = this.watched.stream() as Duplex & Partial<Counted>;
    const before = this.#traffic;
    this.#traffic = bytesRead + bytesWritten;
    return this.#traffic !== before;
  }

  /** A long statement may be at work, or its answer lost: the server knows. */
  async #ask(): Promise<void> {
    const asked = performance.now();
    // What has come and was not read waits for this process.
    const isBusy = this.watched.stream().readableLength > 0 || (await this.watched.isBusyThere().catch(() => null));
    if (this.#pending === 0) return;
    if (this.#since > asked || this.#hasMoved()) {
      this.#sign();
      this.#look(this.bounds.answerMs);
    } else if (isBusy === true) {
      this.#doubts = 0;
      this.#unknownSince = null;
      this.#look(this.bounds.answerMs, true);
    } else if (isBusy === null) {
      this.#unknownSince ??= asked;
      if (performance.now() - this.#unknownSince > UNKNOWN_MS) this.#hangUp();
      else this.#look(DOUBT_MS, true);
    } else if (++this.#doubts > 1) this.#hangUp();
    else this.#look(DOUBT_MS, true);
  }

  #hangUp(): void {
    this.watched.hangUp(performance.now() - this.#since);
  }
}
