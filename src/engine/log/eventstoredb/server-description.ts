/** What an EventStoreDB server, one node or a cluster, says of itself. */

export interface ServerMember {
  /** `host:port`, as the other members and clients are to reach it. */
  readonly address: string;
  /** Leader, Follower, ReadOnlyReplica, or what it is on its way to. */
  readonly state: string;
  readonly alive: boolean;
}

export interface ServerDescription {
  /** Null when it does not say. */
  readonly version: string | null;
  readonly members: readonly ServerMember[];
  readonly leader: string | null;
  /** How far its clock is ahead of ours; null when that can not be told. */
  readonly skewMs: number | null;
}

/** How one node was reached, of those that the URL names and those that belong to the cluster. */
export interface NodeReach {
  readonly address: string;
  /** Whether the URL names it. */
  readonly named: boolean;
  /** Null when it answers. */
  readonly fault: string | null;
}

export interface ServerReport extends ServerDescription {
  readonly nodes: readonly NodeReach[];
}
