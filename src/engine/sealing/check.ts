/**
 * Compares the seals with the log, while something else reads the log: it sees every event once, in order. What is in memory is a
 * block of digests, two hashes a seal, and what was read of the few seals that do not fit.
 */
import type { Position } from '../core/position.js';
import type { RecordedEvent } from '../core/message.js';
import { plural } from '../core/plural.js';
import { categoryOf } from '../projecting/reads.js';
import { Block, BLOCK_EVENTS, CHAIN_START, linkOf } from './block.js';
import { sha256 } from './digest.js';
import { type EventPlace, type Misfit, nameMisfit, nameMissing } from './misfit.js';
import { describeSeal, isSigned, type SignedSeal } from './seal.js';
import type { SealTable, StoredSeal } from './seal-table.js';

export interface CheckOptions {
  /** Of the log that is read. */
  readonly logId: string;
  /** Of this installation. */
  readonly publicKey: string;
  /** As positions are shown to people. */
  readonly tokens?: PositionWriter;
  /** A seal that was kept elsewhere. */
  readonly kept?: SignedSeal;
}

/** Writes a position as every answer names it. */
export interface PositionWriter {
  encode(position: Position): string;
}

export interface SealFindings {
  readonly findings: readonly string[];
  /** Events that are covered by seals in force. */
  readonly sealed: number;
  /** Events of the log behind them. */
  readonly unsealed: number;
  readonly notes: readonly string[];
}

/** Up to where log and seals fit. */
export interface Fit {
  readonly events: number;
  readonly position: Position | null;
  readonly lastId: string | null;
}

/** Seals that do not fit and are looked at closely; the others are counted. */
const MOST_MISFITS = 10;

export class SealCheck {
  /** Up to where all fits. */
  fit: Fit = { events: 0, position: null, lastId: null };
  readonly #table: SealTable;
  readonly #options: CheckOptions;
  readonly #all: readonly StoredSeal[];
  readonly #inForce: readonly StoredSeal[];
  readonly #broken: Broken | null;
  readonly #block = new Block(CHAIN_START);
  readonly #misfits: Misfit[] = [];
  #next = 0;
  #categories: ReadonlySet<string> = new Set();
  #events = 0;
  #places: EventPlace[] = [];
  #moreMisfits = 0;
  #keptChain: Buffer | null = null;

  private constructor(table: SealTable, all: readonly StoredSeal[], options: CheckOptions) {
    this.#table = table;
    this.#all = all;
    this.#options = options;
    this.#broken = firstBroken(all, options.publicKey);
    this.#inForce = inForce(all);
    this.#begin();
  }

  static async of(table: SealTable, options: CheckOptions): Promise<SealCheck> {
    return new SealCheck(table, await table.all(), options);
  }

  /** The next event of the log. */
  see(event: RecordedEvent): void {
    if (!this.#categories.has(categoryOf(event.stream))) return;
    this.#events += 1;
    const seal = this.#inForce[this.#next];
    const { kept } = this.#options;
    if (!seal && this.#events > (kept?.through ?? 0)) return;
    this.#block.add(event);
    if (seal) {
      const { stream, revision, position, id, recordedAt } = event;
      this.#places.push({ stream, revision, position, id, recordedAt });
      if (this.#events === seal.through) this.#compare(seal);
    }
    if (this.#events === kept?.through) {
      this.#keptChain = seal?.through === this.#events ? seal.chain : this.#block.chain();
    }
    if (this.#block.isFull) this.#block.next(seal?.through === this.#events ? seal.chain : this.#block.chain());
  }

  /** After the last event of the log. */
  async findings(): Promise<SealFindings> {
    const named: string[] = [];
    for (const misfit of this.#misfits) {
      const content = await this.#table.content(misfit.seal.number);
      if (!content) break;
      const { finding, isShift } = nameMisfit(misfit, content, this.#options);
      named.push(finding);
      if (isShift) break;
    }
    const left = this.#misfits.length + this.#moreMisfits - named.length;
    const sealed = this.#inForce.at(-1)?.through ?? 0;
    const findings = [
      ...(this.#broken ? [this.#broken.finding] : []),
      ...named,
      ...(left > 0 ? [`behind it, ${plural(left, 'more seal')} were found not to fit`] : []),
      ...(this.#events < sealed ? await this.#missing(sealed) : []),
      ...this.#keptFindings(),
    ];
    return { findings, sealed, unsealed: Math.max(0, this.#events - sealed), notes: this.#all.flatMap(noteOn) };
  }

  #begin(): void {
    const seal = this.#inForce[this.#next] ?? this.#options.kept ?? this.#all.at(-1);
    if (seal) this.#categories = new Set(seal.categories);
    this.#places = [];
  }

  #compare(seal: StoredSeal): void {
    const { digests, times } = this.#block.content(seal.after % BLOCK_EVENTS);
    const last = this.#places.at(-1) as EventPlace;
    // Times and positions are those of the log that was sealed: a copy of it has its own.
    const isThisLog = seal.logId === this.#options.logId;
    const fits =
      sha256(digests).equals(seal.digestsHash) &&
      (!isThisLog || (sha256(times).equals(seal.timesHash) && last.position === seal.position));
    if (fits && this.fit.events === seal.after && seal.number < (this.#broken?.number ?? Infinity)) {
      this.fit = { events: seal.through, position: last.position, lastId: last.id };
    } else if (!fits && this.#misfits.length < MOST_MISFITS) {
      const found = { digests: Buffer.from(digests), times: Buffer.from(times) };
      this.#misfits.push({ seal, found, places: this.#places });
    } else if (!fits) this.#moreMisfits += 1;
    this.#next += 1;
    this.#begin();
  }

  /** Of seals whose last events are not in the log. */
  async #missing(sealed: number): Promise<string[]> {
    const seal = this.#inForce[this.#next] as StoredSeal;
    const content = await this.#table.content(seal.number);
    const found = this.#block.content(Math.min(seal.after % BLOCK_EVENTS, this.#block.events));
    const misfit = { seal, found, places: this.#places };
    return content ? nameMissing(misfit, content, { ...this.#options, sealed, events: this.#events }) : [];
  }

  #keptFindings(): string[] {
    const { kept, publicKey, logId } = this.#options;
    if (!kept) return [];
    const it = `the seal that you gave, ${describeSeal(kept)},`;
    if (!isSigned(kept)) return [`${it} has no valid signature: it was changed, or not copied whole`];
    if (kept.key !== publicKey) return [`${it} was signed by another key than that of this installation, ${publicKey}`];
    if (kept.logId !== logId && !this.#all.some((seal) => seal.logId === kept.logId))
      return [`${it} is of log ${kept.logId}, and this installation has log ${logId}`];
    if (kept.through > 0 && this.#keptChain === null)
      return [
        `${it} covers ${kept.through} events, and the log holds ${this.#events}: events were removed from its end`,
      ];
    if (kept.through === 0 || this.#keptChain?.equals(kept.chain)) return [];
    const where = this.fit.events > 0 ? `; the seals in the database fit up to event ${this.fit.events}` : '';
    return [`${it} does not fit: events up to number ${kept.through} were changed, and their seals made again${where}`];
  }
}

interface Broken {
  readonly number: number;
  readonly finding: string;
}

/** The first row in force that is not what this installation has signed. Of void rows, a signed seal says why they do not count. */
function firstBroken(all: readonly StoredSeal[], publicKey: string): Broken | null {
  const chains = new Map<number, Buffer>([[0, CHAIN_START]]);
  let through = 0;
  let number = 0;
  for (const seal of all.filter(({ isInForce }) => isInForce)) {
    const fault =
      seal.number === number + 1 || seal.reason !== null
        ? faultOf(seal, { publicKey, through, chains })
        : `${describeSeal(seal)} does not follow on seal ${number}: seals between them were removed, or made void without a reason`;
    if (fault !== null) return { number: seal.number, finding: fault };
    ({ through, number } = seal);
    chains.set(through, seal.chain);
  }
  return null;
}

interface Before {
  readonly publicKey: string;
  /** Events that the seal in force before it covers. */
  readonly through: number;
  /** By number of events, where a seal in force ends. */
  readonly chains: ReadonlyMap<number, Buffer>;
}

function faultOf(seal: StoredSeal, { publicKey, through, chains }: Before): string | null {
  const it = describeSeal(seal);
  if (!isSigned(seal)) return `${it} is not what was signed: its row in the table of seals was changed`;
  if (seal.key !== publicKey) return `${it} was signed by another key than that of this installation, ${publicKey}`;
  if (seal.after !== through) return `${it} does not begin at the end of the seal before it`;
  const before = chains.get(seal.after - (seal.after % BLOCK_EVENTS));
  const isBetweenBlocks = seal.after === seal.through && seal.through % BLOCK_EVENTS === 0;
  const chain = before && (isBetweenBlocks ? before : linkOf(before, seal.blockDigestsHash, seal.blockTimesHash));
  return chain?.equals(seal.chain)
    ? null
    : `${it} does not follow from the digests that its row holds: they were changed`;
}

/** Those with events, each from the end of the one before. A row that nobody can have signed ends them. */
function inForce(all: readonly StoredSeal[]): StoredSeal[] {
  const seals: StoredSeal[] = [];
  let through = 0;
  for (const seal of all) {
    if (!seal.isInForce || seal.through === seal.after) continue;
    const most = BLOCK_EVENTS - (through % BLOCK_EVENTS);
    if (seal.after !== through || seal.through < seal.after || seal.through - seal.after > most) break;
    seals.push(seal);
    through = seal.through;
  }
  return seals;
}

function noteOn({ number, after, sealedAt, reason }: StoredSeal): string[] {
  if (reason === null) return [];
  return [`seal ${number} of ${sealedAt} made the seals of all events after ${after} void: ${reason}`];
}
