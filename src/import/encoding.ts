/** Text in another encoding than UTF-8. */
import { isAscii, isUtf8 } from 'node:buffer';

/** What is found where the first such text stands; how it reads follows. The rest of the file is no better. */
export const FOREIGN =
  'is not UTF-8, nor is the rest of the file: save it as UTF-8 (in Excel: "CSV UTF-8"). In the older encoding Windows-1252 it reads';

/** As the encoding that is the most likely one reads it. */
export function foreignText(bytes: Buffer): string {
  return new TextDecoder('windows-1252').decode(bytes.subarray(0, 200));
}

/**
 * Looks at a whole file, piece by piece. In a file that is UTF-8 but for some damage, most of what is not ASCII is intact; in one
 * of another encoding, hardly anything is.
 */
export class EncodingCensus {
  #rest = Buffer.alloc(0);
  #intact = 0;
  #broken = 0;

  add(piece: Buffer): void {
    const bytes = this.#rest.length > 0 ? Buffer.concat([this.#rest, piece]) : piece;
    this.#rest = Buffer.alloc(0);
    if (isAscii(bytes)) return;
    const end = endOfWhole(bytes);
    this.#count(bytes.subarray(0, end));
    this.#rest = Buffer.from(bytes.subarray(end));
  }

  /** Whether the file is in another encoding. */
  get isForeign(): boolean {
    this.#count(this.#rest);
    this.#rest = Buffer.alloc(0);
    return this.#broken > this.#intact;
  }

  #count(bytes: Buffer): void {
    if (isUtf8(bytes)) {
      this.#intact += nonAscii(bytes);
      return;
    }
    for (let at = 0; at < bytes.length;) {
      const byte = bytes[at] as number;
      if (byte < 0x80) {
        at++;
        continue;
      }
      const length = lengthOf(byte);
      if (length > 0 && at + length <= bytes.length && isUtf8(bytes.subarray(at, at + length))) {
        this.#intact++;
        at += length;
      } else {
        this.#broken++;
        at++;
      }
    }
  }
}

function nonAscii(bytes: Buffer): number {
  let count = 0;
  for (const byte of bytes) if (byte >= 0xc0) count++;
  return count;
}

/** How many bytes a character takes that begins with this one; 0: none does. */
function lengthOf(byte: number): number {
  if (byte >= 0xc2 && byte <= 0xdf) return 2;
  if (byte >= 0xe0 && byte <= 0xef) return 3;
  return byte >= 0xf0 && byte <= 0xf4 ? 4 : 0;
}

/** Behind the last character that is not cut off. */
function endOfWhole(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] as number;
    if (byte < 0x80) break;
    if (byte >= 0xc0) return lengthOf(byte) > back ? bytes.length - back : bytes.length;
  }
  return bytes.length;
}
