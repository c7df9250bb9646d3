import type { ExpectedRevision } from './event-store.js';

/** The log is not the one that something was made from: the server's data was replaced by an older copy, or by another log. */
export class LogReplaced extends Error {
  override readonly name = 'LogReplaced';
  constructor(what: string, options?: ErrorOptions) {
    super(`${what}: the data of the event store was replaced by an older copy, or by another log`, options);
  }
}

/**
 * A rule refused a command or a query. The code is stable and part of the caller's contract; the message is for people. The
 * engine itself uses `revision-conflict`, `idempotency-mismatch`, `read-model-behind`, `invalid-log-position`,
 * `invalid-seal` and `overloaded`.
 */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  constructor(
    readonly code: string,
    message: string,
    /** Parts of the input that the rule is about, where there are such. */
    readonly faults: readonly Fault[] = [],
    /** Where it is known better than the code says it: after so many seconds another try may succeed. */
    readonly retrySeconds: number | null = null,
  ) {
    super(message);
  }
}

export interface Fault {
  /** Where in the input, as a JSON pointer or a field's name. */
  readonly path: string;
  readonly message: string;
  /** What the message says, for programs: by name, such as `available`. */
  readonly values?: Readonly<Record<string, number>>;
}

/** The stream is not at the revision that the append expects. */
export class WrongExpectedRevision extends Error {
  override readonly name = 'WrongExpectedRevision';
  constructor(
    readonly stream: string,
    readonly expected: ExpectedRevision,
    /** Revision of the last event, `none` if there is no stream. */
    readonly actual: number | 'none',
  ) {
    super(`stream ${stream} is at revision ${actual}, expected ${expected}`);
  }
}

export class StreamNotFound extends Error {
  override readonly name = 'StreamNotFound';
  constructor(readonly stream: string) {
    super(`there is no stream ${stream}`);
  }
}

/** An event is larger than MAX_EVENT_BYTES. */
export class EventTooLarge extends Error {
  override readonly name = 'EventTooLarge';
  constructor(
    readonly stream: string,
    readonly bytes: number,
  ) {
    super(`an event for ${stream} takes ${bytes} bytes`);
  }
}

/** The log can't be reached. Whether an append under way took effect has been settled as far as possible: see message. */
export class EventStoreUnavailable extends Error {
  override readonly name = 'EventStoreUnavailable';
}

/** Data and metadata of one event, as JSON, in UTF-8. */
export const MAX_EVENT_BYTES = 512 * 1024;
