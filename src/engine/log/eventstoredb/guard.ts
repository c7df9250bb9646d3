/**
 * Keeps defects of the client from taking the process down. Its answers to batch appends go through one table for the whole
 * process; it lets promises go that may fail; and it throws where nobody can catch. All of that is mended on the instances
 * that this adapter makes, nowhere else.
 */
import type { EventStoreDBClient } from '@eventstore/db-client';
import { type FilterStackFactory, plain } from './plain.js';
import { within } from '../within.js';

type AnyFunction = (...args: unknown[]) => unknown;

/** A batch append call of gRPC, as far as it is looked at. */
interface BatchCall {
  on(event: string, listener: AnyFunction): unknown;
  write(message: BatchRequest): boolean;
}

interface BatchRequest {
  getOptions(): { clearDeadline(): unknown } | undefined;
  getProposedMessagesList(): readonly ProposedEvent[];
}

interface ProposedEvent {
  getMetadataMap(): { set(name: string, value: string): unknown };
}

/** The call of a single append, which servers without batches are sent. */
interface SingleCall {
  write(message: { getProposedMessage(): ProposedEvent | undefined }): boolean;
}

interface GrpcClient {
  batchAppend?: (...args: unknown[]) => BatchCall;
  append?: (...args: unknown[]) => SingleCall;
}

/** What the client keeps for itself. */
interface Internals {
  getGRPCClient(Client: unknown, debugName: string): Promise<GrpcClient>;
  handleError(client: unknown, error: Error): Promise<void>;
  getChannel(): Promise<Channel>;
}

interface Channel {
  close(): void;
  readonly internalChannel?: {
    readonly wrappedSubchannels?: Iterable<{ readonly child: { continueConnecting: boolean } }>;
    readonly filterStackFactory?: FilterStackFactory;
  };
}

/** The connection that a client has made last: asking the client for it would make one. */
const channels = new WeakMap<EventStoreDBClient, Promise<Channel>>();
/** What is still under way in a client that was ended must not connect once more. */
const gone = new WeakSet<EventStoreDBClient>();

/** @param complain is told of what would have ended the process */
export function guarded(client: EventStoreDBClient, complain: (error: unknown) => void): EventStoreDBClient {
  const internals = client as unknown as Internals;
  const getChannel = internals.getChannel.bind(client);
  internals.getChannel = () => {
    if (gone.has(client)) return Promise.reject(new Error('the client was thrown away'));
    const channel = getChannel().then((made) => plain(closingForGood(made)));
    channels.set(client, channel);
    return channel;
  };
  const getGRPCClient = internals.getGRPCClient.bind(client);
  internals.getGRPCClient = async (Client, debugName) => {
    const grpc = await getGRPCClient(Client, debugName);
    const { batchAppend, append } = grpc;
    if (batchAppend && !Object.hasOwn(grpc, 'batchAppend')) {
      grpc.batchAppend = (...args) => guardedCall(batchAppend.apply(grpc, args), complain);
    }
    if (append && !Object.hasOwn(grpc, 'append')) grpc.append = (...args) => ofJson(append.apply(grpc, args));
    return grpc;
  };
  // Not awaited by the client: a discovery that fails meanwhile would be a rejection that nobody handles.
  const handleError = internals.handleError.bind(client);
  internals.handleError = (grpc, error) => handleError(grpc, error).catch(complain);
  return client;
}

/**
 * An answer that comes late, or twice, finds no one in the table and throws. And a write that waits for room when the
 * connection breaks is rejected behind the back of its caller: none waits here, what is under way is bounded elsewhere.
 * The client sends the deadline of an append as a time of day: a server whose clock is ahead of ours would refuse every write.
 * Without it the server applies its own write timeout, and ours holds here.
 */
function guardedCall(call: BatchCall, complain: (error: unknown) => void): BatchCall {
  const on = call.on.bind(call);
  call.on = (event, listener) => {
    if (event !== 'data') return on(event, listener);
    on(event, (...args) => {
      try {
        listener(...args);
      } catch (error) {
        complain(error);
      }
    });
    return call;
  };
  const write = call.write.bind(call);
  call.write = (message) => {
    message.getOptions()?.clearDeadline();
    for (const event of message.getProposedMessagesList()) declareJson(event);
    write(message);
    return true;
  };
  return call;
}

function ofJson(call: SingleCall): SingleCall {
  const write = call.write.bind(call);
  call.write = (message) => {
    const event = message.getProposedMessage();
    if (event) declareJson(event);
    return write(message);
  };
  return call;
}

/** The client takes bytes, and then says that they are no JSON; all events of this adapter are. */
function declareJson(event: ProposedEvent): void {
  event.getMetadataMap().set('content-type', 'application/json');
}

/**
 * A channel that is closed while it waits to try again, goes on, and in the end keeps a connection for nobody: after an outage
 * there would be one for every client that the outage has cost.
 */
function closingForGood(channel: Channel): Channel {
  if (Object.hasOwn(channel, 'close')) return channel;
  const close = channel.close.bind(channel);
  channel.close = () => {
    const tries = [...(channel.internalChannel?.wrappedSubchannels ?? [])].map(({ child }) => child);
    close();
    setImmediate(() => {
      for (const one of tries) one.continueConnecting = false;
    });
  };
  return channel;
}

/** What a malformed message makes the client throw ends the stream instead of the process. */
export function guardedStream<Stream extends object>(stream: Stream): Stream {
  const inner = stream as { _transform(message: unknown, encoding: string, next: (error?: Error) => void): unknown };
  const transform = inner._transform.bind(stream);
  inner._transform = (message, encoding, next) => {
    const fail = (error: unknown): void => next(error instanceof Error ? error : new Error(String(error)));
    try {
      const done = transform(message, encoding, next);
      if (done instanceof Promise) done.catch(fail);
    } catch (error) {
      fail(error);
    }
  };
  return stream;
}

/**
 * Calls must not be cancelled from where a connection tells of one: promises settle inside of its callback, and what it then writes
 * for a stream that it is just closing has no end (nghttp2; the process grows until it is killed).
 */
export function outsideOfCallbacks(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** How long the calls that a client cancels may take to be over. */
const CANCEL_TIMEOUT_MS = 100;

/** Ends a client and its connection; `dispose` alone keeps the connection, and may wait for ever. */
export async function ended(client: EventStoreDBClient): Promise<void> {
  await outsideOfCallbacks();
  await within(CANCEL_TIMEOUT_MS, client.dispose());
  gone.add(client);
  (await channels.get(client)?.catch(() => null))?.close();
}
