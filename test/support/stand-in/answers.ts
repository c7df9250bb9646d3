/** Messages of the protocol, as a server fills them in. */
import pb from '@eventstore/db-client/generated/streams_pb.js';
import type { BatchAppendResp, ReadResp } from '@eventstore/db-client/generated/streams_pb.js';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import type { StreamIdentifier, UUID } from '@eventstore/db-client/generated/shared_pb.js';
import type { LoggedEvent, Position } from './logged-event.js';

export function uuid(id: string): UUID {
  return new shared.UUID().setString(id);
}

export function streamIdentifier(stream: string): StreamIdentifier {
  return new shared.StreamIdentifier().setStreamName(Buffer.from(stream).toString('base64'));
}

export function nameOf(identifier: StreamIdentifier | undefined): string {
  return Buffer.from(identifier?.getStreamName_asU8() ?? []).toString();
}

/** An event of a read or a subscription; `broken` ones are what no server should send, and what a client may meet. */
export function eventRead(event: LoggedEvent, broken?: 'no-id' | 'bad-json' | 'no-stream'): ReadResp {
  const recorded = new pb.ReadResp.ReadEvent.RecordedEvent();
  if (broken !== 'no-id') recorded.setId(uuid(event.id));
  if (broken !== 'no-stream') recorded.setStreamIdentifier(streamIdentifier(event.stream));
  recorded.setStreamRevision(String(event.revision));
  recorded.setCommitPosition(String(event.position.commit));
  recorded.setPreparePosition(String(event.position.prepare));
  recorded.getMetadataMap().set('type', event.type);
  // Ticks of 100 ns.
  recorded.getMetadataMap().set('created', String(BigInt(event.created) * 10_000n));
  recorded.getMetadataMap().set('content-type', event.isJson ? 'application/json' : 'application/octet-stream');
  recorded.setData(new Uint8Array(broken === 'bad-json' ? Buffer.from('{"half":') : event.data));
  recorded.setCustomMetadata(new Uint8Array(event.metadata));
  const read = new pb.ReadResp.ReadEvent().setEvent(recorded).setCommitPosition(String(event.position.commit));
  return new pb.ReadResp().setEvent(read);
}

export function streamNotFound(stream: string): ReadResp {
  const missing = new pb.ReadResp.StreamNotFound().setStreamIdentifier(streamIdentifier(stream));
  return new pb.ReadResp().setStreamNotFound(missing);
}

export function confirmation(id: string): ReadResp {
  return new pb.ReadResp().setConfirmation(new pb.ReadResp.SubscriptionConfirmation().setSubscriptionId(id));
}

export function checkpoint({ commit, prepare }: Position): ReadResp {
  const reached = new pb.ReadResp.Checkpoint().setCommitPosition(String(commit)).setPreparePosition(String(prepare));
  return new pb.ReadResp().setCheckpoint(reached);
}

export function caughtUp(): ReadResp {
  return new pb.ReadResp().setCaughtUp(new pb.ReadResp.CaughtUp());
}

export function appended(revision: bigint, { commit, prepare }: Position): BatchAppendResp {
  const position = new shared.AllStreamPosition().setCommitPosition(String(commit)).setPreparePosition(String(prepare));
  const success = new pb.BatchAppendResp.Success().setCurrentRevision(String(revision)).setPosition(position);
  return new pb.BatchAppendResp().setSuccess(success);
}
