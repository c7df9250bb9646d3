import type { Problem, ProblemCode } from './types.js';

/** Orderlog refused the request, or could not answer it in time. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  readonly code: ProblemCode;
  readonly status: number;
  readonly detail: string;
  /** Names the request in the log of the server. */
  readonly requestId: string;
  /** Every fault of a request that is not valid, by its place. */
  readonly errors: NonNullable<Problem['errors']>;

  constructor(
    problem: Problem,
    /** Its body has been read. */
    readonly response: Response,
    /** The key of the command; null for a read. After a 503, send the same command with it again: it takes effect once. */
    readonly idempotencyKey: string | null,
  ) {
    super(`${problem.status} ${problem.code}: ${problem.detail} (request ${problem.request_id})`);
    this.code = problem.code;
    this.status = problem.status;
    this.detail = problem.detail;
    this.requestId = problem.request_id;
    this.errors = problem.errors ?? [];
  }
}

/** No answer of Orderlog came: the connection failed, or something else answered. A command may have taken effect. */
export class NoAnswerError extends Error {
  override readonly name = 'NoAnswerError';

  constructor(
    what: string,
    cause: unknown,
    /** What answered in place of Orderlog, such as a proxy; null if the connection failed. */
    readonly response: Response | null,
    /** The key of the command; null for a read. Send the same command with it again: it takes effect once. */
    readonly idempotencyKey: string | null,
  ) {
    super(what, { cause });
  }
}
