/**
 * Keeps gRPC messages uncompressed. grpc-js announces gzip in every call, and the server then compresses each event by itself: that
 * costs both sides more than the bytes it saves.
 */

interface Headers {
  set(name: string, value: string): void;
}

/** What grpc-js lets each call go through. It keeps this to itself, as the factories below. */
interface Filter {
  sendMetadata(metadata: Promise<Headers>): Promise<Headers>;
  receiveMetadata<T>(metadata: T): T;
  sendMessage<T>(message: T): T;
  receiveMessage<T>(message: T): T;
  receiveTrailers<T>(status: T): T;
}

export interface FilterStackFactory {
  readonly factories: { createFilter(): Filter }[];
}

const same = <T>(value: T): T => value;

const identity: Filter = {
  async sendMetadata(metadata) {
    const headers = await metadata;
    headers.set('grpc-accept-encoding', 'identity');
    return headers;
  },
  receiveMetadata: same,
  sendMessage: same,
  receiveMessage: same,
  receiveTrailers: same,
};

const factory = { createFilter: (): Filter => identity };

/** Asks the server for plain messages in every later call on this channel. */
export function plain<C extends { readonly internalChannel?: { readonly filterStackFactory?: FilterStackFactory } }>(
  channel: C,
): C {
  const factories = channel.internalChannel?.filterStackFactory?.factories;
  // The last filter has the last word on the headers.
  if (factories && !factories.includes(factory)) factories.push(factory);
  return channel;
}
