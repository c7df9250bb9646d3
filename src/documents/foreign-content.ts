/** Signs that a file is something else as well: the same bytes, opened by another program, are another document. */

/** Tags that make a browser take a text for a page, and a server run it. */
const PAGE =
  /<(?:!doctype\s+html|html|head|body|script|iframe|svg|img|h1|div|table|style|title|form|object|embed|\?php)\b|<!--|__HALT_COMPILER/i;
/** How far programs look for such tags. */
const SNIFFED_BYTES = 1_024;

/** How other formats begin. */
const STARTS =
  /^(?:MZ|\x7fELF|PK[\x03-\x08]|\x89PNG|GIF8|\xff\xd8\xff|BM|RIFF|II\*\0|MM\0\*|Rar!|7z\xbc\xaf|\x1f\x8b|\xca\xfe\xba\xbe|\xfe\xed\xfa|#!|ID3|OggS|\0asm|<\?xml|\{\\rtf|\xd0\xcf\x11\xe0)/;

/** What formats have at a place of their own, behind a beginning that they leave free. */
const AT: readonly (readonly [offset: number, sign: string])[] = [
  [257, 'ustar'],
  [128, 'DICM'],
  [32_769, 'CD001'],
  [34_817, 'CD001'],
];

/** Bytes outside of all objects that are no PDF: more of them than careless writers leave. */
const MOST_STRAY_BYTES = 512;

const COMMENTS = /%[^\r\n]*/g;
const SYNTAX =
  /\b(?:endobj|endstream|stream|obj|xref|trailer|startxref|null|[nf]|[+-]?\d+(?:\.\d*)?)\b|[\0\t\n\f\r ]+/g;

/** What stands outside of all objects, comments included. */
export type Gaps = readonly string[];

/** Whether another program would take the file for one of its own. @param text the file in latin1 */
export function isOfAnotherFormat(file: Buffer, text: string, gaps: Gaps): boolean {
  if (PAGE.test(text.slice(0, SNIFFED_BYTES)) || AT.some(([at, sign]) => text.startsWith(sign, at))) return true;
  return isArchive(file) || gaps.some((gap) => PAGE.test(gap) || STARTS.test(strayIn(gap)));
}

/** Whether the file holds more than a PDF, whatever that may be. */
export function holdsMore(gaps: Gaps): boolean {
  return gaps.reduce((bytes, gap) => bytes + strayIn(gap).length, 0) > MOST_STRAY_BYTES;
}

function strayIn(gap: string): string {
  return gap.replace(COMMENTS, '').replace(SYNTAX, '');
}

/** A ZIP archive is read from its end, so it can begin with anything. Its last record says where its directory lies. */
function isArchive(file: Buffer): boolean {
  const last = Buffer.from('PK\x05\x06');
  for (let at = file.indexOf(last); at >= 0; at = file.indexOf(last, at + 1)) {
    if (at + 22 > file.length) return false;
    const bytes = file.readUInt32LE(at + 12);
    const isEmpty = bytes === 0 && file.readUInt16LE(at + 10) === 0;
    const isLarge = bytes === 0xffff_ffff && file.includes('PK\x06\x06');
    if (isEmpty || isLarge) return true;
    if (at >= bytes && file.toString('latin1', at - bytes, at - bytes + 4) === 'PK\x01\x02') return true;
  }
  return false;
}
