import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject } from 'node:crypto';

// This is the storage format of a document: one byte of version, then frames. A frame is up to 64 KiB of the document
// under AES-256-GCM and a tag of 16 bytes; all but the last are full. The nonce is the frame's number (11 bytes) and
// whether it is the last (1 byte), so that a file that was cut, reordered or appended to does not open. Nonces repeat
// from document to document: each has a key of its own, used for nothing else.
const VERSION = Buffer.of(1);
const FRAME_BYTES = 64 * 1024;
const TAG_BYTES = 16;
const STORED_FRAME_BYTES = FRAME_BYTES + TAG_BYTES;

/** The stored document can't be read: it is missing, was changed, or the key is another one's. */
export class DocumentUnreadable extends Error {
  override readonly name = 'DocumentUnreadable';
}

/** Size of the document whose stored form has this size. */
export function documentBytes(storedBytes: number): number {
  const frames = Math.max(1, Math.ceil((storedBytes - 1) / STORED_FRAME_BYTES));
  return storedBytes - 1 - frames * TAG_BYTES;
}

/** The pieces of a document on their way into storage: each `add` gives what is ready to be written, `end` the rest. */
export class FrameSealer {
  readonly #key: KeyObject;
  readonly #document: Buffer;
  readonly #cutter = new Cutter(FRAME_BYTES);
  #frame = 0;

  constructor(documentId: string, key: Buffer) {
    this.#key = createSecretKey(key);
    this.#document = Buffer.from(documentId);
  }

  add(piece: Buffer): Buffer[] {
    return this.#cutter.add(piece).map((frame) => this.#seal(frame, false));
  }

  end(): Buffer {
    return this.#seal(this.#cutter.end(), true);
  }

  #seal(frame: Buffer, last: boolean): Buffer {
    const head = this.#frame === 0 ? [VERSION] : [];
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce(this.#frame++, last));
    cipher.setAAD(this.#document);
    const body = cipher.update(frame);
    cipher.final();
    return Buffer.concat([...head, body, cipher.getAuthTag()]);
  }
}

/** The way back. @throws DocumentUnreadable by `add` and `end`; what they gave before is genuine, but not all of it */
export class FrameOpener {
  readonly #key: KeyObject;
  readonly #document: Buffer;
  readonly #cutter = new Cutter(STORED_FRAME_BYTES);
  #started = false;
  #frame = 0;

  constructor(documentId: string, key: Buffer) {
    this.#key = createSecretKey(key);
    this.#document = Buffer.from(documentId);
  }

  add(piece: Buffer): Buffer[] {
    if (this.#started || piece.length === 0) return this.#cutter.add(piece).map((frame) => this.#open(frame, false));
    if (piece[0] !== VERSION[0])
      throw new DocumentUnreadable('the document is stored in a format that is not known here');
    this.#started = true;
    return this.add(piece.subarray(1));
  }

  end(): Buffer {
    return this.#open(this.#cutter.end(), true);
  }

  #open(frame: Buffer, last: boolean): Buffer {
    try {
      const decipher = createDecipheriv('aes-256-gcm', this.#key, nonce(this.#frame++, last));
      decipher.setAAD(this.#document);
      decipher.setAuthTag(frame.subarray(-TAG_BYTES));
      const plain = decipher.update(frame.subarray(0, -TAG_BYTES));
      decipher.final();
      return plain;
    } catch {
      throw new DocumentUnreadable('the stored document was changed or cut, or the key is not its own');
    }
  }
}

/** Cuts a stream of pieces into frames of one size. A full frame is held back until more follows: it may be the last. */
class Cutter {
  readonly #size: number;
  #rest: Buffer[] = [];
  #bytes = 0;

  constructor(size: number) {
    this.#size = size;
  }

  add(piece: Buffer): Buffer[] {
    this.#rest.push(piece);
    this.#bytes += piece.length;
    if (this.#bytes <= this.#size) return [];
    const all = Buffer.concat(this.#rest);
    const frames: Buffer[] = [];
    let from = 0;
    for (; all.length - from > this.#size; from += this.#size) frames.push(all.subarray(from, from + this.#size));
    // A copy, so that the little that is left does not hold on to the whole piece.
    this.#rest = [Buffer.from(all.subarray(from))];
    this.#bytes = all.length - from;
    return frames;
  }

  end(): Buffer {
    return Buffer.concat(this.#rest);
  }
}

function nonce(frame: number, last: boolean): Buffer {
  const bytes = Buffer.alloc(12);
  bytes.writeUIntBE(frame, 5, 6);
  bytes[11] = last ? 1 : 0;
  return bytes;
}
