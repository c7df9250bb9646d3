/** `createClient` and what its callers need to name. README.md shows it in use. */
import { roles, table } from './generated.js';
import { later } from './later.js';
import { listing } from './listing.js';
import { type Answered, type ClientOptions, type Operation, type Send, sender } from './send.js';
import type { CallOptions, Client, OperationId, Session } from './types.js';

export { NoAnswerError, ProblemError } from './errors.js';
export type { Listing } from './listing.js';
export type { ClientOptions } from './send.js';
export type {
  Answer,
  CallOptions,
  Client,
  Input,
  OperationId,
  Problem,
  ProblemCode,
  Schemas,
  Session,
} from './types.js';

const operations: Readonly<Record<OperationId, Operation>> = table;

/** The roles that may call an operation, a customer only for what is its own; null: anybody, without a key. */
export const rolesOf = (id: OperationId): readonly string[] | null => roles[id];

export function createClient(options: ClientOptions = {}): Client {
  return clientOf(sender(options), null);
}

type Fields = Readonly<Record<string, unknown>>;

interface Memory {
  position: string | null;
}

function clientOf(send: Send, memory: Memory | null): Client {
  const call = async (id: OperationId, input: Fields, options: CallOptions, raw: boolean): Promise<Answered> => {
    const operation = operations[id];
    const minLogPosition = options.minLogPosition ?? memory?.position;
    const answered = await send({ operation, input, options: { ...options, minLogPosition }, raw });
    // Of commands only: a read shows what others did, too, and to wait for that would make each read wait for the fastest one.
    if (memory && operation.method !== 'GET') memory.position = later(memory.position, positionOf(answered));
    return answered;
  };
  const answer = async (id: OperationId, input: Fields, options: CallOptions): Promise<unknown> => {
    const answered = await call(id, input, options, false);
    const { body, response } = answered;
    const isEnvelope = typeof body === 'object' && body !== null && 'data' in body;
    return { ...(isEnvelope ? body : { data: body }), response, logPosition: positionOf(answered) };
  };
  const methodOf =
    (id: OperationId) =>
    (input: Fields = {}, options: CallOptions = {}) => {
      const first = answer(id, input, options);
      if (operations[id].answer !== 'list') return first;
      return listing(first as Promise<Page>, (query) => answer(id, { ...input, ...query }, options) as Promise<Page>);
    };
  const ids = Object.keys(operations) as readonly OperationId[];
  const client = {
    ...Object.fromEntries(ids.map((id) => [id, methodOf(id)])),
    raw: async (id: OperationId, input: Fields = {}, options: CallOptions = {}) =>
      (await call(id, input, options, true)).response,
    session: (position: string | null = memory?.position ?? null): Session => sessionOf(send, position),
  };
  return client as unknown as Client;
}

interface Page {
  readonly data: readonly unknown[];
  readonly next: string | null;
}

function sessionOf(send: Send, position: string | null): Session {
  const memory: Memory = { position };
  return Object.defineProperty(clientOf(send, memory), 'position', {
    get: () => memory.position,
    enumerable: true,
  }) as Session;
}

function positionOf({ response }: Answered): string | null {
  return response.headers.get('log-position');
}
