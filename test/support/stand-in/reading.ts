import pb from '@eventstore/db-client/generated/streams_pb.js';
import type { ReadReq, ReadResp } from '@eventstore/db-client/generated/streams_pb.js';
import type { ServerWritableStream } from '@grpc/grpc-js';
import { once } from 'node:events';
import { eventRead, nameOf, streamNotFound } from './answers.js';
import type { ReadFault } from './faults.js';
import type { LoggedEvent } from './logged-event.js';
import { enter, type Node } from './node.js';
import { invalidPosition, readError, shuttingDown, streamDeleted } from './refusals.js';
import { endWith, passes, subscribe } from './subscribing.js';

type Call = ServerWritableStream<ReadReq, ReadResp>;

/** One method of the protocol is all ways of reading and subscribing. */
export function read(node: Node) {
  return (call: Call): void => {
    call.on('error', () => undefined);
    void serve(node, call).catch((error: unknown) => endWith(call, error));
  };
}

async function serve(node: Node, call: Call): Promise<void> {
  const options = call.request.getOptions();
  const stream = options?.hasStream() ? nameOf(options.getStream()?.getStreamIdentifier()) : '$all';
  if (options?.hasSubscription()) {
    const fault = await enter(node, 'subscribe', stream, call.metadata);
    return subscribe(node, call, fault);
  }
  const fault = await enter(node, options?.hasStream() ? 'read' : 'readAll', stream, call.metadata);
  if (!options) return void call.end();
  const events = options.hasStream() ? ofStream(node, options) : ofAll(node, options);
  if (events === 'deleted') throw streamDeleted(stream);
  if (events === 'not-found') call.write(streamNotFound(stream));
  else await send(node, call, events, fault);
  call.end();
}

async function send(
  node: Node,
  call: Call,
  events: readonly LoggedEvent[],
  fault: ReadFault | undefined,
): Promise<void> {
  const over = new AbortController();
  call.on('cancelled', () => over.abort());
  for (const [n, event] of events.entries()) {
    if (over.signal.aborted) return;
    if (typeof fault === 'object' && 'unavailableAfter' in fault && n === fault.unavailableAfter) throw shuttingDown();
    if (typeof fault === 'object' && 'dropAfter' in fault && n === fault.dropAfter) {
      // What was written before is on its way, and arrives.
      setTimeout(node.dropConnections, 20);
      await once(call, 'cancelled');
      return;
    }
    if (!call.write(eventRead(event))) await once(call, 'drain', { signal: over.signal });
  }
}

/** Revisions are inclusive both ways. */
function ofStream(node: Node, options: ReadReq.Options): readonly LoggedEvent[] | 'not-found' | 'deleted' {
  const from = options.getStream();
  const events = node.log.read(nameOf(from?.getStreamIdentifier()));
  if (typeof events === 'string') return events;
  const count = Number(options.getCount());
  const revision = from?.hasRevision() ? BigInt(from.getRevision()) : null;
  if (isForwards(options)) {
    if (from?.hasEnd()) throw readError();
    const start = revision === null ? 0 : events.findIndex((event) => event.revision >= revision);
    return start < 0 ? [] : events.slice(start, start + count);
  }
  if (from?.hasStart()) return events.slice(0, 1).filter((event) => event.revision === 0n);
  const end = revision === null ? events.length : events.findLastIndex((event) => event.revision <= revision) + 1;
  return events.slice(Math.max(0, end - count), end).reverse();
}

/** A position is inclusive forwards, and exclusive backwards. */
function ofAll(node: Node, options: ReadReq.Options): readonly LoggedEvent[] {
  const { log } = node;
  const from = options.getAll();
  const given = from?.getPosition();
  const position = given && { commit: BigInt(given.getCommitPosition()), prepare: BigInt(given.getPreparePosition()) };
  const at = position ? log.indexAt(position) : from?.hasEnd() ? log.events.length : 0;
  if (position && !log.isPlace(position)) throw invalidPosition();
  const pass = passes(options.getFilter());
  const forwards = isForwards(options);
  const count = Number(options.getCount());
  const found: LoggedEvent[] = [];
  for (let n = forwards ? at : at - 1; n >= 0 && n < log.events.length; n += forwards ? 1 : -1) {
    if (found.length >= count) break;
    const event = log.events[n] as LoggedEvent;
    if (pass(event)) found.push(event);
  }
  return found;
}

function isForwards(options: ReadReq.Options): boolean {
  return options.getReadDirection() === pb.ReadReq.Options.ReadDirection.FORWARDS;
}
