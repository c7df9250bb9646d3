/** How a server says no: by the status of a call, or inside an answer of a batch append. */
import status from '@eventstore/db-client/generated/status_pb.js';
import type { Status } from '@eventstore/db-client/generated/status_pb.js';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import { Metadata, type StatusObject, status as codes } from '@grpc/grpc-js';
import anyPb from 'google-protobuf/google/protobuf/any_pb.js';
import emptyPb from 'google-protobuf/google/protobuf/empty_pb.js';
import { streamIdentifier } from './answers.js';
import type { Expected } from './log.js';

/** What is thrown in a call to end it with this status. */
export class Refusal extends Error implements StatusObject {
  readonly metadata = new Metadata();

  constructor(
    readonly code: codes,
    readonly details: string,
    exception: Readonly<Record<string, string>> = {},
  ) {
    super(details);
    for (const [name, value] of Object.entries(exception)) this.metadata.set(name, value);
  }
}

const { UNAVAILABLE, NOT_FOUND, UNKNOWN, PERMISSION_DENIED, FAILED_PRECONDITION, ABORTED } = codes;

export const serverNotReady = (): Refusal => new Refusal(UNAVAILABLE, 'Server Is Not Ready');
export const shuttingDown = (): Refusal =>
  new Refusal(UNAVAILABLE, 'Server Is Shutting Down', { exception: 'server-shutting-down' });
export const noLeader = (): Refusal => new Refusal(UNKNOWN, 'No leader info available in response');
export const diskFull = (): Refusal => new Refusal(UNKNOWN, 'Unexpected OperationResult: disk full');
export const timedOut = (): Refusal => new Refusal(ABORTED, 'Operation timed out: Prepare phase timeout.');
export const invalidPosition = (): Refusal => new Refusal(UNKNOWN, 'Unexpected ReadAllResult: InvalidPosition');
/** Of a subscription. */
export const noPlace = (): Refusal => new Refusal(codes.INVALID_ARGUMENT, 'Trying to read from an invalid position.');
/** A stream read forwards from its end. */
export const readError = (): Refusal => new Refusal(UNKNOWN, 'Unexpected ReadStreamResult: Error');
export const accessDenied = (): Refusal =>
  new Refusal(PERMISSION_DENIED, 'Access Denied', { exception: 'access-denied' });
export const unauthenticated = (): Refusal => new Refusal(codes.UNAUTHENTICATED, 'Unauthenticated');

export function notLeader(host: string, port: number): Refusal {
  return new Refusal(NOT_FOUND, 'Leader info available', {
    exception: 'not-leader',
    'leader-endpoint-host': host,
    'leader-endpoint-port': String(port),
  });
}

export function streamDeleted(stream: string): Refusal {
  const details = `Event stream '${stream}' is deleted.`;
  return new Refusal(FAILED_PRECONDITION, details, { exception: 'stream-deleted', 'stream-name': stream });
}

export function tooLarge(limit: number): Refusal {
  return new Refusal(codes.INVALID_ARGUMENT, `Maximum Append Size of ${limit} Exceeded.`, {
    exception: 'maximum-append-size-exceeded',
    'maximum-append-size': String(limit),
  });
}

/** Of deleting; an append has a message of its own for it. */
export function wrongVersion(stream: string, expected: Expected, actual: bigint): Refusal {
  const wanted = String({ any: -2, no_stream: -1, stream_exists: -4 }[String(expected)] ?? expected);
  const details = `Delete failed due to WrongExpectedVersion. Stream: ${stream}, Expected version: ${wanted}, Actual version: ${actual}`;
  return new Refusal(FAILED_PRECONDITION, details, {
    exception: 'wrong-expected-version',
    'stream-name': stream,
    'expected-version': wanted,
    'actual-version': String(actual),
  });
}

function packed(message: { serializeBinary(): Uint8Array }, type: string, text = ''): Status {
  const details = new anyPb.Any();
  details.pack(message.serializeBinary(), type);
  const answer = new status.Status();
  answer.setMessage(text);
  answer.setDetails(details);
  return answer;
}

const client = (name: string): string => `event_store.client.${name}`;

export const batchAccessDenied = (): Status => packed(new shared.AccessDenied(), client('AccessDenied'));
export const batchTimeout = (): Status => packed(new shared.Timeout(), client('Timeout'));
export const batchUnknown = (): Status => packed(new shared.Unknown(), client('Unknown'));
/** The client knows no such details and says "Could not recognize" and the text. */
export const batchUnrecognized = (text: string): Status => packed(new emptyPb.Empty(), 'google.protobuf.Empty', text);

export function batchStreamDeleted(stream: string): Status {
  return packed(new shared.StreamDeleted().setStreamIdentifier(streamIdentifier(stream)), client('StreamDeleted'));
}

export function batchTooLarge(limit: number): Status {
  const exceeded = new shared.MaximumAppendSizeExceeded().setMaxappendsize(limit);
  return packed(exceeded, client('MaximumAppendSizeExceeded'));
}

export function batchWrongVersion(expected: Expected, actual: bigint): Status {
  const wrong = new shared.WrongExpectedVersion();
  if (actual < 0n) wrong.setCurrentNoStream(new emptyPb.Empty());
  else wrong.setCurrentStreamRevision(String(actual));
  if (expected === 'any') wrong.setExpectedAny(new emptyPb.Empty());
  else if (expected === 'no_stream') wrong.setExpectedNoStream(new emptyPb.Empty());
  else if (expected === 'stream_exists') wrong.setExpectedStreamExists(new emptyPb.Empty());
  else wrong.setExpectedStreamPosition(String(expected));
  return packed(wrong, client('WrongExpectedVersion'));
}
