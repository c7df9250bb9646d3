/** What makes followers of the Postgres log go on: notifications, what this process appends itself, and a poll as the net. */
import { type Connection, type Session, sessionTo } from '../../postgres/session.js';

const POLL_MS = 1_000;
const RECONNECT_MS = 500;

/** New events, without a gap between `first` and `last`. */
export interface Range {
  readonly first: bigint;
  readonly last: bigint;
  /** The categories of the streams that they are in, and perhaps more; null where that is not known. */
  readonly categories: ReadonlySet<string> | null;
}

/** What the log says of an append; the categories are missing when they are too many to tell. */
interface Notification {
  readonly first: number;
  readonly last: number;
  readonly categories: readonly string[] | null;
}

export interface Follower {
  /** Events in this range are in the log. */
  onRange(range: Range): void;
  /** The log is at least this long; nothing is known of what is in it. */
  onHead(head: bigint): void;
}

/** One connection that listens, shared by all followers of a process; there while there are followers. */
export class PostgresTail {
  readonly #followers = new Set<Follower>();
  #client: Session | null = null;
  #timer: NodeJS.Timeout | null = null;
  #polling = false;

  constructor(
    private readonly connection: Connection,
    private readonly head: () => Promise<bigint>,
  ) {}

  follow(follower: Follower): () => void {
    this.#followers.add(follower);
    if (this.#followers.size === 1) {
      void this.#listen();
      this.#timer = setInterval(() => void this.#poll(), POLL_MS);
    }
    return () => {
      this.#followers.delete(follower);
      if (this.#followers.size === 0) void this.close();
    };
  }

  /** Tells the followers of a range that is known by other means than a notification. */
  announce(range: Range): void {
    for (const follower of this.#followers) follower.onRange(range);
  }

  async close(): Promise<void> {
    if (this.#timer) clearInterval(this.#timer);
    this.#timer = null;
    const client = this.#client;
    this.#client = null;
    await client?.end().catch(() => undefined);
  }

  async #listen(): Promise<void> {
    const client = sessionTo(this.connection, { kind: 'listen', applicationName: 'orderlog-tail' });
    this.#client = client;
    const lost = (): void => {
      if (this.#client !== client) return;
      this.#client = null;
      // The poll goes on meanwhile.
      setTimeout(() => {
        if (this.#client === null && this.#followers.size > 0) void this.#listen();
      }, RECONNECT_MS).unref();
    };
    client.on('error', lost);
    client.on('end', lost);
    client.on('notification', ({ payload }) => {
      const { first, last, categories } = JSON.parse(payload ?? '') as Notification;
      this.announce({ first: BigInt(first), last: BigInt(last), categories: categories && new Set(categories) });
    });
    try {
      await client.connect();
      await client.query('LISTEN orderlog_log');
      // Whatever came before the LISTEN took hold.
      await this.#poll();
    } catch {
      lost();
      await client.end().catch(() => undefined);
    }
  }

  async #poll(): Promise<void> {
    if (this.#polling) return;
    this.#polling = true;
    try {
      const head = await this.head();
      for (const follower of this.#followers) follower.onHead(head);
    } catch {
      // The database is away: the followers' own queries say so.
    } finally {
      this.#polling = false;
    }
  }
}
