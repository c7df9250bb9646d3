import { EventStoreDBClient } from '@eventstore/db-client';
import { EventStoreUnavailable } from '../../core/errors.js';
import { ANSWER_TIMEOUT_MS, NoAnswer } from './answer.js';
import { isNotLeader } from './errors.js';
import { ended, guarded } from './guard.js';
import { within } from '../within.js';

const CLOSE_TIMEOUT_MS = 1_000;
/** A client that has answered something since then is slow, not dead. */
const HEARD_MS = ANSWER_TIMEOUT_MS / 2;
/**
 * Where the URL does not say. A discovery can't be called off and keeps the process alive, by default for minutes: it asks
 * each node once, for a second; to try again is ours.
 */
const DISCOVERY = { maxDiscoverAttempts: 1, gossipTimeout: 1 };

/** Of this process: stores side by side must not share a connection either. */
let made = 0;

/**
 * The clients of one store: one that appends and reads share, and one for each subscription. A client that has failed is
 * thrown away rather than trusted to notice that the leader is another one now.
 */
export class Clients {
  #shared: EventStoreDBClient | null = null;
  readonly #ending = new Set<Promise<void>>();
  readonly #open = new Set<EventStoreDBClient>();
  readonly #heard = new WeakMap<EventStoreDBClient, number>();
  #closed = false;

  readonly #url: string;

  constructor(
    url: string,
    readonly complain: (error: unknown) => void,
  ) {
    const missing = Object.entries(DISCOVERY).filter(([name]) => !url.includes(`${name}=`));
    const settings = missing.map(([name, value]) => `${name}=${value}`);
    this.#url = [url, ...settings].join('&').replace(/^([^?&]*)&/, '$1?');
  }

  /** @throws EventStoreUnavailable when the store is closed */
  shared(): EventStoreDBClient {
    this.#shared ??= this.own();
    return this.#shared;
  }

  /** A call has been answered: the connection lives. */
  heard(client: EventStoreDBClient): void {
    this.#heard.set(client, Date.now());
  }

  /**
   * A call has failed, so that the client is not to be trusted any more; unless it is only this one call that is slow, since
   * all that are under way go with their client, or the client itself has been told who leads.
   */
  failed(client: EventStoreDBClient, error: unknown): void {
    const isSlow = error instanceof NoAnswer && Date.now() - (this.#heard.get(client) ?? 0) < HEARD_MS;
    if (!isSlow && !isNotLeader(error)) this.discard(client);
  }

  /** Another time, another client; unless somebody else has seen to that already. */
  discard(client: EventStoreDBClient): void {
    if (client === this.#shared) this.#shared = null;
    this.end(client);
  }

  /** A client that nobody else uses; to be ended by its user. */
  own(): EventStoreDBClient {
    if (this.#closed) throw new EventStoreUnavailable('the log is closed');
    const client = guarded(EventStoreDBClient.connectionString(apart(this.#url, made++)), this.complain);
    this.#open.add(client);
    return client;
  }

  isOpen(client: EventStoreDBClient): boolean {
    return this.#open.has(client);
  }

  end(client: EventStoreDBClient): void {
    if (!this.#open.delete(client)) return;
    const done = within(CLOSE_TIMEOUT_MS, ended(client).catch(this.complain)).finally(() => this.#ending.delete(done));
    this.#ending.add(done);
  }

  /** In bounded time, whatever hangs. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#shared = null;
    for (const client of this.#open) this.end(client);
    await Promise.all(this.#ending);
  }
}

const KEEP_ALIVE_TIMEOUT_MS = 10_000;
/** More than there are clients before the connection of the first is gone. */
const DIFFERENCES = 1_000;

/**
 * gRPC lets all clients with the same settings share one connection: one that is dead would be taken up by the next client, and
 * one reader that is slow would hold up all others. So each client's settings differ by a millisecond.
 */
function apart(url: string, number: number): string {
  const given = /([?&])keepAliveTimeout=(\d+)/i.exec(url);
  const timeout = `keepAliveTimeout=${Number(given?.[2] ?? KEEP_ALIVE_TIMEOUT_MS) + (number % DIFFERENCES)}`;
  if (given) return url.replace(given[0], `${given[1]}${timeout}`);
  // -1, which switches it off.
  if (/[?&]keepAliveTimeout=/i.test(url)) return url;
  return `${url}${url.includes('?') ? '&' : '?'}${timeout}`;
}
