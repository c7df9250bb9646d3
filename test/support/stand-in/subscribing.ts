import type { ReadReq, ReadResp } from '@eventstore/db-client/generated/streams_pb.js';
import type { ServerWritableStream } from '@grpc/grpc-js';
import { randomUUID } from 'node:crypto';
import { setImmediate as turn } from 'node:timers/promises';
import { caughtUp, checkpoint, confirmation, nameOf } from './answers.js';
import type { SubscribeFault } from './faults.js';
import { isBefore, type LoggedEvent, type Position } from './logged-event.js';
import type { Node } from './node.js';
import { noPlace, Refusal, shuttingDown } from './refusals.js';
import { Subscription } from './subscriptions.js';

/** What a server searches at once where a filter does not say. */
const SEARCH_WINDOW = 32;

/** Serves a subscription until it is over; the position it gives is exclusive. */
export async function subscribe(
  node: Node,
  call: ServerWritableStream<ReadReq, ReadResp>,
  fault: SubscribeFault | undefined,
): Promise<void> {
  const options = call.request.getOptions();
  if (!options) return;
  const after = placeOf(node, options);
  if (after && !node.log.isPlace(after)) throw noPlace();
  const subscription = new Subscription(call);
  node.subscriptions.add(subscription);
  const search = new Search(node, options, subscription, after, fault);
  await subscription.send(confirmation(randomUUID()));
  if (fault === 'silent') subscription.isSilent = true;
  if (fault === 'checkpoint-early') await subscription.send(checkpoint(node.log.head()));
  if (fault === 'caught-up-early') await subscription.send(caughtUp());
  await search.catchUp();
  if (node.options.caughtUp !== false) await subscription.send(caughtUp());
  if (fault === 'silent-when-live') subscription.isSilent = true;
  await search.live();
}

/** Goes through the log as a server does: by pages until it is at the head, and then event by event. */
class Search {
  readonly #pass: (event: LoggedEvent) => boolean;
  readonly #tell: (position: Position) => Promise<void>;
  readonly #window: number;
  readonly #interval: number;
  readonly #hasCheckpoints: boolean;
  readonly #until: { readonly end: number; readonly fail: number };
  #index: number;
  #reached: Position | undefined;

  constructor(
    private readonly node: Node,
    options: ReadReq.Options,
    private readonly subscription: Subscription,
    private readonly after: Position | undefined,
    fault: SubscribeFault | undefined,
  ) {
    const filter = options.getFilter();
    const stream = options.hasStream() ? nameOf(options.getStream()?.getStreamIdentifier()) : undefined;
    this.#pass = stream === undefined ? passes(filter) : (event) => event.stream === stream;
    this.#tell = checkpoints(subscription, fault);
    this.#window = filter?.hasMax() ? filter.getMax() : SEARCH_WINDOW;
    this.#interval = this.#window * (filter?.getCheckpointintervalmultiplier() ?? 1);
    this.#hasCheckpoints = filter !== undefined;
    this.#until = {
      end: typeof fault === 'object' && 'endAfter' in fault ? fault.endAfter : Infinity,
      fail: typeof fault === 'object' && 'unavailableAfter' in fault ? fault.unavailableAfter : Infinity,
    };
    this.#index = after ? node.log.indexAt(after) : 0;
    this.#reached = after;
  }

  /**
   * A page is as many events as the window has. A checkpoint is told after the page that fills the interval, and at the
   * head: it is the last event of the page that matched, or where a page began in which nothing did.
   */
  async catchUp(): Promise<void> {
    const { events } = this.node.log;
    let counted = 0;
    while (!this.#isOver) {
      const [first, end] = [this.#index, Math.min(this.#index + this.#window, events.length)];
      let matched = false;
      for (; this.#index < end && !this.#isOver; this.#index++) {
        matched = (await this.#give(events[this.#index] as LoggedEvent)) || matched;
      }
      if (!matched && end > first) this.#advance((events[first] as LoggedEvent).position);
      counted += end - first;
      const isAtHead = end - first < this.#window;
      if (isAtHead ? this.node.options.checkpointAtHead !== false : counted >= this.#interval) {
        counted %= this.#interval;
        if (this.#hasCheckpoints && this.#reached) await this.#tell(this.#reached);
      }
      if (isAtHead) return;
      // Others are to be served while a log is searched in which nothing matches.
      await turn();
    }
  }

  async live(): Promise<void> {
    const { log } = this.node;
    for (let scanned = 0; !this.#isOver;) {
      for (; this.#index < log.events.length && !this.#isOver; this.#index++) {
        const event = log.events[this.#index] as LoggedEvent;
        await this.#give(event);
        scanned += 1;
        if (this.#hasCheckpoints && scanned % this.#interval === 0) await this.#tell(event.position);
      }
      if (!this.#isOver) await log.grown(this.subscription.signal);
    }
  }

  /** True where the event was one to be sent. */
  async #give(event: LoggedEvent): Promise<boolean> {
    if (!this.#pass(event) || (this.after && !isBefore(this.after, event.position))) return false;
    if (this.subscription.sent >= this.#until.fail) this.subscription.fail(shuttingDown());
    else if (this.subscription.sent >= this.#until.end) this.subscription.end();
    else await this.subscription.sendEvent(event);
    this.#advance(event.position);
    return true;
  }

  #advance(position: Position): void {
    if (!this.#reached || isBefore(this.#reached, position)) this.#reached = position;
  }

  get #isOver(): boolean {
    return this.subscription.signal.aborted;
  }
}

/** The place that a subscription has; undefined: it has nothing. */
function placeOf({ log }: Node, options: ReadReq.Options): Position | undefined {
  const all = options.getAll();
  const stream = options.getStream();
  if (all?.hasEnd() || stream?.hasEnd()) return log.head();
  if (stream?.hasRevision()) {
    const name = nameOf(stream.getStreamIdentifier());
    const revision = BigInt(stream.getRevision());
    return log.events.findLast((event) => event.stream === name && event.revision <= revision)?.position;
  }
  const given = all?.getPosition();
  return given && { commit: BigInt(given.getCommitPosition()), prepare: BigInt(given.getPreparePosition()) };
}

/** Sends a checkpoint as it should be, or as the fault says. */
function checkpoints(subscription: Subscription, fault: SubscribeFault | undefined) {
  let last: Position | undefined;
  return async (position: Position): Promise<void> => {
    if (last && !isBefore(last, position)) return;
    await subscription.send(checkpoint(position));
    if (fault === 'checkpoints-repeated') {
      await subscription.send(checkpoint(position));
      await subscription.send(checkpoint(position));
    }
    if (fault === 'checkpoints-out-of-order' && last) await subscription.send(checkpoint(last));
    last = position;
  };
}

/** The server's own filter: by a regular expression, or else by prefixes, of the type or of the stream's name. */
export function passes(filter: ReadReq.Options.FilterOptions | undefined): (event: LoggedEvent) => boolean {
  if (!filter) return () => true;
  const byType = filter.getEventType();
  const expression = byType ?? filter.getStreamIdentifier();
  const text = (event: LoggedEvent): string => (byType ? event.type : event.stream);
  const regex = expression?.getRegex();
  if (regex) {
    const pattern = new RegExp(regex);
    return (event) => pattern.test(text(event));
  }
  const prefixes = expression?.getPrefixList() ?? [];
  return (event) => prefixes.some((prefix) => text(event).startsWith(prefix));
}

/** The end of a call that was thrown out of. */
export function endWith(call: ServerWritableStream<ReadReq, ReadResp>, error: unknown): void {
  if (call.cancelled || (error instanceof Error && error.name === 'AbortError')) return;
  call.emit('error', error instanceof Refusal ? error : new Refusal(13, String(error)));
}
