import {
  PDFArray,
  PDFDict,
  PDFHexString,
  PDFName,
  PDFNumber,
  type PDFObject,
  type PDFRawStream,
  PDFRef,
  PDFString,
} from '@cantoo/pdf-lib';
import type { Filter } from './pdf-inflate.js';
import { nameOf } from './pdf-object-reader.js';

/** The numbered objects of a file: all that the file has under a number, not only what the newest revision means by it. */
export class PdfObjects {
  readonly #byNumber = new Map<number, PDFObject[]>();

  add(number: number, object: PDFObject): void {
    const same = this.#byNumber.get(number);
    if (same) same.push(object);
    else this.#byNumber.set(number, [object]);
  }

  /** What a value can stand for: itself, or the objects that it refers to. */
  meant(value: PDFObject | undefined, seen = new Set<PDFObject>()): readonly PDFObject[] {
    if (value === undefined || seen.has(value)) return [];
    if (!(value instanceof PDFRef)) return [value];
    seen.add(value);
    return (this.#byNumber.get(value.objectNumber) ?? []).flatMap((one) => this.meant(one, seen));
  }

  /** A value of a dictionary, if it can mean only one thing. */
  one(dictionary: PDFDict, key: string): PDFObject | undefined {
    const meant = this.meant(dictionary.get(PDFName.of(key)));
    return meant.length === 1 ? meant[0] : undefined;
  }

  name(dictionary: PDFDict, key: string): string | null {
    const value = this.one(dictionary, key);
    return value instanceof PDFName ? nameOf(value) : null;
  }

  number(dictionary: PDFDict, key: string): number | null {
    const value = this.one(dictionary, key);
    return value instanceof PDFNumber ? value.asNumber() : null;
  }

  /** Null if they can't be told for sure. */
  filters({ dict }: PDFRawStream): readonly Filter[] | null {
    const both = (long: string, short: string): boolean => dict.has(PDFName.of(long)) && dict.has(PDFName.of(short));
    // Which of them counts is up to the reader.
    if (both('Filter', 'F') || both('DecodeParms', 'DP')) return null;
    const filter = dict.get(PDFName.of('Filter')) ?? dict.get(PDFName.of('F'));
    if (filter === undefined) return [];
    const parameters = this.#only(dict.get(PDFName.of('DecodeParms')) ?? dict.get(PDFName.of('DP')));
    const names = this.#only(filter);
    const list = names instanceof PDFArray ? names.asArray() : [names];
    const filters = list.map((one, index): Filter | null => {
      const name = this.#only(one);
      const own = parameters instanceof PDFArray ? this.#only(parameters.asArray()[index]) : parameters;
      return name instanceof PDFName ? { name: nameOf(name), parameters: own instanceof PDFDict ? own : null } : null;
    });
    return filters.every((one) => one !== null) ? filters : null;
  }

  /** Whether a stream says that its content is in another file. */
  isElsewhere({ dict }: PDFRawStream): boolean {
    // As a name it is short for Filter.
    const file = this.meant(dict.get(PDFName.of('F')));
    return file.some((one) => one instanceof PDFString || one instanceof PDFHexString || one instanceof PDFDict);
  }

  #only(value: PDFObject | undefined): PDFObject | undefined {
    const meant = this.meant(value);
    return meant.length === 1 ? meant[0] : undefined;
  }

  /** Whether a tree of pages, names or fields holds itself. */
  isEndless(): boolean {
    const done = new Set<number>();
    const open = new Set<number>();
    for (const root of this.#byNumber.keys()) {
      // Without recursion: a tree may be deep.
      const stack: { readonly number: number; readonly kids: Iterator<number> }[] = [];
      const enter = (number: number): void => {
        open.add(number);
        stack.push({ number, kids: this.#kidsOf(number)[Symbol.iterator]() });
      };
      if (!done.has(root)) enter(root);
      for (let node = stack.at(-1); node; node = stack.at(-1)) {
        const kid = node.kids.next();
        if (kid.done) {
          open.delete(node.number);
          done.add(node.number);
          stack.pop();
        } else if (open.has(kid.value)) return true;
        else if (!done.has(kid.value)) enter(kid.value);
      }
    }
    return false;
  }

  /** By the newest revision. */
  #kidsOf(number: number): readonly number[] {
    const node = this.#byNumber.get(number)?.at(-1);
    if (!(node instanceof PDFDict)) return [];
    const kids = this.meant(node.get(PDFName.of('Kids'))).at(-1);
    if (!(kids instanceof PDFArray)) return [];
    return kids.asArray().flatMap((kid) => (kid instanceof PDFRef ? [kid.objectNumber] : []));
  }
}
