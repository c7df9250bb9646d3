/** Several stand-ins on one log, of which one leads: what a client sees of a cluster of EventStoreDB. */
import type { Test } from 'tap';
import { Log } from './log.js';
import type { Member, Role, StandInOptions } from './node.js';
import { LEADER_STATE, StandIn } from './stand-in.js';

/** As the protocol numbers them. */
const [UNKNOWN_STATE, FOLLOWER_STATE] = [2, 6];

export interface ClusterOptions extends Omit<StandInOptions, 'port'> {
  /** How long a new leader answers "Server Is Not Ready". */
  readonly notReadyMs?: number;
  /** How long a write waits without a quorum before it is answered with a timeout. */
  readonly quorumTimeoutMs?: number;
}

export class StandInCluster {
  readonly nodes: StandIn[] = [];
  readonly log = new Log();
  readonly #dead = new Set<number>();
  #leader: number | null = 0;
  #notReadyUntil = 0;

  private constructor(private readonly options: ClusterOptions) {}

  static async start(size = 3, options: ClusterOptions = {}): Promise<StandInCluster> {
    const cluster = new StandInCluster(options);
    for (let n = 0; n < size; n++) {
      const parts = { log: cluster.log, role: () => cluster.#role(n), members: () => cluster.#members() };
      cluster.nodes.push(await StandIn.start(options, parts));
    }
    return cluster;
  }

  /** By the members' addresses: a client asks one of them for the others. */
  get url(): string {
    const hosts = this.nodes.map(({ port }) => `127.0.0.1:${port}`).join(',');
    return `esdb://${hosts}?tls=${this.options.tls !== undefined}`;
  }

  get leader(): StandIn | null {
    return this.#leader === null ? null : (this.nodes[this.#leader] ?? null);
  }

  get leaderNumber(): number | null {
    return this.#leader;
  }

  /** Nobody leads until `elect`; three have a quorum without it, and it is for the test to say when they agree. */
  async killLeader(): Promise<number> {
    const leader = this.#leader;
    if (leader === null) throw new Error('Nobody leads');
    this.#leader = null;
    await this.killNode(leader);
    return leader;
  }

  async killNode(n: number): Promise<void> {
    this.#dead.add(n);
    if (this.#leader === n) this.#leader = null;
    await this.nodes[n]?.kill();
  }

  async restartNode(n: number): Promise<void> {
    this.#dead.delete(n);
    await this.nodes[n]?.restart();
  }

  /** Its calls hang; the others may elect another meanwhile. Returns its number, for `nodes[n].thaw()`. */
  freezeLeader(): number {
    const leader = this.#leader;
    if (leader === null) throw new Error('Nobody leads');
    this.nodes[leader]?.freeze();
    return leader;
  }

  /** From now on this one leads; it is not ready at once where the options say so. */
  elect(n: number): void {
    if (!this.nodes[n] || this.#dead.has(n)) throw new Error(`Node ${n} cannot lead`);
    this.#leader = n;
    this.#notReadyUntil = Date.now() + (this.options.notReadyMs ?? 0);
  }

  /** No node leads, and each node that runs knows it. */
  loseQuorum(): void {
    this.#leader = null;
  }

  async stop(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.stop()));
  }

  #role(n: number): Role {
    const { quorumTimeoutMs } = this.options;
    const lost = quorumTimeoutMs === undefined ? {} : { quorumTimeoutMs };
    const leader = this.leader;
    if (!leader) return { state: 'lost', ...lost };
    const state = this.#leader === n ? 'leader' : 'follower';
    const isNotReady = Date.now() < this.#notReadyUntil;
    return { state, leader: { host: '127.0.0.1', port: leader.port }, isNotReady };
  }

  #members(): Member[] {
    return this.nodes.map(({ port, id }, n) => {
      const state = this.#leader === null ? UNKNOWN_STATE : this.#leader === n ? LEADER_STATE : FOLLOWER_STATE;
      return { port, id, isAlive: !this.#dead.has(n), state };
    });
  }
}

async function startStandInCluster(size = 3, options: ClusterOptions = {}): Promise<StandInCluster> {
  return StandInCluster.start(size, options);
}

/** Stopped with the test. */
export async function standInCluster(t: Test, size = 3, options: ClusterOptions = {}): Promise<StandInCluster> {
  const cluster = await startStandInCluster(size, options);
  t.teardown(() => cluster.stop());
  return cluster;
}
