/** Adds seals: reads the log behind the last seal, block by block, and signs what it has read. */
import { START, type EventStore, type Position } from '../core/event-store.js';
import { Block, BLOCK_EVENTS, CHAIN_START } from './block.js';
import { SealCheck } from './check.js';
import { isSigned, type Seal, type SignedSeal, type Signer, statementOf } from './seal.js';
import type { SealTable } from './seal-table.js';

/** The seals cover what the log does not hold, or another key has signed them. No seal is added to them. */
export class SealsDoNotFit extends Error {
  override readonly name = 'SealsDoNotFit';
  constructor(what: string) {
    super(`${what}. Run orderlog verify, and see docs/runbooks/altered-log.md`);
  }
}

export interface SealerDeps {
  readonly table: SealTable;
  readonly store: EventStore;
  readonly signer: Signer;
  readonly logId: string;
  /** The application's stream categories. */
  readonly categories: readonly string[];
}

export class Sealer {
  #last: SignedSeal | null = null;
  #block = new Block(CHAIN_START);
  /** Up to here the log was read. */
  #position: Position = START;
  #lastId: string | null = null;

  constructor(readonly deps: SealerDeps) {}

  /** Events that were read and that no seal covers yet. */
  get pending(): number {
    return this.#block.events - ((this.#last?.through ?? 0) % BLOCK_EVENTS);
  }

  /** Begins behind the last seal. Whatever was read and not sealed is read again. @throws SealsDoNotFit */
  async load(): Promise<void> {
    const { table, logId, signer } = this.deps;
    const last = await table.last();
    this.#last = last;
    this.#block = new Block(CHAIN_START);
    this.#position = START;
    this.#lastId = null;
    if (!last) return;
    if (last.key !== signer.publicKey)
      throw new SealsDoNotFit(`seal ${last.number} was signed by another key than that of this installation`);
    if (!isSigned(last)) throw new SealsDoNotFit(`seal ${last.number} was changed in the database`);
    const blockStart = last.through - (last.through % BLOCK_EVENTS);
    const before = blockStart === 0 ? CHAIN_START : await table.chainAt(blockStart);
    if (!before) throw new SealsDoNotFit(`the seal that ends with event ${blockStart} was removed from the database`);
    this.#block.before = before;
    for (const content of await table.contentBetween(blockStart, last.through)) this.#block.addContent(content);
    if (!this.#block.chain().equals(last.chain))
      throw new SealsDoNotFit(`seal ${last.number} was changed in the database`);
    if (last.logId !== logId) return this.#moved(last);
    await this.#isHeld(last);
    this.#position = last.position;
    this.#lastId = last.lastId;
  }

  /** @throws SealsDoNotFit */
  async #isHeld({ number, logId, through, position, lastId }: SignedSeal): Promise<void> {
    if (logId !== this.deps.logId || through === 0 || (await this.deps.store.holds({ position, id: lastId }))) return;
    throw new SealsDoNotFit(
      `the log has lost event ${through}, which seal ${number} covers: an older copy may have taken its place`,
    );
  }

  /** Reads on in the log, to the end of the block at most. @returns whether the block is full */
  async read({ until, signal }: { readonly until?: Position; readonly signal?: AbortSignal } = {}): Promise<boolean> {
    const events = this.deps.store.readAll({
      from: this.#position,
      filter: { streamPrefixes: this.#categories().map((category) => `${category}-`) },
      limit: BLOCK_EVENTS - this.#block.events,
      ...(until !== undefined && { until }),
      ...(signal && { signal }),
    });
    for await (const event of events) {
      this.#block.add(event);
      this.#position = event.position;
      this.#lastId = event.id;
    }
    return this.#block.isFull;
  }

  /** Seals what was read. @returns null when another process has sealed it: then it is to be loaded again */
  async seal(): Promise<SignedSeal | null> {
    const from = (this.#last?.through ?? 0) % BLOCK_EVENTS;
    if (this.#last) await this.#isHeld(this.#last);
    const seal = this.#signed({
      after: this.#last?.through ?? 0,
      through: (this.#last?.through ?? 0) + this.pending,
      chain: this.#block.chain(),
    });
    if (!(await this.deps.table.insert(seal, this.#block.content(from)))) return null;
    this.#last = seal;
    if (this.#block.isFull) this.#block.next(seal.chain);
    return seal;
  }

  get last(): SignedSeal | null {
    return this.#last;
  }

  /** From the next seal on, the categories of this release are covered, whichever release makes it. */
  async announce(): Promise<void> {
    const last = await this.deps.table.last();
    // Of a log that was moved meanwhile, the next seal says so and names the categories.
    if (last?.logId !== this.deps.logId) return;
    if (this.deps.categories.every((category) => last.categories.includes(category))) return;
    this.#last = last;
    this.#position = last.position;
    this.#lastId = last.lastId;
    // If another process was first, the next one that opens the engine tries again.
    await this.deps.table.insert(
      this.#signed({ after: last.through, through: last.through, chain: last.chain }),
      NO_EVENTS,
    );
  }

  /**
   * Makes void what does not fit the log any more. @returns null if all of it fits
   * @param reason is kept
   */
  async setBack(reason: string, signal: AbortSignal): Promise<SignedSeal | null> {
    const { table, store, logId, signer } = this.deps;
    const check = await SealCheck.of(table, { logId, publicKey: signer.publicKey });
    for await (const event of store.readAll({ until: await store.head(), signal })) check.see(event);
    signal.throwIfAborted();
    const { findings } = await check.findings();
    if (findings.length === 0) return null;
    const { events, position, lastId } = check.fit;
    this.#last = await table.last();
    this.#position = position ?? START;
    this.#lastId = lastId;
    const chain = events === 0 ? CHAIN_START : await table.chainAt(events);
    if (!chain) throw new SealsDoNotFit(`the seal that ends with event ${events} was removed from the database`);
    const seal = this.#signed({ after: events, through: events, chain, reason });
    if (await table.insert(seal, NO_EVENTS)) return seal;
    throw new Error('another process has sealed events meanwhile: run this again');
  }

  /** The log was moved: what was sealed is found in the new one, where it has other positions, and a seal says so. */
  async #moved(last: SignedSeal): Promise<void> {
    const { table, store, logId, signer } = this.deps;
    const check = await SealCheck.of(table, { logId, publicKey: signer.publicKey });
    for await (const event of store.readAll({ until: await store.head() })) {
      check.see(event);
      if (check.fit.events === last.through) break;
    }
    if (check.fit.events !== last.through) {
      throw new SealsDoNotFit(`the log ${logId} does not hold what was sealed in log ${last.logId}`);
    }
    this.#position = check.fit.position ?? START;
    this.#lastId = check.fit.lastId;
    if (!(await this.seal())) await this.load();
  }

  #signed({
    reason = null,
    ...of
  }: Pick<Seal, 'after' | 'through' | 'chain'> & { readonly reason?: string | null }): SignedSeal {
    const { logId, signer } = this.deps;
    const seal: Seal = {
      ...of,
      reason,
      number: (this.#last?.number ?? 0) + 1,
      logId,
      position: this.#position,
      lastId: this.#lastId,
      categories: this.#categories(),
      sealedAt: new Date().toISOString(),
      key: signer.publicKey,
    };
    return { ...seal, signature: signer.sign(statementOf(seal)) };
  }

  /** Those of an older or newer release too: its events are sealed whether or not this one knows them. */
  #categories(): string[] {
    return [...new Set([...(this.#last?.categories ?? []), ...this.deps.categories])].sort();
  }
}

const NO_EVENTS = { digests: Buffer.alloc(0), times: Buffer.alloc(0) };
