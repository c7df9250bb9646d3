/** What each operation takes and answers, from the generated types. Names on the wire stay as they are. */
import type { components, operations } from './generated.js';
import type { Listing } from './listing.js';

export type Schemas = components['schemas'];
export type OperationId = keyof operations;
export type Problem = Schemas['Problem'];
export type ProblemCode = Problem['code'];

/** The generated types say `never` where an operation has none. */
type OrNothing<Fields> = [Fields] extends [never] ? object : Fields;

type Parameters<Id extends OperationId, Place extends 'path' | 'query'> = OrNothing<
  NonNullable<operations[Id]['parameters'][Place]>
>;

type RequestBody<Id extends OperationId> = NonNullable<operations[Id]['requestBody']>;
type BodyTypes = 'application/json' | 'multipart/form-data';
type Body<Id extends OperationId> =
  OrNothing<RequestBody<Id>> extends { readonly content: infer Content } ? Content[keyof Content & BodyTypes] : object;

/** Everything that an operation takes, in one object: fields of its path, its query and its body. */
export type Input<Id extends OperationId> = Parameters<Id, 'path'> & Parameters<Id, 'query'> & Body<Id>;

type Content<Response> = Response extends { readonly content: infer Types }
  ? 'application/json' extends keyof Types
    ? Types['application/json' & keyof Types]
    : 'application/problem+json' extends keyof Types
      ? never
      : Types[keyof Types]
  : undefined;
type Responses<Id extends OperationId> = operations[Id]['responses'];
type AnswerBody<Id extends OperationId> = {
  [Status in keyof Responses<Id>]: Status extends 200 | 201 | 202 | 204 | 503 ? Content<Responses<Id>[Status]> : never;
}[keyof Responses<Id>];

interface Head {
  /** Status and headers; the body has been read. */
  readonly response: Response;
  /** What the answer is true for: hand it on as `minLogPosition`. */
  readonly logPosition: string | null;
}

/** The resource under `data`, as in the body of the response. */
export type Answer<Id extends OperationId> =
  AnswerBody<Id> extends { readonly data: unknown } ? AnswerBody<Id> & Head : { readonly data: AnswerBody<Id> } & Head;

type Result<Id extends OperationId> =
  Answer<Id> extends infer Page extends { readonly data: readonly unknown[]; readonly next: string | null }
    ? Listing<Page>
    : Promise<Answer<Id>>;

export interface CallOptions {
  /** Of a command: 1 to 255 visible characters. Without it, each call has a new one. */
  readonly idempotencyKey?: string | undefined;
  /** Of a command: it runs only on this revision, otherwise the problem is `revision-mismatch`. */
  readonly ifMatch?: number | undefined;
  /** A `logPosition` that the answer must have reached. A session has its own. */
  readonly minLogPosition?: string | null | undefined;
  /** Others, such as `prefer: 'wait=10'`. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Ends the call, between two attempts as well. */
  readonly signal?: AbortSignal | undefined;
}

/** Input, unless nothing of it is required: then it may be left out. */
type Arguments<Id extends OperationId> =
  object extends Input<Id> ? [input?: Input<Id>, options?: CallOptions] : [input: Input<Id>, options?: CallOptions];

/** A method for each operation, named by its operationId. */
export type Operations = {
  readonly [Id in keyof operations]: (...args: Arguments<Id>) => Result<Id>;
};

export interface Client extends Operations {
  /** The response as it is, its body not read, for what is streamed: CSV, NDJSON, events. Tried again until it begins. */
  raw<Id extends OperationId>(id: Id, ...args: Arguments<Id>): Promise<Response>;
  /**
   * A client that reads its own writes: each request waits for the last command that the session got an answer to.
   * @param position where it begins, from a `logPosition` or another session
   */
  session(position?: string | null): Session;
}

export interface Session extends Client {
  /** The position of its last command. */
  readonly position: string | null;
}
