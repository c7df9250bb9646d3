/** Whether single events fit the seals that cover them, without reading the rest of the log. */
import type { RecordedEvent } from '../core/message.js';
import { Block, BLOCK_EVENTS, CHAIN_START, type Content } from './block.js';
import { digestOf } from './digest.js';
import { indexOf, timeAt } from './misfit.js';
import { isSigned, type SignedSeal } from './seal.js';
import type { SealTable } from './seal-table.js';

/** Null of an event that no seal covers. */
export type Standing = 'fits' | 'does-not-fit' | null;

type Covering = SignedSeal & Content;

/** Asked of the events of a stream, in their order. */
export class Standings {
  #last: Promise<SignedSeal | null> | null = null;
  #latest: Covering | null = null;

  constructor(
    readonly table: SealTable,
    readonly logId: string,
    readonly publicKey: string,
  ) {}

  async of(event: RecordedEvent): Promise<Standing> {
    const last = await (this.#last ??= this.table.last());
    if (!last || (last.logId === this.logId && event.position > last.position)) return null;
    const digest = digestOf(event);
    const known = this.#latest;
    if (known && indexOf(digest, known, 0) >= 0) return this.#compared(event, digest, known);
    const own = await this.table.covering(this.logId, event.position);
    const holds = own && indexOf(digest, own, 0) >= 0;
    // What was sealed before the log was moved stands under other positions.
    const covering = holds ? own : await this.table.holding(this.logId, digest);
    if (!covering) return own || last.logId === this.logId ? 'does-not-fit' : null;
    if (!(await this.#isOurs(covering))) return 'does-not-fit';
    this.#latest = covering;
    return this.#compared(event, digest, covering);
  }

  #compared({ recordedAt }: RecordedEvent, digest: Buffer, covering: Covering): Standing {
    const was = timeAt(covering, indexOf(digest, covering, 0));
    return covering.logId !== this.logId || recordedAt === was ? 'fits' : 'does-not-fit';
  }

  /** Whether the row is what this installation has signed. */
  async #isOurs(seal: Covering): Promise<boolean> {
    const start = seal.after - (seal.after % BLOCK_EVENTS);
    const before = start === 0 ? CHAIN_START : await this.table.chainAt(start);
    if (!before || seal.key !== this.publicKey || !isSigned(seal)) return false;
    const block = new Block(before);
    for (const content of await this.table.contentBetween(start, seal.through)) block.addContent(content);
    return block.chain().equals(seal.chain);
  }
}
