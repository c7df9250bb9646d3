import type { ReadReq, ReadResp } from '@eventstore/db-client/generated/streams_pb.js';
import type { ServerWritableStream } from '@grpc/grpc-js';
import { randomUUID } from 'node:crypto';
import { setImmediate as turn } from 'node:timers/promises';
import { caughtUp, checkpoint, confirmation } from './answers.js';
import type { SubscribeFault } from './faults.js';
import type { LoggedEvent, Position } from './logged-event.js';
import type { Node } from './node.js';
import { Refusal, shuttingDown } from './refusals.js';
import { Subscription } from './subscriptions.js';

/** What a server searches at once where a filter does not say. */
const SEARCH_WINDOW = 32;

/** Serves a subscription until it is over; `after` is the place it has, exclusive. */
export async function subscribe(
  node: Node,
  call: ServerWritableStream<ReadReq, ReadResp>,
  fault: SubscribeFault | undefined,
): Promise<void> {
  const options = call.request.getOptions();
  const filter = options?.getFilter();
  const subscription = new Subscription(call);
  node.subscriptions.add(subscription);
  const pass = passes(filter);
  const wanted = options?.getStream()?.getStreamIdentifier();
  const stream = wanted && Buffer.from(wanted.getStreamName_asU8()).toString();
  const tell = checkpoints(subscription, fault);
  const window =
    (filter?.hasMax() ? filter.getMax() : SEARCH_WINDOW) * (filter?.getCheckpointintervalmultiplier() ?? 1);
  const failAfter = typeof fault === 'object' && 'unavailableAfter' in fault ? fault.unavailableAfter : Infinity;
  const endAfter = typeof fault === 'object' && 'endAfter' in fault ? fault.endAfter : Infinity;

  let index = begin(node, options);
  let [scanned, isLive] = [0, false];
  await subscription.send(confirmation(randomUUID()));
  if (fault === 'silent') subscription.isSilent = true;
  if (fault === 'checkpoint-early') await subscription.send(checkpoint(node.log.head()));
  if (fault === 'caught-up-early') await subscription.send(caughtUp());
  while (!subscription.signal.aborted) {
    for (; index < node.log.events.length && !subscription.signal.aborted; index++) {
      if (subscription.sent >= failAfter) return subscription.fail(shuttingDown());
      if (subscription.sent >= endAfter) return subscription.end();
      const event = node.log.events[index] as LoggedEvent;
      if (stream === undefined ? pass(event) : event.stream === stream) await subscription.sendEvent(event);
      scanned += 1;
      if (filter && scanned % window === 0) await tell(event.position);
      // Others are to be served while a log is searched in which nothing matches.
      if (scanned % 256 === 0) await turn();
    }
    if (!isLive) {
      isLive = true;
      if (filter && node.options.checkpointAtHead && index > 0) await tell(node.log.head());
      if (node.options.caughtUp !== false) await subscription.send(caughtUp());
      if (fault === 'silent-when-live') subscription.isSilent = true;
      continue;
    }
    await node.log.grown(subscription.signal);
  }
}

/** Index of the first event to be sent: the position given is one that has been handled. */
function begin(node: Node, options: ReadReq.Options | undefined): number {
  const all = options?.getAll();
  const stream = options?.getStream();
  if (all?.hasEnd() || stream?.hasEnd()) return node.log.events.length;
  if (stream?.hasRevision()) {
    const name = Buffer.from(stream.getStreamIdentifier()?.getStreamName_asU8() ?? []).toString();
    const revision = BigInt(stream.getRevision());
    const at = node.log.events.findIndex((event) => event.stream === name && event.revision > revision);
    return at < 0 ? node.log.events.length : at;
  }
  const given = all?.getPosition();
  if (!given) return 0;
  const position = { commit: BigInt(given.getCommitPosition()), prepare: BigInt(given.getPreparePosition()) };
  const index = node.log.indexAt(position);
  const there = node.log.events[index]?.position;
  return there?.commit === position.commit && there.prepare === position.prepare ? index + 1 : index;
}

/** Sends a checkpoint as it should be, or as the fault says. */
function checkpoints(subscription: Subscription, fault: SubscribeFault | undefined) {
  let last: Position | undefined;
  return async (position: Position): Promise<void> => {
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
