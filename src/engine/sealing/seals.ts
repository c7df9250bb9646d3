/** The seals of a log, as the engine offers them. */
import type { Registry } from 'prom-client';
import type pg from 'pg';
import type { EventStore } from '../core/event-store.js';
import type { Progress } from '../core/progress.js';
import type { ProjectorLog } from '../projecting/projector-log.js';
import { type PositionWriter, SealCheck, type SealFindings } from './check.js';
import { sealNowAndThen } from './follower.js';
import { type Coverage, coverageOf } from './coverage.js';
import { measureSeals } from './metrics.js';
import { lineOf, parseLine, type SignedSeal, type Signer } from './seal.js';
import { Sealer } from './sealer.js';
import { SealTable } from './seal-table.js';
import { Standings } from './standing.js';

export interface SealsOptions {
  readonly pool: pg.Pool;
  readonly store: EventStore;
  readonly signer: Signer;
  readonly logId: string;
  readonly categories: readonly string[];
  readonly log: ProjectorLog;
}

/** A seal, and the line that says the same. */
export interface PrintedSeal extends SignedSeal {
  readonly line: string;
}

export interface Kept {
  /** A seal that was kept elsewhere. */
  readonly line?: string;
  readonly tokens?: PositionWriter;
}

export interface SealWork {
  readonly signal: AbortSignal;
  readonly progress: Progress;
}

export class Seals {
  readonly #table: SealTable;
  #stopped: string | null = null;

  constructor(readonly options: SealsOptions) {
    this.#table = new SealTable(options.pool);
  }

  get publicKey(): string {
    return this.options.signer.publicKey;
  }

  /** Of a process that may append events of categories that the last seal does not name. */
  announce(): Promise<void> {
    return this.#sealer().announce();
  }

  /** Seals complete blocks until the signal, in one process of all. Never rejects. */
  follow(signal: AbortSignal): Promise<void> {
    const { pool, log } = this.options;
    const stopped = (why: string | null): void => void (this.#stopped = why);
    return sealNowAndThen({ pool, log, stopped, sealer: this.#sealer() }, signal);
  }

  /** Seals everything that is in the log now. @throws SealsDoNotFit */
  async seal({ signal, progress }: SealWork): Promise<PrintedSeal> {
    const { store } = this.options;
    const until = await store.head();
    const sealer = this.#sealer();
    await sealer.load();
    progress.start('events', null);
    try {
      for (;;) {
        const before = sealer.pending;
        const isFull = await sealer.read({ until, signal });
        signal.throwIfAborted();
        progress.advance(sealer.pending - before);
        const { last } = sealer;
        if (sealer.pending === 0 && last) return { ...last, line: lineOf(last) };
        const seal = await sealer.seal();
        if (!seal) await sealer.load();
        else if (!isFull) return { ...seal, line: lineOf(seal) };
      }
    } finally {
      progress.stop();
    }
  }

  /** Makes void the seals that the log does not fit any more; null if it fits all. The reason is signed and kept. */
  async setBack(reason: string, signal: AbortSignal): Promise<PrintedSeal | null> {
    const seal = await this.#sealer().setBack(reason, signal);
    return seal && { ...seal, line: lineOf(seal) };
  }

  /** A comparison, for a caller that reads the whole log. @throws Refusal invalid-seal */
  check({ line, tokens }: Kept): Promise<SealCheck> {
    const { logId } = this.options;
    const kept = line === undefined ? null : parseLine(line);
    return SealCheck.of(this.#table, {
      logId,
      publicKey: this.publicKey,
      ...(tokens && { tokens }),
      ...(kept && { kept }),
    });
  }

  /** Reads the log and compares. @throws Refusal invalid-seal */
  async compare(kept: Kept, { signal, progress }: SealWork): Promise<SealFindings> {
    const check = await this.check(kept);
    const { store } = this.options;
    progress.start('events', null);
    try {
      for await (const event of store.readAll({ until: await store.head(), signal })) {
        check.see(event);
        progress.advance();
      }
    } finally {
      progress.stop();
    }
    signal.throwIfAborted();
    return check.findings();
  }

  /** For events of a stream, one after the other. */
  standings(): Standings {
    return new Standings(this.#table, this.options.logId, this.publicKey);
  }

  /** How much of the log is sealed; null while there is no seal. */
  coverage(): Promise<Coverage | null> {
    const { store, logId } = this.options;
    return coverageOf({ table: this.#table, store, logId });
  }

  /** Adds gauges: what is sealed, what is not, and whether sealing has stopped. @param reports this process tells the first two */
  measure(metrics: Registry, reports: () => Promise<boolean>): void {
    measureSeals(metrics, { coverage: () => this.coverage(), isStopped: () => this.#stopped !== null, reports });
  }

  #sealer(): Sealer {
    const { store, signer, logId, categories } = this.options;
    return new Sealer({ table: this.#table, store, signer, logId, categories });
  }
}
