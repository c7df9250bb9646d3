import { type PDFDict, PDFName, type PDFObject, PDFParser, type PDFRef } from '@cantoo/pdf-lib';
import type { NameWatch } from './pdf-names.js';

export interface ReadObject {
  readonly object: PDFObject;
  /** Where it ends. */
  readonly end: number;
}

export const nameOf = (name: PDFName): string => name.decodeText();

/**
 * Reads single objects at any place of a file. The document as the library would put it together is not asked for: which
 * objects belong to it is a question that each reader answers in its own way.
 */
export class PdfObjectReader extends PDFParser {
  readonly #content: Buffer;
  readonly #names: NameWatch;
  readonly #dictionary: (dictionary: PDFDict) => void;

  /** @param dictionary is told of every dictionary, however deep it lies */
  constructor(content: Buffer, names: NameWatch, dictionary: (dictionary: PDFDict) => void) {
    super(content);
    this.#content = content;
    this.#names = names;
    this.#dictionary = dictionary;
  }

  /** @throws Error when there is no whole object there */
  readAt(offset: number): ReadObject {
    this.bytes.moveTo(offset);
    const object = this.parseObject();
    if (this.bytes.offset() > this.#content.length) throw new Error('the object does not end');
    if (object instanceof PDFName) this.#names.seeAlone(nameOf(object));
    return { object, end: this.bytes.offset() };
  }

  protected override parseName(): PDFName {
    const name = super.parseName();
    this.#names.see(nameOf(name));
    return name;
  }

  protected override parseDict(ref?: PDFRef): PDFDict {
    const dictionary = super.parseDict(ref);
    this.#dictionary(dictionary);
    return dictionary;
  }

  /** For a stream whose length stands elsewhere. The library's own way looks at each byte several times. */
  protected override findEndOfStreamFallback(): number {
    const end = this.#content.indexOf('endstream', this.bytes.offset());
    if (end < 0) throw new Error('the stream does not end');
    this.bytes.moveTo(end + 'endstream'.length);
    return end;
  }
}
