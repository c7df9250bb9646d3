/** Documents that are made to break or to stall their reader, and files that are something else as well. */
import { randomBytes } from 'node:crypto';
import t from 'tap';
import { judgeIn } from '../support/judged.js';
import { bomb, packedPdf, pageWith, pdfOf, CATALOG, ONE_PAGE, PAGE } from '../support/pdf-builder.js';

const DAMAGED = 'id-proof-damaged';
const NOT_PDF = 'id-proof-not-pdf';

t.test('a document that inflates without measure is damaged, and ends no process', async (t) => {
  const judge = judgeIn(t, { processes: 1 });
  const tenGigabytes = bomb(10_000, 3);
  t.ok(tenGigabytes.content.length < 10_000, `${tenGigabytes.content.length} bytes`);
  const page = { page: '/Contents 4 0 R' };
  t.equal(await judge.verdict(pageWith({ ...page, objects: [bomb(20, 2)] })), 'accepted', 'a large page is none');
  t.equal(await judge.verdict(pageWith({ objects: [tenGigabytes] })), DAMAGED, 'ten gigabytes that nothing refers to');
  const { dictionary, content } = bomb(300, 1);
  const many = Array.from({ length: 16 }, () => bomb(20, 2));
  t.equal(await judge.verdict(pageWith({ objects: many })), DAMAGED, 'many streams together');
  const runs = Buffer.alloc(2_500_000, Buffer.of(129, 32));
  const lengths = { dictionary: '/Filter /RunLengthDecode', content: runs };
  t.equal(await judge.verdict(pageWith({ objects: [lengths, lengths] })), DAMAGED, 'runs of one byte');
  t.equal(
    await judge.verdict(packedPdf(['null'], '', `/Type /ObjStm ${dictionary}`, () => content)),
    DAMAGED,
    'a stream of objects',
  );
});

t.test('a document without an end or a page is damaged', async (t) => {
  const judge = judgeIn(t);
  const files: Readonly<Record<string, Buffer>> = {
    'no page': pdfOf([CATALOG, '<< /Type /Pages /Kids [] /Count 0 >>']),
    'no catalog': pdfOf(['null', ONE_PAGE, PAGE]),
    'pages that hold themselves': pdfOf([CATALOG, '<< /Type /Pages /Kids [2 0 R] /Count 1 >>']),
    'pages that hold a page and themselves': pdfOf([CATALOG, '<< /Type /Pages /Kids [3 0 R 2 0 R] /Count 2 >>', PAGE]),
    'pages that hold each other': pdfOf([
      CATALOG,
      '<< /Type /Pages /Kids [4 0 R] /Count 1 >>',
      PAGE,
      '<< /Type /Pages /Parent 2 0 R /Kids [3 0 R 2 0 R] /Count 1 >>',
    ]),
    'a stream of objects that breaks off': packedPdf(['<< /Title (a) >>'], '', undefined, (content) => content),
    'a stream of objects with two lists of filters': packedPdf(
      ['null'],
      '',
      '/Type /ObjStm /Filter /FlateDecode /F /Fl',
    ),
    'a stream of objects with two lists of parameters': packedPdf(
      ['null'],
      '',
      '/Type /ObjStm /Filter /FlateDecode /DecodeParms << >> /DP << /Predictor 12 >>',
    ),
    'a stream of objects with an unknown filter': packedPdf(['null'], '', '/Type /ObjStm /Filter /Unknown'),
    'a head and nothing behind it': Buffer.from('%PDF-1.7\n'),
    noise: Buffer.concat([Buffer.from('%PDF-1.7\n'), randomBytes(5_000)]),
  };
  for (const [what, file] of Object.entries(files)) t.equal(await judge.verdict(file), DAMAGED, what);
});

t.test('a document that would take its reader for ever is damaged within the limits', async (t) => {
  const judge = judgeIn(t, { processes: 2, limits: { cpuMs: 4_000, timeMs: 60_000, memoryMb: 512 } });
  const deep = (open: string, close: string): Buffer =>
    pageWith({ objects: [`${open.repeat(200_000)}${close.repeat(200_000)}`] });
  const files: Readonly<Record<string, Buffer>> = {
    'objects that never end': Buffer.from(`%PDF-1.7\n${'1 0 obj << /A '.repeat(100_000)}`),
    'strings that never end': Buffer.from(`%PDF-1.7\n${'1 0 obj ('.repeat(300_000)}`),
  };
  for (const [what, file] of Object.entries(files)) t.equal(await judge.verdict(file), DAMAGED, what);
  for (const file of [deep('[', ']'), deep('<</A', '>>')]) {
    t.ok(['accepted', DAMAGED].includes(await judge.verdict(file)), 'nesting ends no process for good');
  }
  t.equal(await judge.verdict(pageWith()), 'accepted', 'and the next document is checked');
});

t.test('a file that is something else as well is no PDF', async (t) => {
  const judge = judgeIn(t);
  const pdf = pageWith();
  const text = pdf.toString('latin1');
  const behind = (bytes: Buffer | string): Buffer => Buffer.concat([pdf, Buffer.from(bytes)]);
  const inHead = (line: string): Buffer => Buffer.from(text.replace('%PDF-1.7\n', `%PDF-1.7\n${line}\n`), 'latin1');
  const program = Buffer.concat([Buffer.from('MZ\x90\0'), randomBytes(2_000)]);
  const tar = Buffer.alloc(1_024);
  tar.write('%PDF-1.7', 0);
  tar.write('ustar', 257);
  const files: Readonly<Record<string, Buffer>> = {
    'an archive behind it': behind(archive()),
    'an archive in a stream': pageWith({ objects: [{ dictionary: '', content: archive() }] }),
    'an empty archive': behind(Buffer.concat([Buffer.from('PK\x05\x06'), Buffer.alloc(18)])),
    'a page of the web behind it': behind('<html><script>alert(1)</script></html>'),
    'a page of the web in a comment': inHead('%<!DOCTYPE html><script>alert(1)</script>'),
    'a page of the web at its beginning': Buffer.from(
      text.replace('/Type /Catalog', '/Type /Catalog /A (<html><body onload="alert(1)">)'),
      'latin1',
    ),
    'a program behind it': behind(program),
    'a program and another end behind it': behind(Buffer.concat([program, Buffer.from('\nstartxref\n0\n%%EOF\n')])),
    'a Unix program behind it': behind(Buffer.concat([Buffer.from('\x7fELF'), randomBytes(60)])),
    'an image behind it': behind(Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), randomBytes(60)])),
    'an archive of tapes around it': Buffer.concat([tar, pdf.subarray(9)]),
    'something before it': Buffer.concat([Buffer.from('GIF89a'), pdf]),
    'a byte order mark before it': Buffer.concat([Buffer.from('efbbbf', 'hex'), pdf]),
  };
  for (const [what, file] of Object.entries(files)) t.equal(await judge.verdict(file), NOT_PDF, what);
});

t.test('careless but harmless writers are accepted', async (t) => {
  const judge = judgeIn(t);
  const pdf = pageWith();
  const behind = (text: string): Buffer => Buffer.concat([pdf, Buffer.from(text, 'latin1')]);
  const files: Readonly<Record<string, Buffer>> = {
    'blanks behind it': behind('\r\n\0\0\n   \n'),
    'a stray word behind it': behind('\nsome scanner was here\n'),
    'long comments': behind(`%${'x'.repeat(200_000)}\n%%EOF\n`),
    'a binary mark in its head': pdfOf([CATALOG, ONE_PAGE, PAGE], '', '%PDF-1.4\n%\xe2\xe3\xcf\xd3\n'),
    'no blank line at its end': pdf.subarray(0, -1),
    'a text about archives': pageWith({ objects: [{ dictionary: '', content: Buffer.from('PK\x05\x06 is a sign') }] }),
  };
  for (const [what, file] of Object.entries(files)) t.equal(await judge.verdict(file), 'accepted', what);
});

/** A ZIP archive of one empty file. */
function archive(): Buffer {
  const local = Buffer.alloc(31);
  local.write('PK\x03\x04', 0, 'latin1');
  local.writeUInt16LE(1, 26);
  local.write('a', 30);
  const entry = Buffer.alloc(47);
  entry.write('PK\x01\x02', 0, 'latin1');
  entry.writeUInt16LE(1, 28);
  entry.write('a', 46);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 0, 'latin1');
  end.writeUInt16LE(1, 8);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(entry.length, 12);
  end.writeUInt32LE(local.length, 16);
  return Buffer.concat([local, entry, end]);
}
