import pb from '@eventstore/db-client/generated/streams_pb.js';
import type {
  AppendReq,
  AppendResp,
  BatchAppendReq,
  BatchAppendResp,
} from '@eventstore/db-client/generated/streams_pb.js';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import type { Status } from '@eventstore/db-client/generated/status_pb.js';
import type { Metadata, sendUnaryData, ServerDuplexStream, ServerReadableStream } from '@grpc/grpc-js';
import { setTimeout as delay } from 'node:timers/promises';
import { appended, nameOf, streamIdentifier } from './answers.js';
import type { AppendFault } from './faults.js';
import type { Appended, Expected } from './log.js';
import { type Proposed, proposedSize } from './logged-event.js';
import { checkAccess, checkLeader, type Node, refusalOf } from './node.js';
import * as refusals from './refusals.js';
import type { Refusal } from './refusals.js';

const MAX_APPEND_SIZE = 1024 * 1024;

/** An append that is still being sent, in one message or several. */
interface Request {
  readonly stream: string;
  readonly expected: Expected;
  readonly events: Proposed[];
  readonly deadline: number;
}

type Answer =
  Appended | { readonly outcome: 'too-large' | 'timeout' | 'access-denied' | 'not-ready' | 'unknown' | 'disk-full' };

/** How often an append is answered, and with what; or the status that ends the call. */
type Reply = { readonly answer: Answer; readonly times: number } | { readonly refusal: Refusal } | null;

/** The faults of a batch append that are an answer of one append, where other calls end with a status. */
const ANSWERED = ['access-denied', 'not-ready', 'unknown', 'disk-full'] as const;

async function serve(node: Node, request: Request, metadata: Metadata): Promise<Reply> {
  const { stream, events, expected } = request;
  const fault = node.faults.take('append', stream);
  const early = await before(node, fault, request, metadata);
  if (early !== undefined) return early;
  const answer = node.log.append(stream, events, expected);
  if (fault === 'apply-and-drop') node.dropConnections();
  if (fault === 'apply-and-drop' || fault === 'apply-and-never-answer') return null;
  if (typeof fault === 'object' && 'applyAndAnswerAfterMs' in fault) await delay(fault.applyAndAnswerAfterMs);
  return { answer, times: fault === 'answer-twice' ? 2 : 1 };
}

/** What keeps an append from being done: the size, the server's state, a fault. */
async function before(
  node: Node,
  fault: AppendFault | undefined,
  { stream, events, deadline }: Request,
  metadata: Metadata,
): Promise<Reply | undefined> {
  const size = events.reduce((sum, event) => sum + proposedSize(event), 0);
  if (size > (node.options.maxAppendSize ?? MAX_APPEND_SIZE)) return { answer: { outcome: 'too-large' }, times: 1 };
  if (fault === 'never') return null;
  if (fault === 'drop') {
    node.dropConnections();
    return null;
  }
  if (deadline <= Date.now()) return { answer: { outcome: 'timeout' }, times: 1 };
  if (fault === 'deadline') {
    await delay(Math.max(0, deadline - Date.now()));
    return { answer: { outcome: 'timeout' }, times: 1 };
  }
  if (fault === 'wrong-expected-version') {
    const there = node.log.read(stream);
    const actual = typeof there === 'string' ? -1n : (there.at(-1)?.revision ?? -1n);
    return { answer: { outcome: 'wrong-version', actual }, times: 1 };
  }
  if (fault === 'stream-deleted') return { answer: { outcome: 'deleted' }, times: 1 };
  const answered = ANSWERED.find((outcome) => outcome === fault);
  if (answered) return { answer: { outcome: answered }, times: 1 };
  const refusal = refusalOf(node, fault, stream);
  if (refusal) return { refusal };
  if (typeof fault === 'object' && 'lateMs' in fault) await delay(fault.lateMs);
  return stateOf(node, metadata);
}

async function stateOf(node: Node, metadata: Metadata): Promise<Reply | undefined> {
  const denied = checkAccess(node, metadata);
  if (denied)
    return denied.details === 'Access Denied'
      ? { answer: { outcome: 'access-denied' }, times: 1 }
      : { refusal: denied };
  const role = node.role();
  if (role.isNotReady) return { answer: { outcome: 'not-ready' }, times: 1 };
  if (role.state === 'lost') {
    await delay(role.quorumTimeoutMs ?? 4500);
    return { answer: { outcome: 'timeout' }, times: 1 };
  }
  const refusal = checkLeader(node, metadata);
  return refusal ? { refusal } : undefined;
}

export function batchAppend(node: Node) {
  return (call: ServerDuplexStream<BatchAppendReq, BatchAppendResp>): void => {
    const pending = new Map<string, Request>();
    let [underWay, isEnded] = [0, false];
    const end = (): void => {
      if (isEnded && underWay === 0) call.end();
    };
    call.on('data', (message: BatchAppendReq) => {
      const id = message.getCorrelationId();
      const key = Buffer.from(id?.serializeBinary() ?? []).toString('hex');
      const options = message.getOptions();
      if (options) pending.set(key, batchRequest(node, options));
      const request = pending.get(key);
      if (!request) return;
      request.events.push(...message.getProposedMessagesList().map(proposed));
      if (!message.getIsFinal()) return;
      pending.delete(key);
      underWay += 1;
      void serve(node, request, call.metadata).then((reply) => {
        underWay -= 1;
        if (call.cancelled) return;
        if (reply && 'refusal' in reply) call.emit('error', reply.refusal);
        for (let n = 0; reply && 'answer' in reply && n < reply.times; n++) {
          const answer = batchAnswer(node, request, reply.answer);
          call.write(answer.setCorrelationId(id).setStreamIdentifier(streamIdentifier(request.stream)));
        }
        end();
      });
    });
    call.on('error', () => undefined);
    call.on('end', () => {
      isEnded = true;
      end();
    });
  };
}

/** How long a server takes over a write, whatever is asked for. */
const WRITE_TIMEOUT_MS = 2_000;

function batchRequest(node: Node, options: BatchAppendReq.Options): Request {
  const expected: Expected = options.hasAny()
    ? 'any'
    : options.hasNoStream()
      ? 'no_stream'
      : options.hasStreamExists()
        ? 'stream_exists'
        : BigInt(options.getStreamPosition());
  // A time of day, which the server holds against its own clock.
  const asked = (options.getDeadline()?.toDate().getTime() ?? Infinity) - (node.options.clockAheadMs ?? 0);
  const deadline = Math.min(asked, Date.now() + WRITE_TIMEOUT_MS);
  return { stream: nameOf(options.getStreamIdentifier()), expected, events: [], deadline };
}

function batchAnswer(node: Node, { stream, expected }: Request, answer: Answer): BatchAppendResp {
  const error = (status: Status): BatchAppendResp => new pb.BatchAppendResp().setError(status);
  switch (answer.outcome) {
    case 'done':
    case 'repeated':
      return appended(answer.revision, answer.position);
    case 'wrong-version':
      return error(refusals.batchWrongVersion(expected, answer.actual));
    case 'deleted':
      return error(refusals.batchStreamDeleted(stream));
    case 'too-large':
      return error(refusals.batchTooLarge(node.options.maxAppendSize ?? MAX_APPEND_SIZE));
    case 'timeout':
      return error(refusals.batchTimeout());
    case 'access-denied':
      return error(refusals.batchAccessDenied());
    case 'not-ready':
      return error(refusals.batchUnrecognized('Server Is Not Ready'));
    case 'unknown':
    case 'disk-full':
      return error(refusals.batchUnknown());
  }
}

export function append(node: Node) {
  return (call: ServerReadableStream<AppendReq, AppendResp>, answer: sendUnaryData<AppendResp>): void => {
    let request: Request | undefined;
    call.on('data', (message: AppendReq) => {
      const options = message.getOptions();
      if (options) request = singleRequest(options, call.getDeadline());
      const event = message.getProposedMessage();
      if (event) request?.events.push(proposed(event));
    });
    call.on('end', () => {
      if (!request) return;
      const asked = request;
      void serve(node, asked, call.metadata).then((reply) => {
        if (!reply) return;
        const given = 'refusal' in reply ? reply.refusal : singleAnswer(node, asked, reply.answer);
        if (given instanceof refusals.Refusal) answer(given);
        else answer(null, given);
      });
    });
  };
}

function singleRequest(options: AppendReq.Options, deadline: Date | number): Request {
  const expected: Expected = options.hasAny()
    ? 'any'
    : options.hasNoStream()
      ? 'no_stream'
      : options.hasStreamExists()
        ? 'stream_exists'
        : BigInt(options.getRevision());
  return { stream: nameOf(options.getStreamIdentifier()), expected, events: [], deadline: Number(deadline) };
}

function singleAnswer(node: Node, { stream, expected }: Request, answer: Answer): AppendResp | Refusal {
  switch (answer.outcome) {
    case 'done':
    case 'repeated': {
      const { commit, prepare } = answer.position;
      const position = new pb.AppendResp.Position()
        .setCommitPosition(String(commit))
        .setPreparePosition(String(prepare));
      const success = new pb.AppendResp.Success().setCurrentRevision(String(answer.revision)).setPosition(position);
      return new pb.AppendResp().setSuccess(success);
    }
    case 'wrong-version': {
      const wrong = new pb.AppendResp.WrongExpectedVersion();
      if (answer.actual < 0n) wrong.setCurrentNoStream(new shared.Empty());
      else wrong.setCurrentRevision(String(answer.actual));
      if (expected === 'any') wrong.setExpectedAny(new shared.Empty());
      else if (expected === 'no_stream') wrong.setExpectedNoStream(new shared.Empty());
      else if (expected === 'stream_exists') wrong.setExpectedStreamExists(new shared.Empty());
      else wrong.setExpectedRevision(String(expected));
      return new pb.AppendResp().setWrongExpectedVersion(wrong);
    }
    case 'deleted':
      return refusals.streamDeleted(stream);
    case 'too-large':
      return refusals.tooLarge(node.options.maxAppendSize ?? MAX_APPEND_SIZE);
    case 'timeout':
      return refusals.timedOut();
    case 'access-denied':
      return refusals.accessDenied();
    case 'not-ready':
      return refusals.serverNotReady();
    case 'unknown':
    case 'disk-full':
      return refusals.diskFull();
  }
}

function proposed(message: BatchAppendReq.ProposedMessage | AppendReq.ProposedMessage): Proposed {
  const metadata = message.getMetadataMap();
  return {
    id: message.getId()?.getString() ?? '',
    type: metadata.get('type') ?? '',
    isJson: metadata.get('content-type') === 'application/json',
    data: Buffer.from(message.getData_asU8()),
    metadata: Buffer.from(message.getCustomMetadata_asU8()),
  };
}
