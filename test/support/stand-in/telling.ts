/** What a server tells of itself: what it can do, and who else is there. */
import features from '@eventstore/db-client/generated/serverfeatures_pb.js';
import type { SupportedMethods } from '@eventstore/db-client/generated/serverfeatures_pb.js';
import gossip from '@eventstore/db-client/generated/gossip_pb.js';
import type { ClusterInfo } from '@eventstore/db-client/generated/gossip_pb.js';
import type { Empty } from '@eventstore/db-client/generated/shared_pb.js';
import { Metadata, type sendUnaryData, type ServerUnaryCall } from '@grpc/grpc-js';
import { uuid } from './answers.js';
import type { Place } from './faults.js';
import { enter, type Node } from './node.js';
import type { Refusal } from './refusals.js';

const STREAMS = 'event_store.client.streams.streams';

type Telling<T> = (call: ServerUnaryCall<Empty, T>, answer: sendUnaryData<T>) => void;

/** Answers everybody: neither asks who is there. */
function telling<T>(node: Node, place: Place & ('features' | 'gossip'), tell: () => T): Telling<T> {
  return (_call, answer) => {
    const open: Node = { ...node, options: {}, role: () => ({ ...node.role(), state: 'alone', isNotReady: false }) };
    void enter(open, place, '', new Metadata()).then(
      () => answer(null, tell()),
      (error: unknown) => answer(error as Refusal),
    );
  };
}

export function supportedMethods(node: Node): Telling<SupportedMethods> {
  return telling<SupportedMethods>(node, 'features', () => {
    const version = node.options.version ?? '24.10.0';
    const methods = [
      'read',
      'append',
      'delete',
      'tombstone',
      ...(Number.parseInt(version) >= 21 ? ['batchappend'] : []),
    ];
    const told = new features.SupportedMethods();
    told.setEventStoreServerVersion(version);
    told.setMethodsList(
      methods.map((name) => {
        const method = new features.SupportedMethod();
        method.setServiceName(STREAMS).setMethodName(name);
        if (name === 'read') method.setFeaturesList(['position', 'events']);
        if (name === 'batchappend') method.setFeaturesList(['deadline_duration']);
        return method;
      }),
    );
    return told;
  });
}

export function members(node: Node): Telling<ClusterInfo> {
  return telling<ClusterInfo>(node, 'gossip', () => {
    const info = new gossip.ClusterInfo();
    for (const { port, id, isAlive, state } of node.members()) {
      const endpoint = new gossip.EndPoint().setAddress('127.0.0.1').setPort(port);
      const member = new gossip.MemberInfo().setInstanceId(uuid(id)).setState(state).setIsAlive(isAlive);
      info.addMembers(member.setTimeStamp(String(Date.now() * 10_000)).setHttpEndPoint(endpoint));
    }
    return info;
  });
}
