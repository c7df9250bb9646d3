/** The subscriptions under way on a server, and what can be done to them. */
import type { ReadResp } from '@eventstore/db-client/generated/streams_pb.js';
import type { ServerWritableStream } from '@grpc/grpc-js';
import { once } from 'node:events';
import { caughtUp, checkpoint, eventRead } from './answers.js';
import type { LoggedEvent, Position } from './logged-event.js';
import type { Refusal } from './refusals.js';
import { shuttingDown } from './refusals.js';

/** One subscription, as the server sees it. */
export class Subscription {
  readonly #over = new AbortController();
  readonly signal = this.#over.signal;
  /** Nothing is sent while this is set; the events are not lost to it. */
  isSilent = false;
  /** So many of the next events are left out. */
  toSkip = 0;
  /** The next event goes out like this. */
  broken: 'no-id' | 'bad-json' | 'no-stream' | undefined;
  sent = 0;

  constructor(readonly call: ServerWritableStream<unknown, ReadResp>) {
    call.on('cancelled', () => this.#over.abort());
    call.on('close', () => this.#over.abort());
    call.on('error', () => this.#over.abort());
  }

  /** Waits for a reader that is slow: what it does not take stays in the log. */
  async send(message: ReadResp): Promise<void> {
    if (this.signal.aborted || this.isSilent) return;
    if (!this.call.write(message)) await once(this.call, 'drain', { signal: this.signal });
  }

  async sendEvent(event: LoggedEvent): Promise<void> {
    if (this.toSkip > 0) {
      this.toSkip -= 1;
      return;
    }
    const { broken } = this;
    this.broken = undefined;
    this.sent += 1;
    await this.send(eventRead(event, broken));
  }

  end(): void {
    this.#over.abort();
    this.call.end();
  }

  fail(refusal: Refusal): void {
    this.#over.abort();
    this.call.emit('error', refusal);
  }
}

export class Subscriptions {
  readonly #open = new Set<Subscription>();
  /** How many have begun since the server was started. */
  begun = 0;

  add(subscription: Subscription): void {
    this.begun += 1;
    this.#open.add(subscription);
    subscription.signal.addEventListener('abort', () => this.#open.delete(subscription));
  }

  get count(): number {
    return this.#open.size;
  }

  /** The connection stays and nothing comes any more; what would have come is lost to these subscriptions. */
  silence(): void {
    for (const subscription of this.#open) subscription.isSilent = true;
  }

  /** What comes from now on is sent again; what came in the silence is not. */
  speak(): void {
    for (const subscription of this.#open) subscription.isSilent = false;
  }

  /** The next matching events are left out, the ones after them are sent. */
  skip(events: number): void {
    for (const subscription of this.#open) subscription.toSkip = events;
  }

  breakNext(how: 'no-id' | 'bad-json' | 'no-stream'): void {
    for (const subscription of this.#open) subscription.broken = how;
  }

  /** Cleanly, with status OK. */
  end(): void {
    for (const subscription of this.#open) subscription.end();
  }

  fail(refusal: () => Refusal = shuttingDown): void {
    for (const subscription of this.#open) subscription.fail(refusal());
  }

  async sendCheckpoint(position: Position): Promise<void> {
    await Promise.all([...this.#open].map((subscription) => subscription.send(checkpoint(position))));
  }

  async sendCaughtUp(): Promise<void> {
    await Promise.all([...this.#open].map((subscription) => subscription.send(caughtUp())));
  }
}
