import { constants, createInflate } from 'node:zlib';
import { decodePDFRawStream, PDFContext, PDFDict, PDFName, PDFRawStream } from '@cantoo/pdf-lib';

/** The document takes more work than an honest one of its size. */
export class Exploding extends Error {
  override readonly name = 'Exploding';
}

/** How many bytes all streams of a document may inflate to, and how many its reader may look at. */
export class Budget {
  #left: number;

  constructor(bytes: number) {
    this.#left = bytes;
  }

  /** @throws Exploding */
  spend(bytes: number): void {
    this.#left -= bytes;
    if (this.#left < 0) throw new Exploding('the document inflates to more than a document of its size does');
  }
}

export interface Filter {
  readonly name: string;
  readonly parameters: PDFDict | null;
}

const ABBREVIATIONS: Readonly<Record<string, string>> = {
  Fl: 'FlateDecode',
  LZW: 'LZWDecode',
  A85: 'ASCII85Decode',
  AHx: 'ASCIIHexDecode',
  RL: 'RunLengthDecode',
};
const LIBRARY: ReadonlySet<string> = new Set(['LZWDecode', 'ASCII85Decode', 'ASCIIHexDecode', 'RunLengthDecode']);
const PIECE = 64 * 1024;

/**
 * The content of a stream, bounded at each of its filters; null if it is not whole or of an image.
 * @throws Exploding
 */
export async function inflated(
  content: Uint8Array,
  filters: readonly Filter[],
  budget: Budget,
): Promise<Buffer | null> {
  return through(content, filters, budget, true);
}

/** Only counts what the content of a stream inflates to. @throws Exploding */
export async function countInflated(content: Uint8Array, filters: readonly Filter[], budget: Budget): Promise<void> {
  await through(content, filters, budget, false);
}

async function through(
  content: Uint8Array,
  filters: readonly Filter[],
  budget: Budget,
  keepLast: boolean,
): Promise<Buffer | null> {
  let bytes = Buffer.from(content.buffer, content.byteOffset, content.length);
  let whole = true;
  for (const [index, { name: given, parameters }] of filters.entries()) {
    const name = ABBREVIATIONS[given] ?? given;
    const keep = keepLast || index < filters.length - 1;
    const taken = new Taken(budget, keep);
    if (name === 'FlateDecode') whole &&= await inflate(bytes, taken);
    else if (LIBRARY.has(name)) whole &&= decode(bytes, name, parameters, taken);
    else return null;
    bytes = taken.bytes();
  }
  return whole ? bytes : null;
}

class Taken {
  readonly #pieces: Uint8Array[] = [];

  constructor(
    private readonly budget: Budget,
    private readonly keep: boolean,
  ) {}

  take(piece: Uint8Array): void {
    this.budget.spend(piece.length);
    if (this.keep) this.#pieces.push(piece);
  }

  bytes(): Buffer<ArrayBuffer> {
    return Buffer.concat(this.#pieces);
  }
}

/** @returns whether it came to its end */
async function inflate(packed: Uint8Array, taken: Taken): Promise<boolean> {
  // Streams that lack their checksum are common, and every reader opens them.
  const inflating = createInflate({ finishFlush: constants.Z_SYNC_FLUSH, chunkSize: PIECE });
  inflating.end(packed);
  try {
    for await (const piece of inflating as AsyncIterable<Buffer>) taken.take(piece);
    return true;
  } catch (error) {
    if (error instanceof Exploding) throw error;
    return false;
  }
}

function decode(packed: Uint8Array, name: string, parameters: PDFDict | null, taken: Taken): boolean {
  const dictionary = parameters ? parameters.clone() : PDFDict.withContext(PDFContext.create());
  const one = PDFDict.withContext(dictionary.context);
  one.set(PDFName.of('Filter'), PDFName.of(name));
  one.set(PDFName.of('DecodeParms'), dictionary);
  try {
    const decoded = decodePDFRawStream(PDFRawStream.of(one, packed));
    for (;;) {
      const piece = decoded.getBytes(PIECE);
      taken.take(piece instanceof Uint8Array ? piece : new Uint8Array(piece.buffer, piece.byteOffset, piece.length));
      if (piece.length < PIECE) return true;
    }
  } catch (error) {
    if (error instanceof Exploding) throw error;
    return false;
  }
}
