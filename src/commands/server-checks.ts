/** What an EventStoreDB server says of itself, judged: each finding with what to do about it. */
import type { eventStoreDb } from '../engine/index.js';

export type ServerUrl = Parameters<typeof eventStoreDb.describe>[0];
export type ServerReport = Awaited<ReturnType<typeof eventStoreDb.describe>>;
type ServerMember = ServerReport['members'][number];
type NodeReach = ServerReport['nodes'][number];

/** What was looked at, and what to do about it. */
export interface Check {
  readonly check: string;
  readonly ok: boolean;
  readonly detail: string;
  /** What to do; null where there is nothing to do. */
  readonly remedy: string | null;
}

const OLDEST = [22, 10] as const;
const MAX_SKEW_MS = 2_000;
/** States in which a node does its work. */
const AT_WORK = ['Leader', 'Follower', 'ReadOnlyReplica'];

/** @param discover whether the URL names a cluster by one name */
export function serverChecks(report: ServerReport, discover: boolean): readonly Check[] {
  const reach = report.nodes.map(reachCheck);
  if (report.nodes.every(({ fault }) => fault !== null)) return reach;
  const { members } = report;
  return [
    ...reach,
    versionCheck(report.version),
    leaderCheck(report),
    ...members.filter((member) => member.address !== report.leader).map(memberCheck),
    ...(discover ? [] : namedCheck(report)),
    clockCheck(report.skewMs),
  ];
}

function reachCheck({ address, named, fault }: NodeReach): Check {
  const check = `event store node ${address}`;
  if (fault === null)
    return { check, ok: true, detail: named ? 'answers' : 'answers (a member of the cluster)', remedy: null };
  return { check, ok: false, detail: fault, remedy: named ? remedyOf(fault) : OF_MEMBERS };
}

const OF_MEMBERS =
  'clients are sent to this address: start the node, or have it advertise an address that this machine can reach ' +
  '(AdvertiseHostToClientAs, AdvertiseNodePortToClientAs)';

function remedyOf(fault: string): string {
  if (/certificate|self.signed|unable to verify|altname|issuer/i.test(fault)) {
    return 'name the authority that signed its certificate with tlsCAFile in EVENTSTORE_URL, and the host as it stands there';
  }
  if (/wrong version number|EPROTO|secure TLS|SSL|Protocol error|GOAWAY|HPE_|PARSE/i.test(fault)) {
    return 'one side speaks TLS and the other does not: add or drop tls=false in EVENTSTORE_URL';
  }
  if (/unauthenticated|access denied|permission/i.test(fault)) return 'mend user and password in EVENTSTORE_URL';
  if (/ENOTFOUND|EAI_AGAIN|Name resolution failed/i.test(fault))
    return 'no such host: mend its name in EVENTSTORE_URL, or the DNS';
  return 'start it, or mend host and port in EVENTSTORE_URL; a firewall may be in between';
}

function versionCheck(version: string | null): Check {
  const check = 'event store version';
  const [major = 0, minor = 0] = (version ?? '').split('.').map(Number);
  // A server that somebody built may have no number.
  const isOwn = version !== null && major === 0;
  const ok = isOwn || major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1]);
  const detail = version === null ? 'not told, as by servers before 21.10' : version;
  const remedy = ok ? null : `upgrade every node to EventStoreDB ${OLDEST.join('.')} or newer, or to KurrentDB`;
  return { check, ok, detail, remedy };
}

function leaderCheck({ leader, members }: ServerReport): Check {
  const check = 'event store leader';
  if (leader !== null) return { check, ok: true, detail: `${leader}, of ${members.length} nodes`, remedy: null };
  const alive = members.filter((member) => member.alive).length;
  const remedy = 'nothing can be written without one: start nodes until more than half of the cluster runs';
  return { check, ok: false, detail: `none; ${alive} of ${members.length} nodes are alive`, remedy };
}

function memberCheck({ address, state, alive }: ServerMember): Check {
  const check = `event store member ${address}`;
  if (!alive) {
    const remedy = 'start it: with one node less, the next one that fails stops all writing';
    return { check, ok: false, detail: `${state}, dead`, remedy };
  }
  const ok = AT_WORK.includes(state);
  const remedy = ok ? null : "look again in a minute; if it stays so, the node's own log says why";
  return { check, ok, detail: state, remedy };
}

function namedCheck({ members, nodes }: ServerReport): readonly Check[] {
  const named = nodes.filter((node) => node.named).length;
  if (members.length < 2 || named > 1) return [];
  return [
    {
      check: 'event store failover',
      ok: false,
      detail: `EVENTSTORE_URL names one node of ${members.length}: when it fails, no other is looked for`,
      remedy: 'name all nodes (esdb://a,b,c), or one DNS name for all with esdb+discover://',
    },
  ];
}

function clockCheck(skewMs: number | null): Check {
  const check = 'event store clock';
  if (skewMs === null) return { check, ok: true, detail: 'its node does not tell the time', remedy: null };
  const ok = Math.abs(skewMs) <= MAX_SKEW_MS;
  const detail = `the event store is ${Math.abs(skewMs)} ms ${skewMs < 0 ? 'behind' : 'ahead'}, to about 100 ms`;
  return { check, ok, detail, remedy: ok ? null : 'synchronize the clocks (NTP) of this machine and of every node' };
}
