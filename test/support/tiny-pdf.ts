import { createHash } from 'node:crypto';
import { deflateSync } from 'node:zlib';

const CATALOG = '<< /Type /Catalog /Pages 2 0 R >>';
const ONE_PAGE = '<< /Type /Pages /Kids [3 0 R] /Count 1 >>';
const PAGE = '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] >>';

/** A PDF of one empty page; `padding` bytes of comment make it larger. */
export function tinyPdf(padding = 0): Buffer {
  return pdf([CATALOG, ONE_PAGE, PAGE], '', padding);
}

export function pdfWithoutPages(): Buffer {
  return pdf([CATALOG, '<< /Type /Pages /Kids [] /Count 0 >>'], '');
}

/** Encrypted by the oldest standard way (RC4, 40 bits); opens by itself when the password is empty. */
export function encryptedPdf(password: string): Buffer {
  const id = Buffer.from('0123456789abcdef');
  const rights = -4;
  const ownerKey = md5(padded('owner')).subarray(0, 5);
  const owner = rc4(ownerKey, padded(password));
  const rightsBytes = Buffer.alloc(4);
  rightsBytes.writeInt32LE(rights);
  const key = md5(Buffer.concat([padded(password), owner, rightsBytes, id])).subarray(0, 5);
  const user = rc4(key, padded(''));
  const dictionary =
    `<< /Filter /Standard /V 1 /R 2 /P ${rights} ` + `/O <${owner.toString('hex')}> /U <${user.toString('hex')}> >>`;
  return pdf([CATALOG, ONE_PAGE, PAGE, dictionary], `/Encrypt 4 0 R /ID [<${id.toString('hex')}> <00>]`);
}

/** Encrypted for the holders of certificates: a way that the PDF library does not know. */
export function pdfForCertificates(): Buffer {
  const dictionary = '<< /Filter /Adobe.PubSec /SubFilter /adbe.pkcs7.s4 /V 2 /Length 128 /Recipients [] >>';
  return pdf([CATALOG, ONE_PAGE, PAGE, dictionary], '/Encrypt 4 0 R /ID [<00> <00>]');
}

/** A sound PDF of `bytes` / 1000 whose catalog stands behind that many spaces in a compressed stream. */
export function explodingPdf(bytes: number): Buffer {
  const packed = deflateSync(
    Buffer.concat([Buffer.from('2 0'.padEnd(bytes)), Buffer.from('<< /Type /Catalog /Pages 3 0 R >>')]),
  );
  const parts: Buffer[] = [Buffer.from('%PDF-1.5\n')];
  const places: number[] = [];
  const add = (id: number, head: string, stream: Buffer | null): void => {
    places[id] = Buffer.concat(parts).length;
    parts.push(Buffer.from(`${id} 0 obj\n${head}\n`));
    if (stream) parts.push(Buffer.from('stream\n'), stream, Buffer.from('\nendstream\n'));
    parts.push(Buffer.from('endobj\n'));
  };
  add(1, `<< /Type /ObjStm /N 1 /First ${bytes} /Filter /FlateDecode /Length ${packed.length} >>`, packed);
  add(3, '<< /Type /Pages /Kids [4 0 R] /Count 1 >>', null);
  add(4, '<< /Type /Page /Parent 3 0 R /MediaBox [0 0 200 200] >>', null);
  const start = Buffer.concat(parts).length;
  // An entry: kind (0 none, 1 in the file, 2 in a stream of objects), place or stream, number in the stream.
  const table = Buffer.alloc(6 * 6);
  [
    [0, 0],
    [1, places[1]],
    [2, 1],
    [1, places[3]],
    [1, places[4]],
    [1, start],
  ].forEach(([kind, place], id) => {
    table.writeUInt8(kind as number, id * 6);
    table.writeUInt32BE(place as number, id * 6 + 1);
  });
  add(5, `<< /Type /XRef /Size 6 /W [1 4 1] /Root 2 0 R /Length ${table.length} >>`, table);
  return Buffer.concat([...parts, Buffer.from(`startxref\n${start}\n%%EOF\n`)]);
}

function pdf(objects: readonly string[], trailer: string, padding = 0): Buffer {
  let text = `%PDF-1.4\n${padding > 0 ? `%${'x'.repeat(padding)}\n` : ''}`;
  const places: number[] = [];
  objects.forEach((object, index) => {
    places.push(text.length);
    text += `${index + 1} 0 obj\n${object}\nendobj\n`;
  });
  const start = text.length;
  text += `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n`;
  for (const place of places) text += `${String(place).padStart(10, '0')} 00000 n \n`;
  text += `trailer\n<< /Size ${objects.length + 1} /Root 1 0 R ${trailer} >>\nstartxref\n${start}\n%%EOF\n`;
  return Buffer.from(text, 'latin1');
}

function padded(password: string): Buffer {
  const filler = Buffer.from('28bf4e5e4e758a4164004e56fffa01082e2e00b6d0683e802f0ca9fe6453697a', 'hex');
  return Buffer.concat([Buffer.from(password, 'latin1'), filler]).subarray(0, 32);
}

function md5(bytes: Buffer): Buffer {
  return createHash('md5').update(bytes).digest();
}

function rc4(key: Buffer, bytes: Buffer): Buffer {
  const box = Uint8Array.from({ length: 256 }, (_, index) => index);
  const at = (index: number): number => box[index & 255] as number;
  const swap = (a: number, b: number): void => void ([box[a], box[b]] = [at(b), at(a)]);
  for (let i = 0, j = 0; i < 256; i++) {
    j = (j + at(i) + (key[i % key.length] as number)) & 255;
    swap(i, j);
  }
  let i = 0;
  let j = 0;
  return Buffer.from(bytes).map((byte) => {
    i = (i + 1) & 255;
    j = (j + at(i)) & 255;
    swap(i, j);
    return byte ^ at(at(i) + at(j));
  }) as Buffer;
}
