import { errors, type Fault, postgres, print, Refusal } from '../engine/index.js';
import { WrongMasterKey } from '../crypto/wrapped-key.js';
import { DocumentsUnavailable } from '../documents/document-storage.js';
import { DocumentTooLarge } from '../documents/document-store.js';
import { DocumentUnreadable } from '../documents/frames.js';
import { isSystemFault } from '../documents/system-errors.js';
import { isProblemCode, type ProblemCode, problemKind, statusOf } from './problem-codes.js';
import type { RouteKind } from './route-kind.js';

/** Something that ends a request with a problem document. Everything in it is shown to the caller. */
export class Problem extends Error {
  override readonly name = 'Problem';
  readonly detail: string;

  constructor(
    readonly code: ProblemCode,
    detail?: string,
    readonly faults: readonly Fault[] = [],
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    const told = detail ?? inShort(faults) ?? problemKind(code).explanation;
    super(told);
    this.detail = told;
  }
}

function inShort([first, ...others]: readonly Fault[]): string | undefined {
  if (!first) return undefined;
  return `${first.path}: ${first.message}${others.length > 0 ? `, and ${others.length} more` : ''}`;
}

/** A single fault in the shape of a request. */
export function invalid(path: string, message: string): Problem {
  return new Problem('invalid-request', undefined, [{ path, message }]);
}

/** The document that is sent, RFC 9457. */
export interface ProblemDocument {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: ProblemCode;
  readonly request_id: string;
  readonly errors?: readonly Omit<Fault, 'values'>[];
}

/** @param kind of the route that answers */
export function problemDocument(problem: Problem, requestId: string, kind?: RouteKind): ProblemDocument {
  const { title } = problemKind(problem.code);
  return {
    type: `/problems/${problem.code}`,
    title,
    status: statusOf(problem.code, kind),
    detail: print.safe(problem.detail, MOST_CHARACTERS),
    code: problem.code,
    request_id: requestId,
    ...(problem.faults.length > 0 && { errors: problem.faults.map(shownFault) }),
  };
}

/** Of a text that may quote the request. */
const MOST_CHARACTERS = 500;

/** The values stand beside path and message. */
function shownFault({ path, message, values }: Fault): Omit<Fault, 'values'> {
  return { path: print.safe(path, MOST_CHARACTERS), message: print.safe(message, MOST_CHARACTERS), ...values };
}

/** What an error means to the caller; `internal-error`, without a word of the error, if nobody foresaw it. */
export function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof Refusal) {
    const { code, message, faults, retrySeconds } = error;
    // A test holds every code of a refusal against the table: one that it lacks is a defect.
    if (!isProblemCode(code)) return new Problem('internal-error');
    return new Problem(code, message, faults, retrySeconds === null ? {} : { 'retry-after': String(retrySeconds) });
  }
  if (error instanceof errors.EventTooLarge) {
    return new Problem('payload-too-large', `An event of ${error.bytes} bytes is larger than the log takes.`);
  }
  if (error instanceof errors.EventStoreUnavailable) return unavailable('event-store-unavailable', error);
  // A stream that somebody deleted in the store itself, between the load and the append.
  if (error instanceof errors.StreamNotFound) return new Problem('revision-conflict');
  if (error instanceof errors.UnreadableEvent) return unreadable(`${error.event.stream}@${error.event.revision}`);
  if (error instanceof errors.Unopened) return unreadable('the log of the server says which');
  if (error instanceof DocumentTooLarge) {
    return new Problem('payload-too-large', `The file has more than ${error.maxBytes} bytes.`);
  }
  if (error instanceof DocumentUnreadable) {
    return new Problem(
      'id-proof-not-found',
      'The stored proof is missing or damaged: upload it again. The log of the server says more.',
    );
  }
  if (error instanceof DocumentsUnavailable) {
    const detail = 'The storage of documents does not answer. Try again later.';
    return new Problem('overloaded', detail, [], { 'retry-after': '5' });
  }
  if (error instanceof WrongMasterKey) {
    const detail = 'This process can not open keys in the database. Its log says which master key it needs.';
    return new Problem('database-unavailable', detail, [], { 'retry-after': '60' });
  }
  const known = fromFramework(error);
  if (known) return known;
  if (postgres.isUnavailable(error)) return unavailable('database-unavailable', error);
  if (postgres.isUndefinedName(error)) return otherTables();
  return isSystemFault(error) ? outOfMeans() : new Problem('internal-error');
}

/** Somebody has changed a table by hand, or has not migrated. */
function otherTables(): Problem {
  const detail =
    'The database lacks a table or a column that this server reads: its log says which. For a table of a read model, run ' +
    'orderlog rebuild; for any other, run orderlog migrate.';
  return new Problem('database-unavailable', detail, [], { 'retry-after': '60' });
}

/** Somebody has to make room: no use to try again at once. */
function outOfMeans(): Problem {
  const detail =
    'The server has no disk space, open files or memory left for this, or can not use one of its own files. ' +
    'Its log says more. Try again later.';
  return new Problem('overloaded', detail, [], { 'retry-after': '10' });
}

/** The address of the database is for the log alone. */
function unavailable(code: 'event-store-unavailable' | 'database-unavailable', error: unknown): Problem {
  const outage = postgres.outageOf(error);
  if (!outage) return new Problem(code);
  const { what, remedy, lasts } = outage;
  const mending = lasts ? ` To mend it, ${remedy}. The log of this server says which database it is.` : '';
  const again =
    code === 'event-store-unavailable'
      ? 'A change may have taken effect all the same: send it again with its idempotency key.'
      : 'Try again later.';
  return new Problem(code, `The database ${what}.${mending} ${again}`, [], lasts ? { 'retry-after': '10' } : {});
}

/** Whether the operator, too, is to hear of an error, because the caller can do nothing about it. */
export function isForOperator(error: unknown): boolean {
  return (
    error instanceof errors.UnreadableEvent ||
    error instanceof errors.Unopened ||
    error instanceof DocumentUnreadable ||
    error instanceof DocumentsUnavailable ||
    error instanceof WrongMasterKey ||
    (isSystemFault(error) && !postgres.isUnavailable(error)) ||
    postgres.isUndefinedName(error) ||
    postgres.outageOf(error)?.lasts === true
  );
}

/** Only another version of the code, or a mended key store, can read it: no use to try again in two seconds. */
function unreadable(which: string): Problem {
  const detail = `The log holds an event here that this version can not read: ${which}.`;
  return new Problem('event-store-unavailable', detail, [], { 'retry-after': '60' });
}

const BY_STATUS: Readonly<Record<number, ProblemCode>> = {
  404: 'route-not-found',
  405: 'method-not-allowed',
  413: 'payload-too-large',
  415: 'unsupported-media-type',
  431: 'headers-too-large',
};

const DETAILS: Readonly<Record<string, string>> = {
  FST_ERR_BAD_URL: 'The path is not encoded properly.',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'The body is not as long as Content-Length says.',
};

/** Errors of Fastify and of reading the body: those that blame the request. */
function fromFramework(error: unknown): Problem | null {
  if (!(error instanceof Error)) return null;
  const { code, statusCode } = error as { code?: unknown; statusCode?: unknown };
  if (typeof statusCode !== 'number' || statusCode < 400 || statusCode > 499) return null;
  const known = BY_STATUS[statusCode];
  // The text of `invalid-request` speaks of `errors`, and here are none.
  const detail = DETAILS[String(code)] ?? (known === undefined ? 'The request can not be read as HTTP.' : undefined);
  return new Problem(known ?? 'invalid-request', detail);
}
