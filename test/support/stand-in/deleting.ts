import pb from '@eventstore/db-client/generated/streams_pb.js';
import type { DeleteReq, DeleteResp, TombstoneReq, TombstoneResp } from '@eventstore/db-client/generated/streams_pb.js';
import type { sendUnaryData, ServerUnaryCall } from '@grpc/grpc-js';
import { nameOf } from './answers.js';
import type { Expected } from './log.js';
import type { Position } from './logged-event.js';
import { enter, type Node } from './node.js';
import { type Refusal, streamDeleted, wrongVersion } from './refusals.js';

export function softDelete(node: Node) {
  return (call: ServerUnaryCall<DeleteReq, DeleteResp>, answer: sendUnaryData<DeleteResp>): void => {
    void remove(node, call, false).then(
      ({ commit, prepare }) => {
        const position = new pb.DeleteResp.Position();
        position.setCommitPosition(String(commit)).setPreparePosition(String(prepare));
        answer(null, new pb.DeleteResp().setPosition(position));
      },
      (error: unknown) => answer(error as Refusal),
    );
  };
}

export function tombstone(node: Node) {
  return (call: ServerUnaryCall<TombstoneReq, TombstoneResp>, answer: sendUnaryData<TombstoneResp>): void => {
    void remove(node, call, true).then(
      ({ commit, prepare }) => {
        const position = new pb.TombstoneResp.Position();
        position.setCommitPosition(String(commit)).setPreparePosition(String(prepare));
        answer(null, new pb.TombstoneResp().setPosition(position));
      },
      (error: unknown) => answer(error as Refusal),
    );
  };
}

async function remove(
  node: Node,
  call: ServerUnaryCall<DeleteReq, DeleteResp> | ServerUnaryCall<TombstoneReq, TombstoneResp>,
  isHard: boolean,
): Promise<Position> {
  const options = call.request.getOptions();
  const stream = nameOf(options?.getStreamIdentifier());
  await enter(node, 'delete', stream, call.metadata);
  const expected: Expected = options?.hasNoStream()
    ? 'no_stream'
    : options?.hasStreamExists()
      ? 'stream_exists'
      : options?.hasRevision()
        ? BigInt(options.getRevision())
        : 'any';
  const done = node.log.delete(stream, expected, isHard);
  if (done.outcome === 'deleted') throw streamDeleted(stream);
  if (done.outcome === 'wrong-version') throw wrongVersion(stream, expected, done.actual);
  return done.position;
}
