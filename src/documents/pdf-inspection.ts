/**
 * Looks at everything that any reader could take for an object of a PDF: each place where one begins, in whatever revision,
 * whether or not something refers to it, and inside of streams of objects. What the objects come to is the reader's choice,
 * so none of them may do anything by itself.
 */
import {
  PDFArray,
  PDFDict,
  PDFHexString,
  PDFName,
  PDFNumber,
  type PDFObject,
  PDFRawStream,
  PDFRef,
  PDFString,
} from '@cantoo/pdf-lib';
import { holdsMore, isOfAnotherFormat } from './foreign-content.js';
import { Budget, countInflated, Exploding, type Filter, inflated } from './pdf-inflate.js';
import { namesIn, NameWatch } from './pdf-names.js';
import { PdfObjectReader } from './pdf-object-reader.js';
import { PdfObjects } from './pdf-objects.js';

export interface Inspection {
  /** It does something, or holds what does. */
  readonly active: boolean;
  /** Another program would take it for a file of its own. */
  readonly foreign: boolean;
  /** It holds more than objects. */
  readonly holdsMore: boolean;
  /** It has no end, or holds what can't be looked into. */
  readonly damaged: boolean;
}

/** Scans on paper are large when they are inflated; an honest file is not a thousand times its size. */
const MOST_INFLATED_BYTES = 256 * 1024 * 1024;
const MOST_INFLATED_TIMES = 10;
const MOST_READ_BYTES = 16 * 1024 * 1024;
const MOST_READ_TIMES = 8;

const BEGIN = /(?<!end)obj|trailer/g;
const NUMBER = /(\d+)[\0\s]+\d+[\0\s]*$/;
const NUMBER_BYTES = 40;
const END = 'endobj';

/** @throws Exploding */
export async function inspect(pdf: Uint8Array): Promise<Inspection> {
  const inspector = new Inspector(Buffer.from(pdf.buffer, pdf.byteOffset, pdf.length));
  inspector.readFile();
  await inspector.readStreams();
  return inspector.inspection();
}

class Inspector {
  readonly #file: Buffer;
  readonly #text: string;
  readonly #names = new NameWatch();
  readonly #objects = new PdfObjects();
  readonly #streams: PDFRawStream[] = [];
  readonly #gaps: string[] = [];
  /** What happens when the document is opened: an action or the array of a destination. */
  readonly #openings: PDFObject[] = [];
  /** Dictionaries of what happens when a page is shown, a field is left and so on. */
  readonly #triggers: PDFObject[] = [];
  readonly #links: PDFObject[] = [];
  readonly #reading: Budget;
  readonly #inflating: Budget;
  #unreadable = false;

  constructor(file: Buffer) {
    this.#file = file;
    this.#text = file.toString('latin1');
    this.#reading = new Budget(MOST_READ_BYTES + MOST_READ_TIMES * file.length);
    this.#inflating = new Budget(Math.max(MOST_INFLATED_BYTES, MOST_INFLATED_TIMES * file.length));
  }

  /** All objects that begin somewhere in the file, and what lies between them. */
  readFile(): void {
    const reader = this.#readerOf(this.#file);
    let covered = 0;
    for (const { index, 0: keyword } of this.#text.matchAll(BEGIN)) {
      const from = index + keyword.length;
      const number = keyword === 'obj' ? NUMBER.exec(this.#text.slice(Math.max(0, index - NUMBER_BYTES), index)) : null;
      const read = this.#read(reader, this.#text, from);
      if (read && number) this.#objects.add(Number(number[1]), read.object);
      if (read?.object instanceof PDFRawStream) this.#streams.push(read.object);
      if (index < covered) continue;
      this.#gaps.push(this.#text.slice(covered, index - (number?.[0].length ?? 0)));
      covered = read ? read.end : this.#endOfBroken(from);
    }
    this.#gaps.push(this.#text.slice(covered));
  }

  /** The objects inside of streams, and how much the other streams hold. */
  async readStreams(): Promise<void> {
    const others: PDFRawStream[] = [];
    for (const stream of this.#streams) {
      if (!this.#holdsObjects(stream)) others.push(stream);
      else if (!(await this.#readObjectStream(stream))) this.#unreadable = true;
    }
    for (const stream of others) {
      await countInflated(stream.contents, this.#objects.filters(stream) ?? [], this.#inflating);
    }
  }

  inspection(): Inspection {
    const opened = this.#openings.flatMap((one) => this.#objects.meant(one)).filter((one) => one instanceof PDFDict);
    const triggers = this.#triggers.flatMap((one) => this.#objects.meant(one));
    const triggered = triggers.flatMap((one) => (one instanceof PDFDict ? one.values() : []));
    const seen = new Set<PDFObject>();
    return {
      active:
        this.#names.active ||
        this.#streams.some((stream) => this.#objects.isElsewhere(stream)) ||
        this.#links.flatMap((one) => this.#objects.meant(one)).some(leadsElsewhere) ||
        [...opened, ...triggered].some((action) => this.#acts(action, seen)),
      foreign: isOfAnotherFormat(this.#file, this.#text, this.#gaps),
      holdsMore: holdsMore(this.#gaps),
      damaged: this.#unreadable || this.#objects.isEndless(),
    };
  }

  #readerOf(content: Buffer): PdfObjectReader {
    return new PdfObjectReader(content, this.#names, (dictionary) => {
      const opening = dictionary.get(PDFName.of('OpenAction'));
      if (opening) this.#openings.push(opening);
      const triggers = dictionary.get(PDFName.of('AA'));
      if (triggers) this.#triggers.push(triggers);
      const link = dictionary.get(PDFName.of('URI'));
      if (link) this.#links.push(link);
    });
  }

  #read(reader: PdfObjectReader, text: string, from: number): { object: PDFObject; end: number } | null {
    try {
      const read = reader.readAt(from);
      this.#reading.spend(read.end - from);
      return read;
    } catch (error) {
      if (error instanceof Exploding) throw error;
      this.#readBroken(text, from);
      return null;
    }
  }

  /** What this parser gives up on, another one may read: its names count, and it can't hold other objects unseen. */
  #readBroken(text: string, from: number): void {
    const broken = text.slice(from, this.#endOfBroken(from, text));
    this.#reading.spend(broken.length);
    this.#names.seeText(broken);
    const names = new Set(namesIn(broken));
    if (names.has('ObjStm') || (names.has('First') && names.has('N'))) this.#unreadable = true;
  }

  #endOfBroken(from: number, text = this.#text): number {
    const end = text.indexOf(END, from);
    return end < 0 ? text.length : end;
  }

  #holdsObjects({ dict }: PDFRawStream): boolean {
    const isNamed = this.#objects.meant(dict.get(PDFName.of('Type'))).some((type) => type === PDFName.of('ObjStm'));
    return isNamed || (dict.has(PDFName.of('First')) && dict.has(PDFName.of('N')));
  }

  /** @returns whether all of it could be read */
  async #readObjectStream(stream: PDFRawStream): Promise<boolean> {
    const filters = this.#objects.filters(stream);
    const count = this.#objects.number(stream.dict, 'N');
    const first = this.#objects.number(stream.dict, 'First');
    if (!filters || count === null || first === null || !filters.every(isPlain)) return false;
    const content = await inflated(stream.contents, filters, this.#inflating);
    if (!content) return false;
    const text = content.toString('latin1');
    const head =
      text
        .slice(0, first)
        .replace(/%[^\r\n]*/g, ' ')
        .match(/\d+/g) ?? [];
    if (head.length < 2 * count) return false;
    const reader = this.#readerOf(content);
    let covered = first;
    for (let nth = 0; nth < count; nth++) {
      const from = first + Number(head[2 * nth + 1]);
      if (from > covered) this.#names.seeText(text.slice(covered, from));
      const read = this.#read(reader, text, from);
      if (!read) return false;
      this.#objects.add(Number(head[2 * nth]), read.object);
      covered = Math.max(covered, read.end);
    }
    this.#names.seeText(text.slice(covered));
    return true;
  }

  /** Whether what happens without a click does more than go to a page. */
  #acts(action: PDFObject, seen: Set<PDFObject>): boolean {
    return this.#objects.meant(action).some((one) => {
      if (seen.has(one)) return false;
      seen.add(one);
      if (one instanceof PDFArray) return one.asArray().some((part) => this.#acts(part, seen));
      if (!(one instanceof PDFDict)) return false;
      const kinds = this.#objects.meant(one.get(PDFName.of('S')));
      const next = one.get(PDFName.of('Next'));
      return kinds.some((kind) => kind !== PDFName.of('GoTo')) || (next !== undefined && this.#acts(next, seen));
    });
  }
}

/** Whether a filter's output is what it inflates to, whatever a reader makes of references among its parameters. */
function isPlain({ parameters }: Filter): boolean {
  if (!parameters) return true;
  const predictor = parameters.get(PDFName.of('Predictor'));
  const hasNone = predictor === undefined || (predictor instanceof PDFNumber && predictor.asNumber() === 1);
  return hasNone && !parameters.values().some((value) => value instanceof PDFRef);
}

/** Whether the address of a link is a script, or a file of the reader's own. */
function leadsElsewhere(address: PDFObject): boolean {
  if (!(address instanceof PDFString || address instanceof PDFHexString)) return false;
  // Readers pass over blanks and control characters.
  const text = Buffer.from(address.asBytes())
    .toString('latin1')
    .replace(/[^\x21-\x7e]/g, '');
  return /^(?:java|vb|live)script:|^file:|^\\\\/i.test(text);
}
