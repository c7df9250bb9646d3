import type { KeyObject } from 'node:crypto';
import { type Connection, postgres, Refusal, type Vault } from '../../engine/index.js';
import { KeySession } from './key-session.js';
import { type KeyRow, KeyTable, type KeyToClaim, type ResponseToStore } from './key-table.js';
import { ResponseSeal, type StoredResponse } from './stored-response.js';

export interface Answered {
  readonly response: StoredResponse;
  /** Whom the response is about; null where it says nothing of a user. */
  readonly userId: string | null;
}

export interface SealedBy {
  readonly hashKey: KeyObject;
  readonly vault: Vault;
  /** Kind of the log that positions in responses are of. */
  readonly log: string;
}

/** A key that this process has asked for. */
interface Asked {
  readonly fingerprint: string;
  /** What was answered under it before; null: its command runs. Gone from the map by the time it is another response, or an error. */
  readonly before: Promise<StoredResponse | null>;
}

const TRIES = 5;
const FREE_AGAIN_MS = 1_000;
/** Characters of responses that weigh as much as one small one. */
const SMALL = 400;

/**
 * The idempotency keys of this process's requests. A key is claimed before its command runs, and ends with the response, or free.
 * A claim counts for as long as the process that made it lives.
 */
export class KeyClaims {
  readonly #session: KeySession;
  readonly #table: KeyTable;
  readonly #seal: ResponseSeal;
  readonly #claim: (key: KeyToClaim) => Promise<KeyRow | 'unseen' | null>;
  readonly #store: (response: ResponseToStore) => Promise<KeyRow | 'gone' | null>;
  /** By command id: keys that are looked up for a request of this process, or whose command runs here. */
  readonly #asked = new Map<string, Asked>();
  /** Keys that this process may still hold in the table, though nothing runs under them. */
  readonly #leftover = new Set<string>();
  #freeing: NodeJS.Timeout | null = null;

  constructor(connection: Connection, { hashKey, vault, log }: SealedBy) {
    this.#session = new KeySession(connection, () => this.#asked.size > 0);
    const { processNumber } = this.#session;
    this.#table = new KeyTable((statement) => this.#session.query(statement), processNumber);
    this.#seal = new ResponseSeal(hashKey, vault, log);
    this.#claim = postgres.gather(this.#table.claim, 1);
    this.#store = postgres.gather(this.#table.store, 1, ({ response }) => response.length / SMALL);
  }

  /**
   * @returns what was answered under the key; null: the command is the caller's to run, and ends with `finish`
   * @throws Refusal idempotency-mismatch, idempotency-in-flight
   */
  async claim(key: KeyToClaim): Promise<StoredResponse | null> {
    const { commandId, fingerprint } = key;
    for (let asked = this.#asked.get(commandId); asked; asked = this.#asked.get(commandId)) {
      // Another request has the key, or is looking it up: what it finds holds for this one too.
      const { before } = asked;
      if (asked.fingerprint === fingerprint) {
        const answered = await before;
        if (answered === null) throw inFlight();
        return answered;
      }
      const isItsKey = await before.then(
        () => true,
        () => false,
      );
      if (isItsKey) throw mismatch();
    }
    const before = this.#lookUp(key);
    this.#asked.set(commandId, { fingerprint, before });
    return before;
  }

  /**
   * Ends a claim: stores the response, or frees the key if there is none to store.
   * @returns what is to be answered instead, if the key is another process's by now
   * @throws Refusal idempotency-in-flight, if that one has not answered yet
   */
  async finish(
    { commandId }: Pick<KeyToClaim, 'commandId'>,
    answered: Answered | null,
  ): Promise<StoredResponse | null> {
    try {
      const sealed = answered && (await this.#seal.seal(commandId, answered.userId, answered.response));
      if (sealed !== null) return await this.#keep({ commandId, userId: answered?.userId ?? null, response: sealed });
      await this.#table.free([commandId]);
      return null;
    } catch (error) {
      if (error instanceof Refusal && error.code === 'idempotency-in-flight') throw error;
      // What the command did is in the log: a retry is answered from there.
      this.#freeLater(commandId);
      return null;
    } finally {
      this.#asked.delete(commandId);
    }
  }

  async close(): Promise<void> {
    if (this.#freeing) clearTimeout(this.#freeing);
    await this.#session.close();
  }

  async #lookUp(key: KeyToClaim): Promise<StoredResponse | null> {
    const { commandId } = key;
    this.#leftover.delete(commandId);
    try {
      const before = await this.#claimOrFind(key);
      if (before) this.#asked.delete(commandId);
      return before;
    } catch (error) {
      this.#asked.delete(commandId);
      // It is unknown whether the table has the claim.
      if (!(error instanceof Refusal)) this.#freeLater(commandId);
      throw error;
    }
  }

  async #claimOrFind(key: KeyToClaim): Promise<StoredResponse | null> {
    for (let attempt = 0; attempt < TRIES; attempt++) {
      const row = await this.#claim(key);
      if (row === null) return null;
      if (row === 'unseen') continue;
      if (row.response !== null) {
        if (row.fingerprint !== key.fingerprint) throw mismatch();
        const response = await this.#seal.open(row.command_id, row.user_id, row.response);
        if (response) return response;
        await this.#table.drop(row);
      } else if (row.is_running) {
        throw row.fingerprint === key.fingerprint ? inFlight() : mismatch();
      } else if (await this.#table.takeOver(key, row.held_by)) return null;
    }
    throw inFlight();
  }

  async #keep(response: ResponseToStore): Promise<StoredResponse | null> {
    const row = await this.#store(response);
    // Without a row it was erased or deleted meanwhile, and stays so.
    if (row === null || row === 'gone') return null;
    if (row.response === null) throw inFlight();
    return this.#seal.open(row.command_id, row.user_id, row.response);
  }

  #freeLater(commandId: string): void {
    this.#leftover.add(commandId);
    this.#freeing ??= setTimeout(() => {
      this.#freeing = null;
      void this.#freeLeftover();
    }, FREE_AGAIN_MS).unref();
  }

  async #freeLeftover(): Promise<void> {
    const commandIds = [...this.#leftover];
    if (commandIds.length === 0) return;
    this.#leftover.clear();
    try {
      await this.#table.free(commandIds);
    } catch {
      for (const commandId of commandIds) if (!this.#asked.has(commandId)) this.#freeLater(commandId);
    }
  }
}

function inFlight(): Refusal {
  return new Refusal('idempotency-in-flight', 'A request with this idempotency key is still running.');
}

function mismatch(): Refusal {
  return new Refusal('idempotency-mismatch', 'The idempotency key was used for another request.');
}
