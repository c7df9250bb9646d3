/** Asks the nodes of an EventStoreDB server for their version, their members and their time, each on its own. */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { EventStoreDBClient } from '@eventstore/db-client';
import { GossipClient } from '@eventstore/db-client/generated/gossip_grpc_pb.js';
import gossip, { type ClusterInfo, type MemberInfo } from '@eventstore/db-client/generated/gossip_pb.js';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import type { EventStoreHost, EventStoreUrl } from './connection-url.js';
import type { NodeReach, ServerMember, ServerReport } from './server-description.js';

/** For each node. */
const PATIENCE_MS = 3_000;
/** A node renews the time that it tells about every two seconds. */
const CLOCK_WATCH_MS = 2_500;
const CLOCK_LOOK_EVERY_MS = 100;
const TICKS_PER_MS = 10_000;

interface Answer {
  readonly version: string | null;
  readonly members: readonly (ServerMember & { readonly toldAt: number })[];
}

/** Never rejects for a node that does not answer: that is in the report. */
export async function describeServer(url: EventStoreUrl, patienceMs = PATIENCE_MS): Promise<ServerReport> {
  const nodes = new Map<string, NodeReach>();
  const answers: Answer[] = [];
  const ask = async (hosts: readonly EventStoreHost[], named: boolean): Promise<void> => {
    await Promise.all(
      hosts.map(async (host) => {
        const address = addressOf(host);
        if (nodes.has(address)) return;
        const answer = await withNode(url, host, (node) => node.ask(patienceMs)).catch(
          (error: unknown) => error as Error,
        );
        if (answer instanceof Error) nodes.set(address, { address, named, fault: answer.message || answer.name });
        else {
          nodes.set(address, { address, named, fault: null });
          answers.push(answer);
        }
      }),
    );
  };
  await ask(url.hosts, true);
  // Clients are sent to these addresses, whatever the URL names.
  const others = answers.flatMap(({ members }) =>
    members.filter(({ alive }) => alive).map(({ address }) => hostOf(address)),
  );
  await ask(others, false);
  // A node that knows a leader is right before one that does not.
  const best = answers.find(({ members }) => leaderOf(members) !== null) ?? answers[0];
  const members = (best?.members ?? []).map(({ address, state, alive }) => ({ address, state, alive }));
  const reached = url.hosts.find((host) => nodes.get(addressOf(host))?.fault === null);
  const skewMs = reached ? await skewOf(url, reached, patienceMs) : null;
  return { version: oldest(answers), members, leader: leaderOf(members), skewMs, nodes: [...nodes.values()] };
}

/** The client, with what it keeps to itself: calls of services that it has no methods for. */
class Node extends EventStoreDBClient {
  async ask(patienceMs: number): Promise<Answer> {
    // The version first: with TLS that does not fit, it is the one that says so.
    const { serverVersion } = await within(patienceMs, this.capabilities);
    return { version: serverVersion === 'unknown' ? null : serverVersion, members: await this.members(patienceMs) };
  }

  async members(patienceMs: number): Promise<Answer['members']> {
    const read = (client: GossipClient): Promise<ClusterInfo> =>
      new Promise((resolve, reject) => {
        const [metadata, options] = this.callArguments({ deadline: patienceMs });
        client.read(new shared.Empty(), metadata, options, (error, info) => {
          if (error) reject(error);
          else resolve(info);
        });
      });
    const info = await within(patienceMs, this.execute(GossipClient, 'readGossip', read));
    return info.getMembersList().map((member) => ({
      address: `${member.getHttpEndPoint()?.getAddress() ?? ''}:${member.getHttpEndPoint()?.getPort() ?? 0}`,
      state: stateOf(member),
      alive: member.getIsAlive(),
      toldAt: Number(member.getTimeStamp()) / TICKS_PER_MS,
    }));
  }

  async close(): Promise<void> {
    await this.dispose();
    // It goes on connecting to a node that is away, and keeps the process from ending.
    const channel = await this.getChannel().catch(() => null);
    channel?.close();
  }
}

async function withNode<T>(url: EventStoreUrl, host: EventStoreHost, work: (node: Node) => Promise<T>): Promise<T> {
  const { tls, tlsCAFile, userCertFile, userKeyFile } = url.parameters;
  const security = {
    insecure: tls === 'false',
    ...(tlsCAFile !== undefined && { rootCertificate: readFileSync(tlsCAFile) }),
    ...(userCertFile !== undefined && { userCertFile: readFileSync(userCertFile) }),
    ...(userKeyFile !== undefined && { userKeyFile: readFileSync(userKeyFile) }),
  };
  const node = new Node({ endpoint: host }, security, url.credentials ?? undefined);
  try {
    return await work(node);
  } finally {
    await node.close();
  }
}

/**
 * A node tells when it last renewed what it says of itself. Just after that, this is its time now: the largest difference
 * that is seen within a round is nearest to the truth.
 */
async function skewOf(url: EventStoreUrl, host: EventStoreHost, patienceMs: number): Promise<number | null> {
  return withNode(url, host, async (node) => {
    const seen: { readonly toldAt: number; readonly ahead: number }[] = [];
    for (const end = Date.now() + CLOCK_WATCH_MS; Date.now() < end; await sleep(CLOCK_LOOK_EVERY_MS)) {
      const before = Date.now();
      const members = await node.members(patienceMs);
      const now = (before + Date.now()) / 2;
      const own = members.length === 1 ? members[0] : members.find(({ address }) => address === addressOf(host));
      if (own) seen.push({ toldAt: own.toldAt, ahead: own.toldAt - now });
    }
    const isRenewed = seen.some(({ toldAt }) => toldAt !== seen[0]?.toldAt);
    return isRenewed ? Math.round(Math.max(...seen.map(({ ahead }) => ahead))) : null;
  }).catch(() => null);
}

function leaderOf(members: readonly ServerMember[]): string | null {
  return members.find(({ state, alive }) => alive && state === 'Leader')?.address ?? null;
}

/** The oldest version among the nodes; null as soon as one does not tell. */
function oldest(answers: readonly Answer[]): string | null {
  const versions = answers.map(({ version }) => version);
  if (versions.length === 0 || versions.includes(null)) return null;
  return (versions as string[]).sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))[0] ?? null;
}

const STATES: Readonly<Record<number, string>> = Object.fromEntries(
  [
    ...['Initializing', 'DiscoverLeader', 'Unknown', 'PreReplica', 'CatchingUp', 'Clone', 'Follower', 'PreLeader'],
    ...['Leader', 'Manager', 'ShuttingDown', 'Shutdown', 'ReadOnlyLeaderless', 'PreReadOnlyReplica', 'ReadOnlyReplica'],
    'ResigningLeader',
  ].map((name) => [
    gossip.MemberInfo.VNodeState[name.toUpperCase() as keyof typeof gossip.MemberInfo.VNodeState],
    name,
  ]),
);

function stateOf(member: MemberInfo): string {
  return STATES[member.getState()] ?? 'Unknown';
}

function addressOf({ address, port }: EventStoreHost): string {
  return `${address}:${port}`;
}

function hostOf(address: string): EventStoreHost {
  const at = address.lastIndexOf(':');
  return { address: address.slice(0, at), port: Number(address.slice(at + 1)) };
}

/** The client's own deadline does not hold for every call. */
async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  const over = new AbortController();
  try {
    return await Promise.race([
      work,
      sleep(ms, null, { signal: over.signal }).then(() => {
        throw new Error(`no answer within ${ms} ms`);
      }),
    ]);
  } finally {
    over.abort();
  }
}
