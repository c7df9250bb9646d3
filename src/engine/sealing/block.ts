import type { RecordedEvent } from '../core/message.js';
import { DIGEST_BYTES, digestOf, sha256, TIME_BYTES, timeOf } from './digest.js';

/** The chain has a link for every so many events. Part of the format: a change makes every stored seal invalid. */
export const BLOCK_EVENTS = 1_000;

/** The chain before the first event. */
export const CHAIN_START = Buffer.alloc(DIGEST_BYTES);

/** Digests and times of events that follow each other, packed. */
export interface Content {
  readonly digests: Buffer;
  readonly times: Buffer;
}

/**
 * One link: of the chain up to the block and of the first events in it. So the chain after any number of events follows from these
 * events alone, however they were divided among seals.
 */
export function linkOf(before: Buffer, digestsHash: Buffer, timesHash: Buffer): Buffer {
  return sha256(Buffer.concat([before, digestsHash, timesHash]));
}

/** The block of the log that is being filled. */
export class Block {
  /** Events in it. */
  events = 0;
  readonly #digests = Buffer.alloc(BLOCK_EVENTS * DIGEST_BYTES);
  readonly #times = Buffer.alloc(BLOCK_EVENTS * TIME_BYTES);

  /** @param before the chain up to the block */
  constructor(public before: Buffer) {}

  get isFull(): boolean {
    return this.events === BLOCK_EVENTS;
  }

  add(event: RecordedEvent): void {
    digestOf(event).copy(this.#digests, this.events * DIGEST_BYTES);
    this.#times.writeDoubleBE(timeOf(event), this.events * TIME_BYTES);
    this.events += 1;
  }

  addContent({ digests, times }: Content): void {
    digests.copy(this.#digests, this.events * DIGEST_BYTES);
    times.copy(this.#times, this.events * TIME_BYTES);
    this.events += digests.length / DIGEST_BYTES;
  }

  /** Of its events from the nth on. Valid until the next block begins. */
  content(from = 0): Content {
    return {
      digests: this.#digests.subarray(from * DIGEST_BYTES, this.events * DIGEST_BYTES),
      times: this.#times.subarray(from * TIME_BYTES, this.events * TIME_BYTES),
    };
  }

  /** Up to and with its last event. */
  chain(): Buffer {
    if (this.events === 0) return this.before;
    const { digests, times } = this.content();
    return linkOf(this.before, sha256(digests), sha256(times));
  }

  /** Begins the next block. */
  next(before: Buffer): void {
    this.before = before;
    this.events = 0;
  }
}
