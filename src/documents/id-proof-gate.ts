import { Readable } from 'node:stream';
import { Refusal } from '../engine/index.js';
import {
  type DocumentSource,
  type DocumentStore,
  DocumentTooLarge,
  type DraftDocument,
  type StoredDocument,
} from './document-store.js';
import type { PdfChecker } from './pdf-checker.js';

export interface IdProofGate {
  readonly store: DocumentStore;
  readonly checker: PdfChecker;
  readonly maxBytes: number;
  /** Makes a check wait for its turn; there is none to wait for if left out. */
  readonly inTurn?: (check: () => Promise<void>) => Promise<void>;
}

const PDF_START = Buffer.from('%PDF-');

/**
 * Stores an id proof if it is one: a PDF that opens and does nothing by itself. Of anything else nothing is stored. A refused
 * source that is a stream is read to its end all the same, so that its sender gets to see the answer.
 * @throws Refusal id-proof-missing, id-proof-not-pdf, id-proof-encrypted, id-proof-active-content, id-proof-damaged, overloaded
 * @throws DocumentTooLarge, and whatever the source throws
 */
export async function storeIdProof(gate: IdProofGate, source: DocumentSource): Promise<StoredDocument> {
  try {
    return await gate.store.write(new PdfSource(source, gate.maxBytes), {
      maxBytes: gate.maxBytes,
      accept: (draft) => (gate.inTurn ?? atOnce)(() => checkIdProof(gate.checker, draft)),
    });
  } catch (error) {
    if (source instanceof Readable) discard(source);
    throw error;
  }
}

function atOnce(check: () => Promise<void>): Promise<void> {
  return check();
}

/** Why a file would be refused as an id proof, or null; nothing is stored. @throws Refusal overloaded */
export async function faultOfIdProof(gate: IdProofGate, source: DocumentSource): Promise<string | null> {
  try {
    await gate.store.draft(new PdfSource(source, gate.maxBytes), gate.maxBytes, (draft) =>
      checkIdProof(gate.checker, draft),
    );
    return null;
  } catch (error) {
    const refused = error instanceof Refusal && error.code !== 'overloaded';
    if (refused || error instanceof DocumentTooLarge) return error.message;
    throw error;
  }
}

/** @throws Refusal id-proof-not-pdf, id-proof-encrypted, id-proof-active-content, id-proof-damaged, overloaded */
async function checkIdProof(checker: PdfChecker, { path, document_id, key }: DraftDocument): Promise<void> {
  switch (await checker.check({ path, documentId: document_id, key })) {
    case 'acceptable':
      return;
    case 'not-pdf':
      throw new Refusal('id-proof-not-pdf', 'The id proof is not only a PDF: the file is something else as well.');
    case 'encrypted':
      throw new Refusal('id-proof-encrypted', 'The id proof is encrypted or protected by a password.');
    case 'active-content':
      throw new Refusal(
        'id-proof-active-content',
        'The id proof holds a script, another file, an action or a form that does something by itself. Send a plain PDF.',
      );
    case 'damaged':
      throw new Refusal('id-proof-damaged', 'The id proof can not be opened as a PDF.');
  }
}

/**
 * Passes a source on from the moment it turns out to start like a PDF. Of anything else not a byte is stored, and it is read all the
 * same: a file that is too large is told so, whatever it is.
 */
class PdfSource implements AsyncIterable<Buffer> {
  readonly #source: DocumentSource;
  readonly #maxBytes: number;

  constructor(source: DocumentSource, maxBytes: number) {
    this.#source = source;
    this.#maxBytes = maxBytes;
  }

  get truncated(): boolean {
    return this.#source.truncated === true;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer, void, undefined> {
    let start = Buffer.alloc(0);
    let isPdf: boolean | null = null;
    let bytes = 0;
    for await (const piece of pieces(this.#source)) {
      bytes += piece.length;
      if (isPdf === true) {
        yield piece;
      } else if (isPdf === null) {
        start = Buffer.concat([start, piece]);
        isPdf = startsLikePdf(start);
        if (isPdf === true) yield start;
      }
      if (bytes > this.#maxBytes) throw new DocumentTooLarge(this.#maxBytes);
    }
    if (this.truncated) throw new DocumentTooLarge(this.#maxBytes);
    if (bytes === 0) throw new Refusal('id-proof-missing', 'The id proof is an empty file.');
    if (isPdf !== true) throw notPdf();
  }
}

/** Null: it is too short to tell. */
function startsLikePdf(start: Buffer): boolean | null {
  const seen = Math.min(start.length, PDF_START.length);
  if (start.compare(PDF_START, 0, seen, 0, seen) !== 0) return false;
  return seen === PDF_START.length ? true : null;
}

/** A stream is left open when its reader stops early: what is behind it, a request say, is still wanted. */
function pieces(source: DocumentSource): AsyncIterable<Buffer> {
  return source instanceof Readable
    ? { [Symbol.asyncIterator]: () => source.iterator({ destroyOnReturn: false }) }
    : source;
}

function discard(source: Readable): void {
  source.on('error', () => undefined);
  source.resume();
}

function notPdf(): Refusal {
  return new Refusal('id-proof-not-pdf', 'The id proof is not a PDF: a PDF starts with %PDF-.');
}
