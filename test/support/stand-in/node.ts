/** What the services of one server share, and what every call goes through before it is served. */
import type { Metadata } from '@grpc/grpc-js';
import { setTimeout as delay } from 'node:timers/promises';
import type { CallFault, Faults, FaultOf, Place } from './faults.js';
import type { Log } from './log.js';
import {
  accessDenied,
  diskFull,
  noLeader,
  notLeader,
  type Refusal,
  serverNotReady,
  shuttingDown,
  streamDeleted,
  unauthenticated,
} from './refusals.js';
import type { Subscriptions } from './subscriptions.js';

export interface StandInOptions {
  /** What ServerFeatures tells; null: the service is not there, as before 21.10. */
  readonly version?: string | null;
  /** False: no message that a subscription has caught up, as before 23.10. */
  readonly caughtUp?: boolean;
  /** False: no checkpoint when a filtered subscription has reached the head, only those of its interval. */
  readonly checkpointAtHead?: boolean;
  /** Of one append, in bytes. */
  readonly maxAppendSize?: number;
  readonly tls?: { readonly key: string; readonly cert: string };
  /** Password by name; given, a call without right credentials is refused. */
  readonly users?: Readonly<Record<string, string>>;
  readonly port?: number;
  /** How far its clock is ahead of that of its clients. */
  readonly clockAheadMs?: number;
}

/** What the other servers of a cluster decide for this one. */
export interface Role {
  /** `alone` serves everything; `lost`: there is no quorum. */
  readonly state: 'alone' | 'leader' | 'follower' | 'lost';
  readonly leader?: { readonly host: string; readonly port: number };
  /** Calls are answered "Server Is Not Ready". */
  readonly isNotReady?: boolean;
  /** Without a quorum a write is answered after so long, with a timeout. */
  readonly quorumTimeoutMs?: number;
}

export interface Member {
  readonly port: number;
  readonly id: string;
  readonly isAlive: boolean;
  readonly state: number;
}

export interface Node {
  readonly log: Log;
  readonly faults: Faults;
  readonly subscriptions: Subscriptions;
  readonly options: StandInOptions;
  readonly role: () => Role;
  readonly members: () => readonly Member[];
  readonly dropConnections: () => void;
}

/** Who gives no credentials is denied, and who gives wrong ones is not known: two different answers. */
export function checkAccess(node: Node, metadata: Metadata): Refusal | null {
  const { users } = node.options;
  if (!users) return null;
  const [given] = metadata.get('authorization');
  if (given === undefined) return accessDenied();
  const [name = '', password] = Buffer.from(String(given).replace('Basic ', ''), 'base64').toString().split(':');
  return users[name] !== undefined && users[name] === password ? null : unauthenticated();
}

/** A server that does not lead serves only those that do not ask for the leader. */
export function checkLeader(node: Node, metadata: Metadata): Refusal | null {
  const { state, leader, isNotReady } = node.role();
  if (isNotReady) return serverNotReady();
  if (metadata.get('requires-leader')[0] !== 'true' || state === 'alone' || state === 'leader') return null;
  return leader ? notLeader(leader.host, leader.port) : noLeader();
}

/** The status that a fault ends a call with; undefined for faults of another kind. */
export function refusalOf(node: Node, fault: unknown, stream: string): Refusal | undefined {
  switch (fault) {
    case 'unavailable':
      return shuttingDown();
    case 'not-ready':
      return serverNotReady();
    case 'not-leader': {
      const { host, port } = node.role().leader ?? { host: '127.0.0.1', port: node.members()[0]?.port ?? 0 };
      return notLeader(host, port);
    }
    case 'no-leader':
      return noLeader();
    case 'stream-deleted':
      return streamDeleted(stream);
    case 'access-denied':
      return accessDenied();
    case 'unknown':
    case 'disk-full':
      return diskFull();
    default:
      return undefined;
  }
}

/** Throws the refusal of a call, waits, or never settles, as its fault says; returns a fault that is not of these. */
export async function enter<P extends Place>(
  node: Node,
  place: P,
  stream: string,
  metadata: Metadata,
): Promise<Exclude<FaultOf[P], CallFault> | undefined> {
  const fault = node.faults.take(place, stream);
  if (fault === 'never') await new Promise(() => undefined);
  if (fault === 'drop') {
    node.dropConnections();
    await new Promise(() => undefined);
  }
  const refusal = refusalOf(node, fault, stream) ?? checkAccess(node, metadata) ?? checkLeader(node, metadata);
  if (refusal) throw refusal;
  if (typeof fault === 'object' && 'lateMs' in fault) await delay(fault.lateMs);
  return fault as Exclude<FaultOf[P], CallFault> | undefined;
}
