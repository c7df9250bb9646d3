/** What the errors of the client mean. It has classes for some; others come bare, with a code or with a text alone. */
import {
  AccessDeniedError,
  DeadlineExceededError,
  MaxAppendSizeExceededError,
  NotLeaderError,
  StreamDeletedError,
  StreamNotFoundError,
  UnknownError,
  WrongExpectedVersionError,
} from '@eventstore/db-client';
import {
  EventStoreUnavailable,
  EventTooLarge,
  LogReplaced,
  StreamNotFound,
  WrongExpectedRevision,
} from '../../core/errors.js';
import type { ExpectedRevision } from '../../core/event-store.js';
import { revisionOf } from './position.js';

/** gRPC's PERMISSION_DENIED and UNAUTHENTICATED. */
const DENIED = new Set([7, 16]);

/**
 * The error of the port where the server has refused for good, so that nothing was appended or read; null where it is the
 * connection or the server's state, so that trying again may help and what was under way may have taken effect.
 */
export function refusalOf(error: unknown, stream: string, expected: ExpectedRevision = 'any'): Error | null {
  if (error instanceof WrongExpectedVersionError) {
    const { actualVersion } = error;
    const actual = typeof actualVersion === 'string' ? 'none' : revisionOf(actualVersion);
    return new WrongExpectedRevision(stream, expected, actual);
  }
  if (error instanceof StreamNotFoundError || error instanceof StreamDeletedError) return new StreamNotFound(stream);
  if (error instanceof MaxAppendSizeExceededError) return new EventTooLarge(stream, error.maxAppendSize);
  if (isNoPlace(error)) return new LogReplaced('the log has no record where one was read before', { cause: error });
  if (isDenied(error)) {
    return new EventStoreUnavailable(
      'EventStoreDB denies access: the user in EVENTSTORE_URL needs the password it has there, and the rights to read ' +
        '$all and to append (those of $admins or $ops)',
      { cause: error },
    );
  }
  return null;
}

/** No record begins at the position that a read or a subscription begins at. The client has no class for it. */
export function isNoPlace(error: unknown): boolean {
  return error instanceof Error && /InvalidPosition|invalid position/.test(error.message);
}

/** The client goes over to the leader by itself, if it is told which one that is. */
export function isNotLeader(error: unknown): boolean {
  return error instanceof NotLeaderError;
}

/** Waiting may help: not against a refusal, nor where one side speaks TLS and the other does not. */
export function isPassing(error: unknown): boolean {
  const text = error instanceof Error ? error.message : '';
  return !LASTING.test(text);
}

/** For people: what to look at when the server can't be used. */
export function explain(error: unknown): string {
  const text = error instanceof Error ? error.message || textOf(error) : String(error);
  const hint = HINTS.find(([pattern]) => pattern.test(text))?.[1];
  return hint === undefined ? text : `${text} (${hint})`;
}

const LASTING = /denies access|wrong version number|EPROTO|certificate|self.signed|unable to/i;

const HINTS: readonly (readonly [RegExp, string])[] = [
  [
    /ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|Name resolution failed/,
    'is the address right, and does the server run?',
  ],
  [
    /wrong version number|EPROTO|packet length/i,
    'the server speaks without TLS: add tls=false, or give it certificates',
  ],
  [
    /self.signed|unable to (verify|get)|CERT_|certificate/i,
    'the certificate is not trusted: name its authority with tlsCAFile',
  ],
  [/socket hang up|Protocol error|Failed to connect/i, 'does the server speak TLS, and the URL says tls=false?'],
  [/Failed to discover|No leader info/, 'no node of the cluster leads, or answers'],
  [/Leader info available/, 'the server asked is not the leader: name all nodes of the cluster'],
  [/disk full/i, 'make room on the disk of the server'],
  [/Server Is Not Ready/i, 'the cluster is choosing a leader'],
];

/** Some errors of the client have a type and no text. */
function textOf(error: Error): string {
  if (error instanceof DeadlineExceededError) return 'the server did not do it in time, as without a quorum';
  if (error instanceof UnknownError) return 'the server failed and did not say why: look at its log, and at its disk';
  return error.name;
}

function isDenied(error: unknown): boolean {
  if (error instanceof AccessDeniedError) return true;
  const code = (error as { readonly code?: unknown } | null)?.code;
  return typeof code === 'number' && DENIED.has(code);
}
