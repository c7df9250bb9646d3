/** PDFs made in a test: sound ones, and such as are made to break or use their reader. */
import { constants, deflateRawSync, deflateSync } from 'node:zlib';

export const CATALOG = '<< /Type /Catalog /Pages 2 0 R >>';
export const ONE_PAGE = '<< /Type /Pages /Kids [3 0 R] /Count 1 >>';
export const PAGE = '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] >>';

/** The body of an object, or a stream with the entries of its dictionary. */
export type Body = string | { readonly dictionary: string; readonly content: Buffer };

/** A PDF of one page whose catalog and page have more entries, and which has more objects from number 4 on. */
export function pageWith(
  { catalog = '', page = '', objects = [] }: { catalog?: string; page?: string; objects?: readonly Body[] } = {},
  trailer = '',
): Buffer {
  const bodies = [CATALOG.replace('>>', `${catalog} >>`), ONE_PAGE, PAGE.replace(/>>$/, `${page} >>`), ...objects];
  return pdfOf(bodies, trailer);
}

/** Objects numbered from 1, with a table that tells where they are. */
export function pdfOf(bodies: readonly Body[], trailer = '', head = '%PDF-1.7\n'): Buffer {
  const parts: Buffer[] = [Buffer.from(head, 'latin1')];
  const offsets: number[] = [];
  let length = parts[0]?.length ?? 0;
  const add = (part: Buffer): void => {
    parts.push(part);
    length += part.length;
  };
  bodies.forEach((body, index) => {
    offsets.push(length);
    add(Buffer.from(`${index + 1} 0 obj\n`));
    add(typeof body === 'string' ? Buffer.from(body, 'latin1') : streamBytes(body));
    add(Buffer.from('\nendobj\n'));
  });
  const start = length;
  const rows = offsets.map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`).join('');
  const size = bodies.length + 1;
  add(Buffer.from(`xref\n0 ${size}\n0000000000 65535 f \n${rows}`));
  add(Buffer.from(`trailer\n<< /Size ${size} /Root 1 0 R ${trailer} >>\nstartxref\n${start}\n%%EOF\n`));
  return Buffer.concat(parts);
}

function streamBytes({ dictionary, content }: Exclude<Body, string>): Buffer {
  const head = `<< ${dictionary} /Length ${content.length} >>\nstream\n`;
  return Buffer.concat([Buffer.from(head), content, Buffer.from('\nendstream')]);
}

/** A PDF of one page that keeps its catalog and more objects, numbered from 10 on, in a compressed stream of objects. */
export function packedPdf(
  objects: readonly string[],
  catalog = '',
  dictionary = '/Type /ObjStm /Filter /FlateDecode',
  pack: (content: Buffer) => Buffer = (content) => deflateSync(content),
): Buffer {
  const all = [`<< /Type /Catalog /Pages 2 0 R ${catalog} >>`, ...objects];
  const numbers = all.map((_, index) => (index === 0 ? 1 : index + 9));
  let offset = 0;
  const head = all.map((one, index) => {
    const pair = `${numbers[index]} ${offset}`;
    offset += one.length + 1;
    return pair;
  });
  const first = `${head.join(' ')}\n`;
  const content = pack(Buffer.from(`${first}${all.join('\n')}\n`, 'latin1'));
  const parts: Buffer[] = [Buffer.from('%PDF-1.7\n')];
  const rows = new Map<number, readonly [kind: number, place: number, nth: number]>([[0, [0, 0, 0]]]);
  const add = (number: number, body: Body): void => {
    rows.set(number, [1, Buffer.concat(parts).length, 0]);
    const bytes = typeof body === 'string' ? Buffer.from(body) : streamBytes(body);
    parts.push(Buffer.from(`${number} 0 obj\n`), bytes, Buffer.from('\nendobj\n'));
  };
  add(2, ONE_PAGE);
  add(3, PAGE);
  add(4, { dictionary: `${dictionary} /N ${all.length} /First ${first.length}`, content });
  numbers.forEach((number, nth) => rows.set(number, [2, 4, nth]));
  const start = Buffer.concat(parts).length;
  const size = Math.max(...numbers) + 2;
  rows.set(size - 1, [1, start, 0]);
  const table = Buffer.alloc(7 * size);
  for (let number = 0; number < size; number++) {
    const [kind, place, nth] = rows.get(number) ?? [0, 0, 0];
    table.writeUInt8(kind, 7 * number);
    table.writeUInt32BE(place, 7 * number + 1);
    table.writeUInt16BE(nth, 7 * number + 5);
  }
  const xref = { dictionary: `/Type /XRef /Size ${size} /W [1 4 2] /Root 1 0 R`, content: table };
  parts.push(Buffer.from(`${size - 1} 0 obj\n`), streamBytes(xref), Buffer.from('\nendobj\n'));
  return Buffer.concat([...parts, Buffer.from(`startxref\n${start}\n%%EOF\n`)]);
}

/** A newer revision of a PDF: one object more, or another body for one that is there. */
export function revised(pdf: Buffer, number: number, body: string): Buffer {
  const previous = /startxref\s+(\d+)\s+%%EOF\s*$/.exec(pdf.toString('latin1'))?.[1] ?? '0';
  const object = Buffer.from(`${number} 0 obj\n${body}\nendobj\n`, 'latin1');
  const start = pdf.length + object.length;
  const row = `${String(pdf.length).padStart(10, '0')} 00000 n \n`;
  const table = `xref\n${number} 1\n${row}trailer\n<< /Size ${number + 20} /Root 1 0 R /Prev ${previous} >>\n`;
  return Buffer.concat([pdf, object, Buffer.from(`${table}startxref\n${start}\n%%EOF\n`)]);
}

const MEGABYTE = 1024 * 1024;

/** So many megabytes of spaces, packed in layers, each to about a thousandth. */
export function bomb(megabytes: number, layers: number): Exclude<Body, string> {
  const section = deflateRawSync(Buffer.alloc(MEGABYTE, ' '), { finishFlush: constants.Z_FULL_FLUSH });
  const sections = Array.from({ length: megabytes }, () => section);
  // The head of zlib's form, the sections, and an empty last one.
  let content: Buffer = Buffer.concat([Buffer.of(0x78, 0x9c), ...sections, Buffer.of(3, 0)]);
  for (let layer = 1; layer < layers; layer++) content = deflateSync(content, { level: 9 });
  return { dictionary: `/Filter [${'/FlateDecode '.repeat(layers)}]`, content };
}
